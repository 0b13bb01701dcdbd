using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>JSON Schemas of whole documents, made from the same types that documents are read into.</summary>
internal static class KindSchemas
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";
    private static readonly ConcurrentDictionary<string, JsonObject> Made = new(StringComparer.Ordinal);
    private static readonly JsonSchemaExporterOptions Options = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Enrich };

    public static JsonObject Of(KindDefinition definition) => Made.GetOrAdd(definition.Kind.Name, _ => Make(definition));

    private static JsonObject Make(KindDefinition definition) => new()
    {
        ["$schema"] = Dialect,
        ["title"] = definition.Kind.Name,
        ["type"] = "object",
        ["required"] = new JsonArray("kind", "metadata"),
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["enum"] = Values(ResourceKinds.ApiVersions), ["default"] = Resource.CurrentApiVersion },
            ["kind"] = new JsonObject { ["const"] = definition.Kind.Name },
            ["metadata"] = Export(ContractsJson.Default.ResourceMetadata),
            ["spec"] = Export(definition.Spec),
            ["status"] = new JsonObject { ["type"] = "object", ["readOnly"] = true },
        },
    };

    private static JsonNode Export(System.Text.Json.Serialization.Metadata.JsonTypeInfo type) => JsonSchemaExporter.GetJsonSchemaAsNode(type, Options);

    private static JsonArray Values(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);

    /// <summary>What a value that is written as a text looks like.</summary>
    private static string? TextForm(Type type) => type switch
    {
        _ when type == typeof(Duration) => Duration.Expectation,
        _ when type == typeof(ByteSize) => ByteSize.Expectation,
        _ when type == typeof(ParameterCount) => ParameterCount.Expectation,
        _ => null,
    };

    private static JsonNode Enrich(JsonSchemaExporterContext context, JsonNode schema)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var node = schema as JsonObject ?? [];
        if (TextForm(type) is { } form)
        {
            node = new JsonObject { ["type"] = "string", ["description"] = form };
        }

        if (node["properties"] is JsonObject properties)
        {
            var fields = ShapeCheck.Fields(context.TypeInfo).Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var computed in properties.Select(property => property.Key).Where(name => !fields.Contains(name)).ToList())
            {
                properties.Remove(computed);
            }

            node["additionalProperties"] = false;
        }

        if (context.PropertyInfo is { } property)
        {
            if (FieldHints.AllowedValues(property.DeclaringType, property.Name) is { } values)
            {
                node["enum"] = Values(values);
            }

            if (FieldHints.IsQuantity(property.DeclaringType, property.Name))
            {
                node["type"] = new JsonArray("string", "number", "null");
            }

            if (property.AttributeProvider is MemberInfo member && ContractDescriptions.Of(member) is { } description)
            {
                node["description"] = description;
            }
        }

        return node;
    }
}
