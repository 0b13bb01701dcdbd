using System.Globalization;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Orrery.Tests.Equality;

/// <summary>The services as they are started on this machine: what the AppHost's own callbacks say in run mode.</summary>
internal static class RunViews
{
    public static async Task<Dictionary<string, ServiceView>> ReadAsync(Addresses addresses, params string[] arguments)
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(arguments, TestContext.Current.CancellationToken);
        foreach (var resource in builder.Resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
            {
                addresses.Add(resource.Name, endpoint.Name, endpoint.UriScheme, endpoint.TargetPort, resource is ProjectResource ? null : endpoint.Port);
            }
        }

        var views = new Dictionary<string, ServiceView>(StringComparer.Ordinal);
        foreach (var resource in builder.Resources.Where(one => one is IComputeResource))
        {
            views.Add(resource.Name, await ReadAsync(resource, builder, addresses));
        }

        return views;
    }

    private static async Task<ServiceView> ReadAsync(IResource resource, IDistributedApplicationBuilder builder, Addresses addresses)
    {
        var view = new ServiceView(resource.Name) { Replicas = FormattableString.Invariant($"{resource.GetReplicaCount()}") };
        var seen = new HashSet<string>();
        var execution = builder.ExecutionContext;
        foreach (var (name, value) in await ResolvedConfiguration.VariablesAsync(resource, execution, NullLogger.Instance, TestContext.Current.CancellationToken))
        {
            view.Environment[name] = Text(value, seen);
        }

        foreach (var value in await ResolvedConfiguration.ArgumentsAsync(resource, execution, NullLogger.Instance, TestContext.Current.CancellationToken))
        {
            view.Arguments.Add(Text(value, seen));
        }

        view.Image = resource.TryGetContainerImageName(out var image) ? image : null;
        view.References.UnionWith(seen.Where(one => !one.StartsWith(resource.Name + ":", StringComparison.Ordinal)));
        foreach (var relation in resource.Annotations.OfType<ResourceRelationshipAnnotation>().Where(one => one.Type == KnownRelationshipTypes.Reference))
        {
            if (seen.Any(one => one.StartsWith(relation.Resource.Name + ":", StringComparison.Ordinal)))
            {
                continue; // A variable says which endpoint.
            }

            view.References.UnionWith(relation.Resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => $"{relation.Resource.Name}:{endpoint.Name}"));
        }

        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            view.Ports.Add($"{endpoint.Name} {(endpoint.Protocol == ProtocolType.Udp ? "udp" : "tcp")} {endpoint.TargetPort?.ToString(CultureInfo.InvariantCulture) ?? "assigned"}{(endpoint.IsExternal ? " external" : "")}");
        }

        foreach (var check in resource.Annotations.OfType<HealthCheckAnnotation>())
        {
            // The key of an HTTP check: resource_endpoint_path_status_check.
            view.Health.Add(check.Key.Split('_') is [_, _, var path, "200", "check"] ? path : "own check");
        }

        view.Volumes.UnionWith(resource.Annotations.OfType<ContainerMountAnnotation>().Select(mount => mount.Target));
        view.Gpus = await GpusOf(resource);
        return view;

        string Text(object value, HashSet<string> references) => addresses.Fill(Expression(value), (name, rest) => Other(builder, name, rest), one => references.Add(one));
    }

    private static string Expression(object value) => value switch
    {
        string text => text,
        ParameterResource parameter => $"<{parameter.Name}>",
        ReferenceExpression { IsConditional: true } expression => Expression(expression.WhenFalse!), // TLS, which no endpoint here has
        ReferenceExpression expression => string.Format(CultureInfo.InvariantCulture, expression.Format, [.. expression.ValueProviders.Select(Expression)]),
        ConnectionStringReference reference => Expression(reference.Resource.ConnectionStringExpression),
        IResourceWithConnectionString resource => Expression(resource.ConnectionStringExpression),
        IManifestExpressionProvider provider => provider.ValueExpression,
        IResourceBuilder<IResource> builder => Expression(builder.Resource),
        ExternalServiceResource service => service.Uri!.ToString(),
        _ => $"({value.GetType().Name})",
    };

    private static string? Other(IDistributedApplicationBuilder builder, string name, string rest) =>
        rest == "value" && builder.Resources.TryGetByName(name, out _) ? $"<{name}>" : null;

    private static async Task<int> GpusOf(IResource resource)
    {
        var context = new ContainerRuntimeArgsCallbackContext([], TestContext.Current.CancellationToken);
        foreach (var annotation in resource.Annotations.OfType<ContainerRuntimeArgsCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        return context.Args.Count(argument => argument is string text && text.StartsWith("nvidia.com/gpu=", StringComparison.Ordinal));
    }
}
