using System.Globalization;
using System.Text.RegularExpressions;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Equality;

/// <summary>The services as the chart has them, rendered: what the kubelet would start, and what NetworkPolicies allow.</summary>
internal static class ChartViews
{
    public static Dictionary<string, ServiceView> Read(IReadOnlyList<Document> documents, Field values) => documents
        .Where(one => one.Kind is "Deployment" or "StatefulSet")
        .Select(workload => Read(workload, documents, values))
        .ToDictionary(view => view.Name, StringComparer.Ordinal);

    private static ServiceView Read(Document workload, IReadOnlyList<Document> documents, Field values)
    {
        var name = workload["metadata"]["labels"]["app.kubernetes.io/component"].Text!;
        var pod = workload["spec"]["template"]["spec"];
        var container = pod["containers"].Items.Single();
        var view = new ServiceView(name)
        {
            Replicas = ReplicasOf(workload, documents),
            Image = container["image"].Text is { } image && !image.StartsWith($"{name}:", StringComparison.Ordinal) ? image : null,
            Gpus = container["resources"]["limits"]["nvidia.com/gpu"].Text is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 0,
        };
        foreach (var (variable, value) in ChartEnvironment.Of(container, documents, secret => $"<{secret}>"))
        {
            view.Environment[variable] = value;
        }

        view.Arguments.AddRange(container["args"].Items.Select(argument => argument.Text!));
        foreach (var port in container["ports"].Items)
        {
            var key = name.Replace('-', '_');
            var assigned = values["parameters"][key][$"port_{port["name"].Text}"].Exists;
            view.Ports.Add($"{port["name"].Text} {port["protocol"].Text!.ToLowerInvariant()} {(assigned ? "assigned" : port["containerPort"].Text)}{(values["hosts"][key].Exists && port["name"].Text == "http" ? " external" : "")}");
        }

        foreach (var probe in (ReadOnlySpan<string>)["startupProbe", "livenessProbe", "readinessProbe"])
        {
            view.Health.Add(container[probe]["httpGet"]["path"].Text ?? "own check");
        }

        view.References.UnionWith(ReferencesOf(name, documents));
        var claims = pod["volumes"].Items.Where(volume => volume["persistentVolumeClaim"].Exists).Select(volume => volume["name"].Text).ToHashSet();
        view.Volumes.UnionWith(container["volumeMounts"].Items.Where(mount => claims.Contains(mount["name"].Text)).Select(mount => mount["mountPath"].Text!));
        return view;
    }

    private static string ReplicasOf(Document workload, IReadOnlyList<Document> documents)
    {
        var scaler = documents.FirstOrDefault(one => one.Kind == "HorizontalPodAutoscaler" && one["spec"]["scaleTargetRef"]["name"].Text == workload.Name);
        return scaler is null ? workload["spec"]["replicas"].Text ?? "1" : $"{scaler["spec"]["minReplicas"].Text} to {scaler["spec"]["maxReplicas"].Text}";
    }

    // What may be reached, is what is referred to.
    private static IEnumerable<string> ReferencesOf(string name, IReadOnlyList<Document> documents)
    {
        var policy = documents.Single(one => one.Kind == "NetworkPolicy" && one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"].Text == name);
        return from rule in policy["spec"]["egress"].Items
               from peer in rule["to"].Items
               let component = peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"].Text
               where component is not null
               from port in rule["ports"].Items
               select $"{component}:{port["port"].Text}";
    }
}

/// <summary>The environment that the kubelet gives a container.</summary>
internal static partial class ChartEnvironment
{
    /// <summary>ConfigMaps first, then the container's own variables in order; <c>$(NAME)</c> stands for an earlier one.</summary>
    public static Dictionary<string, string> Of(Field container, IReadOnlyList<Document> documents, Func<string, string> secretOf)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in container["envFrom"].Items)
        {
            var config = documents.Single(one => one.Kind == "ConfigMap" && one.Name == source["configMapRef"]["name"].Text);
            foreach (var (name, value) in config["data"].Texts)
            {
                environment[name] = value;
            }
        }

        foreach (var variable in container["env"].Items)
        {
            var from = variable["valueFrom"];
            environment[variable["name"].Text!] = from["secretKeyRef"]["name"].Text is { } secret ? secretOf(secret[..^"-secrets".Length])
                : from["fieldRef"]["fieldPath"].Text is { } field ? $"({field})"
                : Expand(variable["value"].Text ?? "", environment);
        }

        return environment;
    }

    /// <summary><c>$(NAME)</c> is a variable's value if there is one, <c>$$(NAME)</c> the text <c>$(NAME)</c>.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> environment) => Reference().Replace(
        text, match => match.Value == "$$" ? "$" : match.Groups[1].Success ? environment.GetValueOrDefault(match.Groups[1].Value, match.Value) : match.Value);

    [GeneratedRegex(@"\$\$|\$\(([^)]+)\)")]
    private static partial Regex Reference();
}
