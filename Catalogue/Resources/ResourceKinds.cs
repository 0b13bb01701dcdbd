using System.Text.Json.Serialization.Metadata;
using Orrery.Catalogue.Deployments;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What the Catalogue knows of a kind beyond its names.</summary>
/// <param name="Spec">How its spec is read from and written to JSON.</param>
/// <param name="Validate">Adds every fault that the spec's shape alone does not show.</param>
internal sealed record KindDefinition(ResourceKind Kind, JsonTypeInfo Spec, Action<object, FieldErrors> Validate)
{
    /// <summary>Values of such a kind appear in no message.</summary>
    public bool IsSecret => Kind == ResourceKind.Secret;
}

/// <summary>Every kind with its spec's type and rules, and the API versions that documents may name.</summary>
internal static class ResourceKinds
{
    /// <summary>Read as <see cref="Resource.CurrentApiVersion"/> and stored as that.</summary>
    public const string AliasApiVersion = "pai.io/v1";

    public static readonly IReadOnlyList<string> ApiVersions = [Resource.CurrentApiVersion, AliasApiVersion];

    public static readonly IReadOnlyList<KindDefinition> All =
    [
        new(ResourceKind.Model, ContractsJson.Default.ModelSpec, static (spec, errors) => ModelRules.Check((ModelSpec)spec, errors)),
        new(ResourceKind.ModelProvider, ContractsJson.Default.ModelProviderSpec, static (spec, errors) => ((ModelProviderSpec)spec).Validate(errors)),
        new(ResourceKind.AccessKey, ContractsJson.Default.AccessKeySpec, static (spec, errors) => ((AccessKeySpec)spec).Validate(errors)),
        new(ResourceKind.Secret, ContractsJson.Default.SecretSpec, static (spec, errors) => ((SecretSpec)spec).Validate(errors)),
        new(ResourceKind.Route, ContractsJson.Default.RouteSpec, static (spec, errors) => ((RouteSpec)spec).Validate(errors)),
        new(ResourceKind.LicencePolicy, ContractsJson.Default.LicencePolicySpec, static (spec, errors) => ((LicencePolicySpec)spec).Validate(errors)),
        new(ResourceKind.LicenceAcceptance, ContractsJson.Default.LicenceAcceptanceSpec, static (spec, errors) => AcceptanceRules.Check((LicenceAcceptanceSpec)spec, errors)),
        new(ResourceKind.ModelDeployment, ContractsJson.Default.ModelDeploymentSpec, static (spec, errors) => DeploymentRules.Check((ModelDeploymentSpec)spec, errors)),
        new(ResourceKind.ImagePolicy, ContractsJson.Default.ImagePolicySpec, static (spec, errors) => ImagePolicyRules.Check((ImagePolicySpec)spec, errors)),
        new(ResourceKind.GpuClass, ContractsJson.Default.GpuClassSpec, static (spec, errors) => ((GpuClassSpec)spec).Validate(errors)),
        new(ResourceKind.Team, ContractsJson.Default.TeamSpec, static (spec, errors) => ((TeamSpec)spec).Validate(errors)),
    ];

    public static KindDefinition? ByName(string? name) => All.FirstOrDefault(definition => definition.Kind.Name == name);

    public static KindDefinition? ByPlural(string plural) => All.FirstOrDefault(definition => definition.Kind.Plural == plural);

    public static KindDefinition Of(ResourceKind kind) => All.First(definition => definition.Kind == kind);
}
