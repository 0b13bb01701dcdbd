using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What a resource is called: its kind and its name, in its namespace.</summary>
internal sealed record ResourceKey(ResourceKind Kind, string Namespace, string Name)
{
    public override string ToString() => $"{Kind.Name} '{Name}'";
}

/// <summary>A resource as it is stored and held in memory.</summary>
/// <param name="Spec">The kind's spec type; a Secret's is <see cref="SealedSecretSpec"/>.</param>
/// <param name="ChangedBy">Who wrote it last.</param>
internal sealed record StoredResource(ResourceKind Kind, ResourceMetadata Metadata, object Spec, JsonElement? Status, string ChangedBy)
{
    public ResourceKey Key => new(Kind, Metadata.Namespace, Metadata.Name);

    public long Revision => long.Parse(Metadata.ResourceVersion!, CultureInfo.InvariantCulture);

    public bool IsGoing => Metadata.DeletionTimestamp is not null;

    public string ManagedBy => Metadata.ManagedBy ?? Managers.Operator;

    /// <summary>The whole resource as the database keeps it: secrets sealed.</summary>
    public string ToBody() => JsonSerializer.Serialize(ToResource(JsonSerializer.SerializeToElement(Spec, SpecType(Kind))), ContractsJson.Default.Resource);

    /// <summary>The whole resource as callers see it: a secret's keys with empty values.</summary>
    public Resource ToShown() => ToResource(ShownSpec());

    public JsonElement ShownSpec() => Spec is SealedSecretSpec secret
        ? JsonSerializer.SerializeToElement(new SecretSpec { Data = secret.Data.ToDictionary(pair => pair.Key, _ => "") }, ContractsJson.Default.SecretSpec)
        : JsonSerializer.SerializeToElement(Spec, SpecType(Kind));

    /// <summary>Reads <see cref="ToBody"/> back; <c>null</c> for a kind that only a newer release beside this one knows.</summary>
    public static StoredResource? FromBody(string body, string changedBy)
    {
        var resource = JsonSerializer.Deserialize(body, ContractsJson.Default.Resource)!;
        if (ResourceKinds.ByName(resource.Kind)?.Kind is not { } kind)
        {
            return null;
        }

        return new StoredResource(kind, resource.Metadata, resource.Spec.Deserialize(SpecType(kind))!, resource.Status, changedBy);
    }

    private Resource ToResource(JsonElement spec) => new() { Kind = Kind.Name, Metadata = Metadata, Spec = spec, Status = Status };

    private static JsonTypeInfo SpecType(ResourceKind kind) =>
        kind == ResourceKind.Secret ? CatalogueJson.Default.SealedSecretSpec : ResourceKinds.Of(kind).Spec;
}

/// <summary>A Secret at rest.</summary>
internal sealed record SealedSecretSpec(IReadOnlyDictionary<string, SealedSecret> Data);

/// <summary>Who may hold a resource's name.</summary>
internal static class Managers
{
    public const string Operator = "operator";
    public const string AppHost = "apphost";

    /// <summary>The first access key: it comes from the service's configuration and is changed there.</summary>
    public const string Configuration = "configuration";
}
