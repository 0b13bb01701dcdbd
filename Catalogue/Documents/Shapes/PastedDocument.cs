using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>Something about a pasted document that its author should know and that is no fault.</summary>
/// <param name="Path">Where, as the document has it.</param>
internal sealed record PastedNote(string Path, string Text);

/// <summary>A document of another system's shape, and the resources that it becomes.</summary>
internal sealed class PastedDocument(EnvironmentValues environment)
{
    private static readonly string[] Hidden = ["key", "header", "secret", "token", "password", "value", "auth", "body", "query"];

    private readonly PathMap _written = new();
    private ShapeCheck? _shape;

    public EnvironmentValues Environment => environment;

    public List<ResourceDraft> Resources { get; } = [];

    public List<PastedNote> Notes { get; } = [];

    public IEnumerable<(FieldError Error, Position At)> Errors => Shape.Errors;

    /// <summary>Whose fields are being held against the shape.</summary>
    private ShapeCheck Shape => _shape ??= new ShapeCheck(path => Hidden.Any(word => path.Contains(word, StringComparison.OrdinalIgnoreCase)), _written);

    /// <summary>Reads a part of the document. <c>null</c>: it is not as its shape wants it, and the errors say where.</summary>
    public T? Read<T>(DocumentNode node, JsonTypeInfo<T> type, string path)
        where T : class
    {
        var before = Shape.Errors.Count();
        var json = Shape.Read(node, type, path);
        return Shape.Errors.Count() == before ? json.Deserialize(type) : null;
    }

    /// <summary>Where something stands; of what is absent, the place around it.</summary>
    public Origin At(string path) => new(Shape.PathOf(path), Shape.PlaceOf(path));

    public void Refuse(string path, string? value, string expectation, string? remedy = null) => Shape.Add(path, value, expectation, remedy, Shape.PlaceOf(path));

    public void Refuse(string path, Position at, string? value, string expectation, string? remedy = null) => Shape.Add(path, value, expectation, remedy, at);

    public void Note(string path, string text) => Notes.Add(new PastedNote(Shape.PathOf(path), text));

    public ResourceDraft Add(ResourceKind kind, string name, string path, string namedPath)
    {
        var draft = new ResourceDraft(kind, name, At(path), At(namedPath));
        Resources.Add(draft);
        return draft;
    }

    /// <summary>Whether there is anything in it: an empty list or mapping says nothing.</summary>
    public static bool SaysSomething(JsonElement? value) => value is { } element && element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Any(),
        JsonValueKind.Array => element.GetArrayLength() > 0,
        JsonValueKind.String => element.GetString()!.Length > 0,
        _ => element.ValueKind is not JsonValueKind.Null and not JsonValueKind.Undefined,
    };
}
