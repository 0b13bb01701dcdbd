using System.Text.Json.Nodes;
using Aspire.Hosting.Kubernetes.Yaml;

namespace Aspire.Hosting.Kubernetes.Values;

/// <summary>
/// What an operator can set: <c>values.yaml</c> with its comments, and <c>values.schema.json</c>, both from one description, so that
/// they cannot disagree. A key that is not described is refused by Helm.
/// </summary>
internal sealed class ChartValues
{
    private readonly List<Entry> _entries = [];

    /// <summary>Whether comments are left to the schema: said once above sections of one shape, they need no repeating in each.</summary>
    private bool _isQuiet;

    private sealed record Entry(string Key, string? Comment, ChartValues? Section, YamlNode? Default, JsonObject? Schema);

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>The section called <paramref name="key"/>, added when there is none.</summary>
    public ChartValues Section(string key, string? comment = null)
    {
        if (_entries.Find(entry => entry.Key == key) is { Section: { } section })
        {
            return section;
        }

        section = new ChartValues { _isQuiet = _isQuiet };
        _entries.Add(new(key, comment, section, null, null));
        return section;
    }

    /// <summary>The section called <paramref name="key"/>, whose sections have one shape: what their keys mean is told once, above all of them.</summary>
    public ChartValues SectionOfAlike(string key, string comment)
    {
        var section = Section(key, comment);
        section._isQuiet = true;
        return section;
    }

    /// <summary>A value with its default.</summary>
    public void Add(string key, YamlNode fallback, JsonObject schema, string? comment = null)
    {
        if (!_entries.Exists(entry => entry.Key == key))
        {
            _entries.Add(new(key, comment, null, fallback, schema));
        }
    }

    public void Text(string key, string fallback, string? comment = null) => Add(key, fallback, Values.Schema.Text(), comment);

    public void Flag(string key, bool fallback, string? comment = null) => Add(key, fallback, Values.Schema.Flag(), comment);

    public void Integer(string key, int fallback, int least, int most, string? comment = null) => Add(key, fallback, Values.Schema.Integer(least, most), comment);

    public void Map(string key, YamlMap? fallback, string? comment = null) => Add(key, fallback ?? [], Values.Schema.Map(), comment);

    public void List(string key, YamlList? fallback, string? comment = null) => Add(key, fallback ?? [], Values.Schema.List(), comment);

    /// <summary>As <c>values.yaml</c>.</summary>
    public YamlMap ToYaml()
    {
        var map = new YamlMap();
        foreach (var entry in _entries)
        {
            var comment = entry.Section is { _isQuiet: true } alike && !_isQuiet ? $"{entry.Comment}\n{string.Join('\n', alike.Legend())}" : entry.Comment;
            map.Add(entry.Key, entry.Section?.ToYaml() ?? entry.Default!, _isQuiet ? null : comment);
        }

        return map;
    }

    // Each key once, as "key: meaning"; keys of keys as "key.key: meaning".
    private IEnumerable<string> Legend() => _entries
        .SelectMany(entry => entry.Section?.Meanings("") ?? [])
        .Distinct()
        .Select(line => $"  {line}");

    private IEnumerable<string> Meanings(string path)
    {
        foreach (var entry in _entries)
        {
            if (entry.Comment is not null)
            {
                yield return $"{path}{entry.Key}: {entry.Comment}";
            }

            foreach (var line in entry.Section?.Meanings(path == "volumes." ? $"{path}NAME." : $"{path}{entry.Key}.") ?? [])
            {
                yield return line;
            }
        }
    }

    /// <summary>As a JSON Schema.</summary>
    public JsonObject ToSchema()
    {
        var properties = new JsonObject();
        foreach (var entry in _entries)
        {
            var schema = entry.Section?.ToSchema() ?? (JsonObject)entry.Schema!.DeepClone();
            if (entry.Comment is not null)
            {
                schema["description"] = entry.Comment.Replace('\n', ' ');
            }

            properties[entry.Key] = schema;
        }

        return new() { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
    }
}

/// <summary>What a value may be.</summary>
internal static class Schema
{
    public static JsonObject Text() => new() { ["type"] = "string" };

    public static JsonObject Text(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern };

    public static JsonObject Choice(params string[] choices) => new() { ["type"] = "string", ["enum"] = new JsonArray([.. choices.Select(one => (JsonNode)one)]) };

    public static JsonObject Flag() => new() { ["type"] = "boolean" };

    public static JsonObject Integer(int least, int most) => new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };

    public static JsonObject Map() => new() { ["type"] = "object" };

    public static JsonObject TextMap() => new() { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } };

    public static JsonObject List() => new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object" } };

    public static JsonObject PortList() => new() { ["type"] = "array", ["minItems"] = 1, ["items"] = Integer(1, 65_535) };

    public static JsonObject TextList() => new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } };

    /// <summary>An address with a scheme, as <c>http://collector:4317</c>; or nothing.</summary>
    public static JsonObject Address() => Text("^(https?://[^\\s/]+(/.*)?)?$");

    /// <summary>A name or an address of a server, without scheme, port and path; or nothing.</summary>
    public static JsonObject Host() => Text("^([^\\s/:]*|\\[?[0-9a-fA-F:.]+\\]?)$");

    /// <summary>A name as an Ingress and a route take it; or nothing.</summary>
    public static JsonObject HostName() => Text("^((\\*\\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$");

    /// <summary>A registry with a path, without a scheme; or nothing.</summary>
    public static JsonObject NoScheme() => Text("^([^\\s:/]+(:[0-9]+)?(/[^\\s:]*)?)?$");

    /// <summary>From 0 to 1, as a number or as text.</summary>
    public static JsonObject Ratio() => new()
    {
        ["type"] = new JsonArray("number", "string"),
        ["minimum"] = 0,
        ["maximum"] = 1,
        ["pattern"] = "^(0(\\.[0-9]+)?|1(\\.0+)?)$",
    };

    /// <summary>A Kubernetes quantity, as <c>20Gi</c>.</summary>
    public static JsonObject Quantity() => Text("^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$");
}
