using System.Text.Json;
using System.Text.Json.Serialization;
using Orrery.Catalogue.Api;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Linting;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Probing;
using Orrery.Catalogue.Resources;

namespace Orrery.Catalogue;

/// <summary>How the Catalogue's own answers and rows are written; contracts have <see cref="Contracts.ContractsJson"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(SealedSecretSpec))]
[JsonSerializable(typeof(StoredRow[]))]
[JsonSerializable(typeof(ApplyAnswer))]
[JsonSerializable(typeof(WrittenResource))]
[JsonSerializable(typeof(ResourceList))]
[JsonSerializable(typeof(RevisionList))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(WatchBookmark))]
[JsonSerializable(typeof(KindList))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(UsageList))]
[JsonSerializable(typeof(TestAnswer))]
[JsonSerializable(typeof(LintAnswer))]
[JsonSerializable(typeof(ImportAnswer))]
[JsonSerializable(typeof(LicenceList))]
[JsonSerializable(typeof(FitList))]
[JsonSerializable(typeof(InstanceList))]
[JsonSerializable(typeof(GpuList))]
[JsonSerializable(typeof(GateDecision))]
[JsonSerializable(typeof(PinList))]
[JsonSerializable(typeof(Api.RecipeQuestion))]
[JsonSerializable(typeof(PinAnswer[]))]
internal sealed partial class CatalogueJson : JsonSerializerContext;
