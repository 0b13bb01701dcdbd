using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Builder.Declared;

/// <summary>A ModelDeployment as the Catalogue has it.</summary>
internal sealed record DeclaredDeployment(ResourceMetadata Metadata, ModelDeploymentSpec Spec, JsonElement RawSpec, JsonElement? Status)
{
    /// <summary>While it stands in the metadata, the resource stays, however often it is deleted.</summary>
    public const string Finalizer = "orrery.dev/builder";

    public DeploymentKey Key => new(Metadata.Namespace, Metadata.Name, Metadata.Uid!);

    public bool IsGoing => Metadata.DeletionTimestamp is not null;

    public bool IsHeld => Metadata.Finalizers?.Contains(Finalizer) == true;

    public static DeclaredDeployment Of(Resource resource) =>
        new(resource.Metadata, resource.Spec.Deserialize(ContractsJson.Default.ModelDeploymentSpec)!, resource.Spec, resource.Status);
}
