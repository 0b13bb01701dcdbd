using Orrery.Contracts;

namespace Orrery.Catalogue;

/// <summary>Who asks: an administrator's access key, a service of ours, or the Catalogue's own configuration.</summary>
/// <param name="Name">As it stands in revisions: <c>accesskey default/first</c>, <c>service Orrery.Builder</c>.</param>
/// <param name="Namespace">Meant where a request names none.</param>
/// <param name="IsPublisher">It writes models, and nothing else.</param>
internal sealed record Caller(string Name, string Namespace, bool IsService, bool IsPublisher = false)
{
    public static readonly Caller Configuration = new("configuration", ResourceMetadata.DefaultNamespace, IsService: true);

    /// <summary>The administrator of <c>default</c> is the installation's.</summary>
    public bool IsOfInstallation => IsService || Namespace == ResourceMetadata.DefaultNamespace;

    public bool MayWrite(ResourceKind kind) => !IsPublisher || kind == ResourceKind.Model;

    public bool MayReach(string @namespace) => IsOfInstallation || Namespace == @namespace;
}
