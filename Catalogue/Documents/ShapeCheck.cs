using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orrery.Catalogue.Documents.Shapes;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Servers;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>Holds a document's tree against a contract's type: unknown fields, wrong types, missing ones; names become camelCase.</summary>
/// <remarks>
/// Where something is wrong it is reported and a harmless value put in its place, so that the rules of the kind can look at all
/// the rest and the author sees every fault at once.
/// </remarks>
/// <param name="hides">Whether messages show no value of what stands at a path.</param>
/// <param name="written">Filled with the names as the document has them; <c>null</c>: messages use the contract's.</param>
internal sealed class ShapeCheck(Func<string, bool> hides, PathMap? written = null)
{
    private static readonly JsonSerializerContext[] Contexts = [ContractsJson.Default, PastedJson.Default, SizingJson.Default, ServersJson.Default, LicencesJson.Default];

    private static readonly ConcurrentDictionary<Type, string> Mappings = new();

    private readonly List<(FieldError Error, Position At)> _errors = [];
    private readonly HashSet<string> _wrong = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Position> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ScalarNode> _texts = new(StringComparer.Ordinal);

    /// <param name="hidesValues">The document is secret: messages show no value of its spec.</param>
    public ShapeCheck(bool hidesValues, PathMap? written = null)
        : this(path => hidesValues && path.StartsWith("spec", StringComparison.Ordinal), written)
    {
    }

    public bool HasErrors => _errors.Count > 0;

    /// <summary>No more are kept: a list can have more wrong members than anybody reads.</summary>
    private bool IsFull => _errors.Count >= DocumentLimits.MaxErrors;

    public IEnumerable<(FieldError Error, Position At)> Errors => _errors.Select(entry => (entry.Error with { Path = PathOf(entry.Error.Path) }, entry.At));

    /// <summary>A path of the contract's as the document has it.</summary>
    public string PathOf(string path) => written?.Of(path) ?? path;

    public JsonNode Read(DocumentNode node, JsonTypeInfo type, string path)
    {
        Place(path, node);
        return (type.Kind, node) switch
        {
            _ when IsAnything(type) => ReadAnything(node, path),
            (JsonTypeInfoKind.Object, MappingNode mapping) => ReadObject(mapping, type, path),
            (JsonTypeInfoKind.Dictionary, MappingNode mapping) => ReadDictionary(mapping, TypeInfo(type.ElementType!), path),
            (JsonTypeInfoKind.Enumerable, SequenceNode list) => ReadList(list, TypeInfo(type.ElementType!), path),
            (JsonTypeInfoKind.Object, _) => Wrong(node, type, path, Mappings.GetOrAdd(type.Type, _ => "a mapping with " + Names(Fields(type)))),
            (JsonTypeInfoKind.Dictionary or JsonTypeInfoKind.Enumerable, _) => Wrong(node, type, path, FieldHints.Expectation(type.Type, null, null)),
            (_, ScalarNode scalar) => ReadScalar(scalar, type, path, FieldHints.Expectation(type.Type, null, null)),
            _ => Wrong(node, type, path, FieldHints.Expectation(type.Type, null, null)),
        };
    }

    public void Add(string path, string? value, string expectation, string? remedy, Position at)
    {
        _wrong.Add(path);
        if (!IsFull)
        {
            var shown = value is null || hides(path) ? null : value.Length > 80 ? value.Cut(77, "...") : value;
            _errors.Add((new FieldError(path, shown, expectation, remedy), at));
        }
    }

    /// <summary>Takes over what the kind's own rules found, except where the shape was already wrong.</summary>
    public void AddFound(FieldErrors found)
    {
        foreach (var error in found.All)
        {
            if (!IsFull && !IsWrong(error.Path))
            {
                var at = error is { Line: { } line, Column: { } column } ? _texts.GetValueOrDefault(error.Path)?.PlaceIn(line, column) : null;
                _errors.Add((hides(error.Path) ? error with { Value = null } : error, at ?? PlaceOf(error.Path)));
            }
        }
    }

    /// <summary>Whether the shape is wrong there, or of what is around it.</summary>
    private bool IsWrong(string path)
    {
        for (; path.Length > 0; path = PathMap.Parent(path))
        {
            if (_wrong.Contains(path))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where <paramref name="path"/> stands in the text, or the nearest thing around it.</summary>
    public Position PlaceOf(string path)
    {
        while (!_places.ContainsKey(path) && path.Length > 0)
        {
            path = PathMap.Parent(path);
        }

        return _places.GetValueOrDefault(path, new Position(1, 1));
    }

    internal static IEnumerable<JsonPropertyInfo> Fields(JsonTypeInfo type) =>
        type.Properties.Where(property => property.AttributeProvider is PropertyInfo { CanWrite: true });

    internal static bool IsRequired(JsonPropertyInfo property) =>
        property.IsRequired || property.AssociatedParameter is { IsMemberInitializer: false, HasDefaultValue: false };

    private JsonObject ReadObject(MappingNode mapping, JsonTypeInfo type, string path)
    {
        var result = new JsonObject();
        var fields = Fields(type).ToList();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var name = CamelCase(entry.Key);
            var field = fields.Find(f => f.Name == entry.Key) ?? fields.Find(f => CamelCase(f.Name) == name);
            if (field is null)
            {
                AddUnknown(entry, path, type.Type, fields.Select(f => f.Name));
            }
            else if (!seen.TryAdd(field.Name, entry.Key))
            {
                Add(Join(path, field.Name), null, "a field that is given once", $"It is written as {seen[field.Name]} and as {entry.Key}: keep one.", entry.KeyAt);
            }
            else if (entry.Value is not ScalarNode { Kind: ScalarKind.Null })
            {
                written?.Add(Join(path, field.Name), Join(PathOf(path), entry.Key));
                result[field.Name] = ReadField(entry.Value, type, field, Join(path, field.Name));
            }
        }

        foreach (var field in fields.Where(field => IsRequired(field) && !result.ContainsKey(field.Name)))
        {
            Add(Join(path, field.Name), null, "required: " + FieldHints.Expectation(type.Type, field.Name, field.PropertyType), null, PlaceOf(Join(path, field.Name)));
            result[field.Name] = FieldValues.Harmless(TypeInfo(field.PropertyType));
        }

        return result;
    }

    private void Place(string path, DocumentNode node)
    {
        _places.TryAdd(path, node.At);
        if (node is ScalarNode text)
        {
            _texts.TryAdd(path, text);
        }
    }

    private JsonNode ReadField(DocumentNode node, JsonTypeInfo owner, JsonPropertyInfo field, string path)
    {
        var type = TypeInfo(field.PropertyType);
        if (node is ScalarNode { Kind: ScalarKind.Number } number && FieldHints.IsQuantity(owner.Type, field.Name))
        {
            node = number with { Kind = ScalarKind.Text };
        }

        if (type.Kind != JsonTypeInfoKind.None || node is not ScalarNode scalar || IsAnything(type))
        {
            return Read(node, type, path);
        }

        Place(path, node);
        return ReadScalar(scalar, type, path, FieldHints.Expectation(owner.Type, field.Name, field.PropertyType));
    }

    private JsonObject ReadDictionary(MappingNode mapping, JsonTypeInfo element, string path)
    {
        var result = new JsonObject();
        foreach (var entry in mapping.Entries)
        {
            if (!FieldValues.IsStorable(entry.Key))
            {
                Add(path, null, "names without the character U+0000 and without halves of characters", null, entry.KeyAt);
                continue;
            }

            if (entry.Key.Length > DocumentLimits.MaxNameLength)
            {
                Add(path, $"{entry.Key.Length} characters", $"names of at most {DocumentLimits.MaxNameLength} characters", null, entry.KeyAt);
                continue;
            }

            result[entry.Key] = Read(entry.Value, element, Join(path, entry.Key));
        }

        return result;
    }

    private JsonArray ReadList(SequenceNode list, JsonTypeInfo element, string path)
    {
        var result = new JsonArray();
        for (var i = 0; i < list.Items.Count; i++)
        {
            result.Add(Read(list.Items[i], element, $"{path}[{i}]"));
        }

        return result;
    }

    private JsonNode ReadScalar(ScalarNode scalar, JsonTypeInfo info, string path, string expectation)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        if (type == typeof(string))
        {
            return scalar.Kind == ScalarKind.Text && !FieldValues.IsStorable(scalar.Value)
                ? Wrong(scalar, info, path, "a text without the character U+0000 and without halves of characters")
                : scalar.Kind == ScalarKind.Text ? scalar.ToJson()! : Wrong(scalar, info, path, expectation);
        }

        return FieldValues.IsOf(scalar, type) ? scalar.ToJson()! : Wrong(scalar, info, path, expectation);
    }

    private static bool IsAnything(JsonTypeInfo type) => (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(JsonElement);

    private JsonNode ReadAnything(DocumentNode node, string path)
    {
        if (!IsStorable(node))
        {
            Add(path, null, "texts without the character U+0000 and without halves of characters", null, node.At);
            return new JsonObject();
        }

        if (node.ToJson() is { } value)
        {
            return value;
        }

        Add(path, null, "a value; a name without one is left out", null, node.At);
        return new JsonObject();
    }

    private static bool IsStorable(DocumentNode node) => node switch
    {
        MappingNode mapping => mapping.Entries.All(entry => FieldValues.IsStorable(entry.Key) && IsStorable(entry.Value)),
        SequenceNode list => list.Items.All(IsStorable),
        _ => FieldValues.IsStorable(((ScalarNode)node).Value),
    };

    private JsonNode Wrong(DocumentNode node, JsonTypeInfo type, string path, string expectation)
    {
        // What stands where a mapping or a list belongs may be a credential in the wrong place, so only scalars are shown.
        var shown = type.Kind == JsonTypeInfoKind.None && node is ScalarNode { Kind: not ScalarKind.Null } scalar ? scalar.Written : null;
        var remedy = type.Type == typeof(string) && node is ScalarNode { Kind: ScalarKind.Number or ScalarKind.Boolean }
            ? "Write it in quotes."
            : shown is null ? $"There is {node.Describe()} now." : null;
        Add(path, shown, expectation, remedy, node.At);
        return FieldValues.Harmless(type);
    }

    private void AddUnknown(MappingEntry entry, string path, Type type, IEnumerable<string> known)
    {
        if (IsFull)
        {
            return;
        }

        var names = known.Order(StringComparer.Ordinal).ToList();
        var nearest = Spelling.Nearest(CamelCase(entry.Key), names);
        if (nearest is not null)
        {
            _wrong.Add(Join(path, nearest)); // What was meant is there: its rules would say the same once more.
        }

        Add(
            Join(path, !FieldValues.IsStorable(entry.Key) ? "?" : entry.Key.Length > 80 ? entry.Key.Cut(77, "...") : entry.Key),
            null,
            (PathOf(path).Length == 0 ? "a known field: " : $"a known field of {PathOf(path)}: ") + string.Join(", ", names),
            FieldHints.Instead(type, CamelCase(entry.Key)) ?? (nearest is null ? null : $"Did you mean '{nearest}'?"),
            entry.KeyAt);
    }

    internal static JsonTypeInfo TypeInfo(Type type) =>
        Contexts.Select(context => context.GetTypeInfo(type)).FirstOrDefault(info => info is not null)
        ?? throw new InvalidOperationException($"{type} is in none of the JSON contexts that documents are read with.");

    private static string Names(IEnumerable<JsonPropertyInfo> fields) => string.Join(", ", fields.Select(field => field.Name).Order(StringComparer.Ordinal));

    private static string Join(string path, string name) => PathMap.Join(path, name);

    /// <summary><c>api_key_secret_ref</c> → <c>apiKeySecretRef</c>; other names stay.</summary>
    internal static string CamelCase(string name)
    {
        if (!name.Contains('_'))
        {
            return name;
        }

        var parts = name.Split('_', StringSplitOptions.RemoveEmptyEntries);
        return string.Concat(parts.Select((part, i) => i == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
    }
}
