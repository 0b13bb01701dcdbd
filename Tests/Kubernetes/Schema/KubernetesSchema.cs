using System.Collections.Concurrent;
using System.Text.Json;

namespace Orrery.Tests.Kubernetes;

/// <summary>
/// The built-in kinds of Kubernetes 1.32, from its own OpenAPI document. Stricter than <c>kubectl apply</c>: nulls are refused, and so is
/// every value of a closed set (<see cref="Enumerations"/>) that is none of it.
/// </summary>
internal sealed class KubernetesSchema
{
    private const string Prefix = "#/definitions/";
    private static readonly Lazy<KubernetesSchema> Shared = new(() => new KubernetesSchema(TestData.Require("kubernetes/openapi-1.32.json")), LazyThreadSafetyMode.PublicationOnly);

    private readonly ConcurrentDictionary<string, Lazy<Shape>> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _definitions = new(StringComparer.Ordinal);
    private readonly JsonElement _json;

    private KubernetesSchema(string path)
    {
        using var file = File.OpenRead(path);
        _json = JsonDocument.Parse(file).RootElement.GetProperty("definitions");
        foreach (var definition in _json.EnumerateObject())
        {
            if (definition.Value.TryGetProperty("x-kubernetes-group-version-kind", out var kinds))
            {
                foreach (var kind in kinds.EnumerateArray())
                {
                    var group = kind.GetProperty("group").GetString();
                    var version = kind.GetProperty("version").GetString();
                    _definitions[$"{(group is "" ? "" : $"{group}/")}{version} {kind.GetProperty("kind").GetString()}"] = definition.Name;
                }
            }
        }
    }

    /// <summary>Reads the document once; skips the running test where it is absent.</summary>
    public static KubernetesSchema Load() => Shared.Value;

    public IEnumerable<Finding> Check(Document document)
    {
        if (!_definitions.TryGetValue($"{document.ApiVersion} {document.Kind}", out var definition))
        {
            return [document.Find(document["apiVersion"], $"an API version of Kubernetes 1.32 that has the kind {document.Kind}")];
        }

        var findings = ShapeCheck.Check(document, document.Root, Definition(definition).Value);
        return document["status"].Exists ? findings.Append(document.Find(document["status"], "no status: the server writes it")) : findings;
    }

    /// <summary>Whether a definition (by the end of its name) has a field.</summary>
    public bool HasField(string definition, string field) =>
        _json.EnumerateObject().Any(entry =>
            entry.Name.EndsWith($".{definition}", StringComparison.Ordinal)
            && entry.Value.TryGetProperty("properties", out var properties)
            && properties.TryGetProperty(field, out _));

    private Lazy<Shape> Definition(string name) => _shapes.GetOrAdd(name, _ => new Lazy<Shape>(() => Named(name)));

    private Shape Named(string name) => name switch
    {
        _ when name.EndsWith(".Quantity", StringComparison.Ordinal) => Shape.Amount,
        _ when name.EndsWith(".IntOrString", StringComparison.Ordinal) => Shape.IntOrString,
        _ => Translate(_json.GetProperty(name), name[(name.LastIndexOf('.') + 1)..]),
    };

    private Shape Translate(JsonElement schema, string definition)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            return new LaterShape(Definition(reference.GetString()![Prefix.Length..]));
        }

        var format = schema.TryGetProperty("format", out var given) ? given.GetString() : null;
        return (schema.TryGetProperty("type", out var type) ? type.GetString() : null) switch
        {
            "boolean" => Shape.Flag,
            "number" => Shape.Number,
            "integer" => format is "int64" ? Shape.Whole(long.MinValue, long.MaxValue) : Shape.Whole(),
            "string" => new TextShape { Format = format },
            "array" => Shape.ListOf(Translate(schema.GetProperty("items"), definition)),
            "object" => Object(schema, definition),
            null => Shape.Anything,
            var other => throw new InvalidOperationException($"The OpenAPI document has the type {other}, which this reader does not know."),
        };
    }

    private ObjectShape Object(JsonElement schema, string definition)
    {
        var fields = new Dictionary<string, Shape>(StringComparer.Ordinal);
        if (schema.TryGetProperty("properties", out var properties))
        {
            foreach (var property in properties.EnumerateObject())
            {
                fields[property.Name] = Enumerations.Find(definition, property.Name) ?? Translate(property.Value, definition);
            }
        }

        string[] required = schema.TryGetProperty("required", out var names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];
        var others = schema.TryGetProperty("additionalProperties", out var values) ? Translate(values, definition) : fields.Count == 0 ? Shape.Anything : null;
        return new ObjectShape(fields, required) { Others = others };
    }
}
