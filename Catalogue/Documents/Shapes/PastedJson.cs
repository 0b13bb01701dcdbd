using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>The shapes of configurations that people have elsewhere, with their names.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(AiGatewayConfig))]
[JsonSerializable(typeof(CustomProvider))]
internal sealed partial class PastedJson : JsonSerializerContext;
