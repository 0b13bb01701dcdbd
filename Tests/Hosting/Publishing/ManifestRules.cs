using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>
/// The rules of Aspire's manifest (schema aspire-8.0.json), as far as the bundled host writes it, and what no schema says: every
/// placeholder names an entry and a member that exist, and no secret has a value.
/// </summary>
internal static partial class ManifestRules
{
    private static readonly Dictionary<string, (string[] Required, string[] Allowed)> Types = new()
    {
        ["project.v0"] = (["type", "path"], ["type", "path", "args", "env", "bindings"]),
        ["container.v0"] = (["type", "image"], ["type", "connectionString", "image", "entrypoint", "args", "bindMounts", "volumes", "env", "bindings"]),
        ["executable.v0"] = (["type", "workingDirectory", "command"], ["type", "connectionString", "workingDirectory", "command", "args", "env", "bindings"]),
        ["value.v0"] = (["type", "connectionString"], ["type", "connectionString"]),
        ["parameter.v0"] = (["type", "value", "inputs"], ["type", "connectionString", "value", "inputs"]),
        ["annotated.string"] = (["type", "value", "filter"], ["type", "value", "filter"]),
    };

    private static readonly string[] Generate = ["minLength", "lower", "upper", "numeric", "special", "minLower", "minUpper", "minNumeric", "minSpecial"];

    /// <summary>Everything that is wrong, each with its path.</summary>
    public static IReadOnlyList<string> Findings(string text)
    {
        var root = JsonNode.Parse(text)!.AsObject();
        var findings = new List<string>();
        Members(findings, "(root)", root, ["resources"], ["resources"]);
        var resources = root["resources"]?.AsObject() ?? [];
        foreach (var (name, node) in resources)
        {
            var entry = node!.AsObject();
            if (!Types.TryGetValue(entry["type"]?.GetValue<string>() ?? "", out var rules))
            {
                findings.Add($"{name}.type is {entry["type"]?.ToJsonString() ?? "absent"}; expected one of {string.Join(", ", Types.Keys)}");
                continue;
            }

            Members(findings, name, entry, rules.Required, rules.Allowed);
            Bindings(findings, name, entry["bindings"]?.AsObject());
            Mounts(findings, $"{name}.volumes", entry["volumes"]?.AsArray(), ["target", "readOnly"], ["name", "target", "readOnly"]);
            Mounts(findings, $"{name}.bindMounts", entry["bindMounts"]?.AsArray(), ["source", "target", "readOnly"], ["source", "target", "readOnly"]);
            Inputs(findings, name, entry);
            foreach (var (path, value) in Texts(name, entry))
            {
                Placeholders(findings, resources, path, value);
            }
        }

        return findings;
    }

    private static void Members(List<string> findings, string path, JsonObject node, string[] required, string[] allowed)
    {
        findings.AddRange(required.Where(member => !node.ContainsKey(member)).Select(member => $"{path}.{member} is absent"));
        findings.AddRange(node.Select(member => member.Key).Except(allowed).Select(member => $"{path}.{member} is not allowed"));
    }

    private static void Bindings(List<string> findings, string name, JsonObject? bindings)
    {
        foreach (var (binding, node) in bindings ?? [])
        {
            var path = $"{name}.bindings.{binding}";
            var value = node!.AsObject();
            Members(findings, path, value, ["scheme", "protocol", "transport"], ["scheme", "protocol", "transport", "port", "targetPort", "external"]);
            OneOf(findings, $"{path}.protocol", value["protocol"], "tcp", "udp");
            OneOf(findings, $"{path}.transport", value["transport"], "http", "http2", "tcp");
            foreach (var port in (string[])["port", "targetPort"])
            {
                if (value[port] is { } number && number.GetValue<int>() is < 1 or > 65_535)
                {
                    findings.Add($"{path}.{port} is {number}; expected 1 to 65535");
                }
            }
        }
    }

    private static void Mounts(List<string> findings, string path, JsonArray? mounts, string[] required, string[] allowed)
    {
        foreach (var mount in mounts ?? [])
        {
            Members(findings, path, mount!.AsObject(), required, allowed);
            if (mount["source"]?.GetValue<string>() is { } source && (source.StartsWith('/') || source.Contains('\\', StringComparison.Ordinal)))
            {
                findings.Add($"{path}.source is {source}; expected a relative path with slashes");
            }
        }
    }

    private static void Inputs(List<string> findings, string name, JsonObject entry)
    {
        foreach (var (input, node) in entry["inputs"]?.AsObject() ?? [])
        {
            var path = $"{name}.inputs.{input}";
            var value = node!.AsObject();
            Members(findings, path, value, ["type"], ["type", "secret", "default"]);
            OneOf(findings, $"{path}.type", value["type"], "string");
            if (value["default"]?.AsObject() is not { } fallback)
            {
                continue;
            }

            Members(findings, $"{path}.default", fallback, [], ["generate", "value"]);
            Members(findings, $"{path}.default.generate", fallback["generate"]?.AsObject() ?? [], [], Generate);
            if (value["secret"]?.GetValue<bool>() == true && fallback.ContainsKey("value"))
            {
                findings.Add($"{path} is a secret and has a value");
            }
        }
    }

    private static void OneOf(List<string> findings, string path, JsonNode? node, params string[] values)
    {
        if (!values.Contains(node?.GetValue<string>()))
        {
            findings.Add($"{path} is {node?.ToJsonString() ?? "absent"}; expected {string.Join(" or ", values)}");
        }
    }

    private static IEnumerable<(string Path, string Text)> Texts(string path, JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(member => Texts($"{path}.{member.Key}", member.Value)),
        JsonArray list => list.SelectMany((element, at) => Texts($"{path}[{at}]", element)),
        JsonValue value when value.TryGetValue<string>(out var text) => [(path, text)],
        _ => [],
    };

    private static void Placeholders(List<string> findings, JsonObject resources, string path, string text)
    {
        foreach (Match match in Placeholder().Matches(text))
        {
            if (!Exists(resources[match.Groups[1].Value]?.AsObject(), match.Groups[2].Value.Split('.')))
            {
                findings.Add($"{path} refers to {match.Value}, which does not exist");
            }
        }
    }

    private static bool Exists(JsonObject? entry, string[] member) => (entry?["type"]?.GetValue<string>(), member) switch
    {
        (null, _) => false,
        ("parameter.v0" or "annotated.string", ["value"]) => true,
        (_, ["inputs", var input]) => entry!["inputs"]?[input] is not null,
        (_, ["connectionString"]) => entry!.ContainsKey("connectionString"),
        (_, ["bindings", var binding, "url" or "host" or "port" or "targetPort" or "scheme" or "tlsEnabled"]) => entry!["bindings"]?[binding] is not null,
        _ => false,
    };

    [GeneratedRegex(@"\{([A-Za-z][A-Za-z0-9-]*)\.([^{}\s]+)\}")]
    private static partial Regex Placeholder();
}
