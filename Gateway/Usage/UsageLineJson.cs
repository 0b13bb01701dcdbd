using System.Text.Json;
using System.Text.Json.Serialization;
using Orrery.Contracts;

namespace Orrery.Gateway.Usage;

/// <summary>A usage event as short as it can be: every request writes one to disk.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(UsageEvent))]
internal sealed partial class UsageLineJson : JsonSerializerContext;
