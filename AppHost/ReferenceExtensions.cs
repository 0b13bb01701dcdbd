namespace Orrery.AppHost;

internal static class ReferenceExtensions
{
    /// <summary>Limits references to connection strings and addresses: no password and no host a second time in a variable of its own.</summary>
    public static IResourceBuilder<ProjectResource> WithPlainReferences(this IResourceBuilder<ProjectResource> project) =>
        project.WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.ConnectionString | ReferenceEnvironmentInjectionFlags.ServiceDiscovery);
}
