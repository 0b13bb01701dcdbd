using System.Text.Json.Nodes;

namespace Orrery.Tests.Equality;

/// <summary>The services as the manifest has them.</summary>
internal static class ManifestViews
{
    public static Dictionary<string, ServiceView> Read(JsonObject manifest, Addresses addresses)
    {
        var resources = manifest["resources"]!.AsObject();
        var views = new Dictionary<string, ServiceView>(StringComparer.Ordinal);
        foreach (var (name, entry) in resources.Where(one => one.Value!["type"]!.GetValue<string>().Split('.')[0] is "project" or "container" or "executable"))
        {
            views.Add(name, Read(name, entry!.AsObject(), resources, addresses));
        }

        return views;
    }

    private static ServiceView Read(string name, JsonObject entry, JsonObject resources, Addresses addresses)
    {
        var view = new ServiceView(name) { Image = entry["image"]?.GetValue<string>() };
        var seen = new HashSet<string>();
        foreach (var (variable, value) in entry["env"]?.AsObject() ?? [])
        {
            view.Environment[variable] = Text(value!);
        }

        view.Arguments.AddRange((entry["args"]?.AsArray() ?? []).Select(value => Text(value!)));
        view.References.UnionWith(seen.Where(one => !one.StartsWith(name + ":", StringComparison.Ordinal)));
        foreach (var (binding, value) in entry["bindings"]?.AsObject() ?? [])
        {
            view.Ports.Add($"{binding} {value!["protocol"]} {value["targetPort"]?.ToString() ?? "assigned"}{(value["external"]?.GetValue<bool>() == true ? " external" : "")}");
        }

        view.Volumes.UnionWith((entry["volumes"]?.AsArray() ?? []).Select(volume => volume!["target"]!.GetValue<string>()));
        return view;

        string Text(JsonNode value) => addresses.Fill(value.GetValue<string>(), (other, rest) => Other(resources, other, rest), one => seen.Add(one));
    }

    private static string? Other(JsonObject resources, string name, string rest) => (resources[name]?["type"]?.GetValue<string>(), rest) switch
    {
        ("parameter.v0", "value") => $"<{name}>",
        (_, "connectionString") => resources[name]?["connectionString"]?.GetValue<string>(),
        _ => null,
    };
}
