using System.Text.Json;
using System.Text.Json.Serialization;
using Orrery.Builder.Api;
using Orrery.Builder.SupplyChain;

namespace Orrery.Builder;

/// <summary>How the Builder's own rows and answers are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(RevisionTemplate))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, double>))]
[JsonSerializable(typeof(PlanAnswer))]
[JsonSerializable(typeof(RevisionList))]
[JsonSerializable(typeof(ReplicaList))]
[JsonSerializable(typeof(EventList))]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(BuildAnswer))]
[JsonSerializable(typeof(BuildList))]
[JsonSerializable(typeof(BuildQuestion))]
[JsonSerializable(typeof(Microsoft.AspNetCore.Mvc.ProblemDetails))]
internal sealed partial class BuilderJson : JsonSerializerContext;
