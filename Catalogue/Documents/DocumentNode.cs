using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Catalogue.Documents;

/// <summary>Where something stands in the text that was sent; both count from 1.</summary>
internal readonly record struct Position(int Line, int Column);

/// <summary>A document as read, before anything is known of its kind: the same tree for YAML and JSON, with places.</summary>
internal abstract record DocumentNode(Position At)
{
    /// <summary>"a text", "a list", … for messages.</summary>
    public abstract string Describe();

    public abstract JsonNode? ToJson();

    /// <summary>A value that was read already, as a node again: all of it at one place.</summary>
    public static DocumentNode Of(JsonElement value, Position at) => value.ValueKind switch
    {
        JsonValueKind.Object => new MappingNode(at, [.. value.EnumerateObject().Select(property => new MappingEntry(property.Name, at, Of(property.Value, at)))]),
        JsonValueKind.Array => new SequenceNode(at, [.. value.EnumerateArray().Select(item => Of(item, at))]),
        JsonValueKind.String => new ScalarNode(at, ScalarKind.Text, value.GetString()!, value.GetString()!),
        JsonValueKind.Number => new ScalarNode(at, ScalarKind.Number, value.GetRawText(), value.GetRawText()),
        JsonValueKind.True or JsonValueKind.False => new ScalarNode(at, ScalarKind.Boolean, value.GetRawText(), value.GetRawText()),
        _ => new ScalarNode(at, ScalarKind.Null, "", "null"),
    };
}

internal sealed record MappingNode(Position At, IReadOnlyList<MappingEntry> Entries) : DocumentNode(At)
{
    public override string Describe() => "a mapping";

    public override JsonNode ToJson() => new JsonObject(Entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.ToJson())));

    public DocumentNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key)?.Value;
}

internal sealed record MappingEntry(string Key, Position KeyAt, DocumentNode Value);

internal sealed record SequenceNode(Position At, IReadOnlyList<DocumentNode> Items) : DocumentNode(At)
{
    public override string Describe() => "a list";

    public override JsonNode ToJson() => new JsonArray([.. Items.Select(item => item.ToJson())]);
}

internal enum ScalarKind
{
    Null,
    Boolean,
    Number,
    Text,
}

/// <param name="Value">What was meant: <c>true</c>, a JSON number, or the text itself.</param>
/// <param name="Written">As it stood there, for messages.</param>
internal sealed record ScalarNode(Position At, ScalarKind Kind, string Value, string Written) : DocumentNode(At)
{
    /// <summary>Where its text begins, if its characters stand there as they are: with the first line, or line by line.</summary>
    public Position? TextAt { get; init; }

    /// <summary>The place of a character of its text; <c>null</c> where it is not known.</summary>
    /// <param name="line">From 1, as <paramref name="column"/>.</param>
    public Position? PlaceIn(int line, int column) =>
        TextAt is { } text && (line == 1 || text.Line > At.Line) ? new Position(text.Line + line - 1, text.Column + column - 1) : null;

    public override string Describe() => Kind switch
    {
        ScalarKind.Null => "nothing",
        ScalarKind.Boolean => "true or false",
        ScalarKind.Number => "a number",
        _ => "a text",
    };

    public override JsonNode? ToJson() => Kind switch
    {
        ScalarKind.Null => null,
        ScalarKind.Boolean => JsonValue.Create(Value == "true"),
        ScalarKind.Number => Number(),
        _ => JsonValue.Create(Value),
    };

    private JsonValue Number() => long.TryParse(Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
        ? JsonValue.Create(whole)
        : JsonValue.Create(double.Parse(Value, NumberStyles.Float, CultureInfo.InvariantCulture));
}
