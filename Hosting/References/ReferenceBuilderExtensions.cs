using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Gives the connection string and its parts: <c>ConnectionStrings__{name}</c>, <c>{NAME}_HOST</c>…</summary>
    /// <param name="builder">Who is given it.</param>
    /// <param name="source">Whose connection string.</param>
    /// <param name="connectionName">The name under which it is given, instead of the resource's own; empty: the parts carry no prefix.</param>
    /// <param name="optional">Start without it when it has no value.</param>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source,
        string? connectionName = null,
        bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        var resource = source.Resource;
        var name = connectionName ?? resource.Name;
        return builder.Relate(resource).WithEnvironment(context =>
        {
            var flags = ServiceVariables.FlagsOf(context.Resource);
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ConnectionString))
            {
                var variable = resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{name}";
                context.EnvironmentVariables[variable] = new ConnectionStringReference(resource, optional);
            }

            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ConnectionProperties))
            {
                var prefix = name.Length == 0 ? "" : VariableName.Of(name) + "_";
                foreach (var (property, value) in ConnectionProperties.Of(resource))
                {
                    context.EnvironmentVariables[prefix + VariableName.Of(property)] = value;
                }
            }
        });
    }

    /// <summary>Gives the URLs of every endpoint: <c>services__{name}__{scheme}__{n}</c> and <c>{NAME}_{ENDPOINT}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment => builder.ReferTo(source.Resource, null);

    /// <summary>Gives the URLs of every endpoint under another name.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithServiceDiscovery> source,
        string name)
        where TDestination : IResourceWithEnvironment => builder.ReferTo(source.Resource, name);

    /// <summary>Gives the URL of one endpoint.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, EndpointReference endpointReference)
        where TDestination : IResourceWithEnvironment => builder.Relate(endpointReference.Resource).WithEnvironment(context =>
            ServiceVariables.Add(context, endpointReference, endpointReference.Resource.Name, nameIsGiven: false));

    /// <summary>Gives a fixed URL: <c>services__{name}__default__0</c> and <c>{name}</c>.</summary>
    /// <exception cref="InvalidOperationException">The URL is relative, or has a path.</exception>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, string name, Uri uri)
        where TDestination : IResourceWithEnvironment
    {
        if (!uri.IsAbsoluteUri || uri.AbsolutePath != "/")
        {
            throw new InvalidOperationException($"'{uri}' cannot be referred to as '{name}': expected an absolute URL without a path.");
        }

        var url = uri.ToString();
        return builder.WithEnvironment(context =>
        {
            ServiceVariables.AddDiscovery(context, name, "default", url);
            context.EnvironmentVariables[name] = url;
        });
    }

    /// <summary>Gives the URL of an external service: <c>services__{name}__{scheme}__0</c> and <c>{NAME}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<ExternalServiceResource> externalService)
        where TDestination : IResourceWithEnvironment
    {
        var service = externalService.Resource;
        return builder.Relate(service).WithEnvironment(context =>
        {
            ServiceVariables.AddDiscovery(context, service.Name, service.Uri?.Scheme ?? "default", service.UrlExpression);
            context.EnvironmentVariables[VariableName.Of(service.Name)] = service.UrlExpression;
        });
    }

    private static IResourceBuilder<TDestination> ReferTo<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceWithServiceDiscovery source,
        string? name)
        where TDestination : IResourceWithEnvironment => builder.Relate(source).WithEnvironment(context =>
    {
        foreach (var endpoint in source.GetEndpoints().Where(endpoint => !endpoint.ExcludeReferenceEndpoint))
        {
            ServiceVariables.Add(context, endpoint, name ?? source.Name, name is not null);
        }
    });
}
