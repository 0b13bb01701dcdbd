using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>What a manifest may hold: the types that the bundled host writes, closed to other members, and no placeholder that leads nowhere.</summary>
internal sealed partial class ManifestRules
{
    private static readonly Dictionary<string, string[]> Required = new(StringComparer.Ordinal)
    {
        ["container.v0"] = ["image"],
        ["project.v0"] = ["path"],
        ["executable.v0"] = ["workingDirectory", "command"],
        ["value.v0"] = ["connectionString"],
        ["parameter.v0"] = ["value", "inputs"],
        ["annotated.string"] = ["value", "filter"],
    };

    private static readonly Dictionary<string, string[]> Optional = new(StringComparer.Ordinal)
    {
        ["container.v0"] = ["connectionString", "entrypoint", "args", "bindMounts", "volumes", "env", "bindings"],
        ["project.v0"] = ["args", "env", "bindings"],
        ["executable.v0"] = ["args", "env", "bindings"],
        ["value.v0"] = [],
        ["parameter.v0"] = ["connectionString"],
        ["annotated.string"] = [],
    };

    private static readonly string[] BindingParts = ["url", "host", "port", "targetPort", "scheme"];

    private readonly List<string> _faults = [];

    private ManifestRules()
    {
    }

    /// <summary>Everything that is wrong, each with the path of where; empty when nothing is.</summary>
    public static List<string> Faults(string manifest)
    {
        using var document = JsonDocument.Parse(manifest);
        var rules = new ManifestRules();
        rules.CheckRoot(document.RootElement);
        return rules._faults;
    }

    private void CheckRoot(JsonElement root)
    {
        if (!CheckMembers(root, "", ["resources"], []) || !IsObject(root.GetProperty("resources"), "resources"))
        {
            return;
        }

        var resources = root.GetProperty("resources");
        CheckUnique(resources, "resources");
        foreach (var resource in resources.EnumerateObject())
        {
            if (!ResourceName().IsMatch(resource.Name))
            {
                Fault(resource.Name, "is no name of a resource");
            }

            CheckResource(resource.Value, resource.Name);
            CheckPlaceholders(resource.Value, resource.Name, resources);
        }
    }

    private void CheckResource(JsonElement resource, string path)
    {
        if (!IsObject(resource, path) || !resource.TryGetProperty("type", out var kind) || kind.ValueKind != JsonValueKind.String)
        {
            Fault(path, "has no type");
            return;
        }

        var type = kind.GetString()!;
        if (!Required.TryGetValue(type, out var required))
        {
            Fault(path, $"has the type {type}, which the bundled host does not write");
            return;
        }

        CheckMembers(resource, path, ["type", .. required], Optional[type]);
        foreach (var member in resource.EnumerateObject())
        {
            CheckMember(member, $"{path}.{member.Name}");
        }
    }

    private void CheckMember(JsonProperty member, string path)
    {
        switch (member.Name)
        {
            case "args":
                ForEachItem(member.Value, path, CheckText);
                break;
            case "env":
                ForEachMember(member.Value, path, CheckText);
                break;
            case "bindings":
                ForEachMember(member.Value, path, CheckBinding);
                break;
            case "volumes":
                ForEachItem(member.Value, path, (mount, at) => CheckMount(mount, at, "name"));
                break;
            case "bindMounts":
                ForEachItem(member.Value, path, (mount, at) => CheckMount(mount, at, "source"));
                break;
            case "inputs":
                ForEachMember(member.Value, path, CheckInput);
                break;
            case "filter":
                CheckOneOf(member.Value, path, "uri");
                break;
            case "path" or "workingDirectory":
                CheckRelative(member.Value, path);
                break;
            default:
                CheckText(member.Value, path);
                break;
        }
    }

    private void CheckBinding(JsonElement binding, string path)
    {
        if (!CheckMembers(binding, path, ["scheme", "protocol", "transport"], ["port", "targetPort", "external"]))
        {
            return;
        }

        CheckText(binding.GetProperty("scheme"), path + ".scheme");
        CheckOneOf(binding.GetProperty("protocol"), path + ".protocol", "tcp", "udp");
        CheckOneOf(binding.GetProperty("transport"), path + ".transport", "http", "http2", "tcp");
        foreach (var name in (string[])["port", "targetPort"])
        {
            if (binding.TryGetProperty(name, out var port) && !(port.ValueKind == JsonValueKind.Number && port.TryGetInt32(out var number) && number is >= 1 and <= 65535))
            {
                Fault($"{path}.{name}", "is no port");
            }
        }

        CheckBoolean(binding, path, "external");
    }

    private void CheckMount(JsonElement mount, string path, string source)
    {
        if (CheckMembers(mount, path, [source, "target", "readOnly"], []))
        {
            CheckText(mount.GetProperty("target"), path + ".target");
            CheckBoolean(mount, path, "readOnly");
            if (source == "source")
            {
                CheckRelative(mount.GetProperty(source), $"{path}.{source}");
            }
            else
            {
                CheckText(mount.GetProperty(source), $"{path}.{source}");
            }
        }
    }

    private void CheckInput(JsonElement input, string path)
    {
        if (!CheckMembers(input, path, ["type"], ["secret", "default"]))
        {
            return;
        }

        CheckOneOf(input.GetProperty("type"), path + ".type", "string");
        CheckBoolean(input, path, "secret");
        if (!input.TryGetProperty("default", out var fallback))
        {
            return;
        }

        var isGenerated = IsObject(fallback, path + ".default") && fallback.TryGetProperty("generate", out _);
        if (!CheckMembers(fallback, path + ".default", [isGenerated ? "generate" : "value"], []))
        {
            return;
        }

        if (isGenerated)
        {
            CheckGenerate(fallback.GetProperty("generate"), path + ".default.generate");
        }
        else if (input.TryGetProperty("secret", out var secret) && secret.ValueKind == JsonValueKind.True)
        {
            Fault(path + ".default", "gives a secret away");
        }
        else
        {
            CheckText(fallback.GetProperty("value"), path + ".default.value");
        }
    }

    private void CheckGenerate(JsonElement generate, string path)
    {
        string[] flags = ["lower", "upper", "numeric", "special"];
        string[] numbers = ["minLower", "minUpper", "minNumeric", "minSpecial"];
        if (!CheckMembers(generate, path, ["minLength"], [.. flags, .. numbers]))
        {
            return;
        }

        foreach (var flag in flags)
        {
            CheckBoolean(generate, path, flag);
        }

        foreach (var name in (string[])["minLength", .. numbers])
        {
            if (generate.TryGetProperty(name, out var number) && !(number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var value) && value >= 0))
            {
                Fault($"{path}.{name}", "is no count");
            }
        }
    }

    private void CheckPlaceholders(JsonElement element, string path, JsonElement resources)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    CheckPlaceholders(member.Value, $"{path}.{member.Name}", resources);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    CheckPlaceholders(item, path, resources);
                }

                break;
            case JsonValueKind.String:
                foreach (Match match in Placeholder().Matches(element.GetString()!))
                {
                    if (!Exists(resources, match.Groups["name"].Value, match.Groups["member"].Value.Split('.')))
                    {
                        Fault(path, $"refers to {match.Value}, which does not exist");
                    }
                }

                break;
        }
    }

    private static bool Exists(JsonElement resources, string name, string[] member)
    {
        if (!resources.TryGetProperty(name, out var entry) || entry.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        return member switch
        {
            ["value" or "connectionString"] => entry.TryGetProperty(member[0], out _),
            ["inputs", var input] => entry.TryGetProperty("inputs", out var inputs) && inputs.TryGetProperty(input, out _),
            ["bindings", var binding, var part] => entry.TryGetProperty("bindings", out var bindings)
                && bindings.TryGetProperty(binding, out _) && BindingParts.Contains(part),
            _ => false,
        };
    }

    private bool CheckMembers(JsonElement element, string path, string[] required, string[] optional)
    {
        if (!IsObject(element, path))
        {
            return false;
        }

        CheckUnique(element, path);
        var missing = required.Where(name => !element.TryGetProperty(name, out _)).ToList();
        missing.ForEach(name => Fault(path, $"lacks {name}"));
        foreach (var member in element.EnumerateObject().Where(member => !required.Contains(member.Name) && !optional.Contains(member.Name)))
        {
            Fault(path, $"has {member.Name}, which does not belong there");
        }

        return missing.Count == 0;
    }

    private void CheckUnique(JsonElement element, string path)
    {
        foreach (var twice in element.EnumerateObject().GroupBy(member => member.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            Fault(path, $"has {twice.Key} twice");
        }
    }

    private void ForEachMember(JsonElement element, string path, Action<JsonElement, string> check)
    {
        if (IsObject(element, path))
        {
            CheckUniqueExactly(element, path);
            foreach (var member in element.EnumerateObject())
            {
                check(member.Value, $"{path}.{member.Name}");
            }
        }
    }

    // Names of environment variables may differ in case alone.
    private void CheckUniqueExactly(JsonElement element, string path)
    {
        foreach (var twice in element.EnumerateObject().GroupBy(member => member.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            Fault(path, $"has {twice.Key} twice");
        }
    }

    private void ForEachItem(JsonElement element, string path, Action<JsonElement, string> check)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            Fault(path, "is no array");
            return;
        }

        var at = 0;
        foreach (var item in element.EnumerateArray())
        {
            check(item, $"{path}[{at++}]");
        }
    }

    private bool IsObject(JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return true;
        }

        Fault(path, "is no object");
        return false;
    }

    private void CheckText(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            Fault(path, "is no string");
        }
    }

    private void CheckRelative(JsonElement element, string path)
    {
        CheckText(element, path);
        if (element.ValueKind == JsonValueKind.String && (element.GetString()!.StartsWith('/') || element.GetString()!.Contains('\\', StringComparison.Ordinal)))
        {
            Fault(path, "is no relative path with slashes");
        }
    }

    private void CheckBoolean(JsonElement element, string path, string name)
    {
        if (element.TryGetProperty(name, out var flag) && flag.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Fault($"{path}.{name}", "is neither true nor false");
        }
    }

    private void CheckOneOf(JsonElement element, string path, params string[] values)
    {
        if (element.ValueKind != JsonValueKind.String || !values.Contains(element.GetString()))
        {
            Fault(path, $"is not {string.Join(" or ", values)}");
        }
    }

    private void Fault(string path, string what) => _faults.Add($"{path} {what}".TrimStart());

    [GeneratedRegex("^[A-Za-z]([A-Za-z0-9]|-(?=[A-Za-z0-9]))*$")]
    private static partial Regex ResourceName();

    [GeneratedRegex(@"\{(?<name>[A-Za-z][A-Za-z0-9-]*)\.(?<member>[^{}]+)\}")]
    private static partial Regex Placeholder();
}
