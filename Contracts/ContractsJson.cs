using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Contracts;

/// <summary>How contracts are written as JSON: camelCase, absent instead of null, nothing that follows from other members.</summary>
/// <remarks>
/// The source generator assigns every <c>init</c> member when it reads an object, absent ones with the type's default, so that
/// initialisers are lost. Members with a default therefore put it in place of <c>null</c> themselves.
/// </remarks>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(Resource))]
[JsonSerializable(typeof(ModelSpec))]
[JsonSerializable(typeof(ModelProviderSpec))]
[JsonSerializable(typeof(AccessKeySpec))]
[JsonSerializable(typeof(AccessKeyQuestion))]
[JsonSerializable(typeof(AccessKeyIdentity))]
[JsonSerializable(typeof(RouteSpec))]
[JsonSerializable(typeof(LicencePolicySpec))]
[JsonSerializable(typeof(ImagePolicySpec))]
[JsonSerializable(typeof(LicenceAcceptanceSpec))]
[JsonSerializable(typeof(SecretSpec))]
[JsonSerializable(typeof(SealedSecret))]
[JsonSerializable(typeof(TeamSpec))]
[JsonSerializable(typeof(ModelDeploymentSpec))]
[JsonSerializable(typeof(ModelDeploymentStatus))]
[JsonSerializable(typeof(GpuClassSpec))]
[JsonSerializable(typeof(DeploymentQuestion))]
[JsonSerializable(typeof(DeploymentBrief))]
[JsonSerializable(typeof(ImageQuestion))]
[JsonSerializable(typeof(ImageAnswer))]
[JsonSerializable(typeof(ImageRecipe))]
[JsonSerializable(typeof(SnapshotSecret))]
[JsonSerializable(typeof(SnapshotDocument))]
[JsonSerializable(typeof(SnapshotDelta))]
[JsonSerializable(typeof(SnapshotHeartbeat))]
[JsonSerializable(typeof(UsageEvent))]
[JsonSerializable(typeof(UsageBatch))]
[JsonSerializable(typeof(UsageReceipt))]
[JsonSerializable(typeof(FieldError))]
[JsonSerializable(typeof(IReadOnlyList<FieldError>))]
public sealed partial class ContractsJson : JsonSerializerContext;
