using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Counts the resource as healthy only while the check called <paramref name="key"/> passes.</summary>
    public static IResourceBuilder<T> WithHealthCheck<T>(this IResourceBuilder<T> builder, string key)
        where T : IResource
    {
        if (builder.Resource.Annotations.OfType<HealthCheckAnnotation>().Any(one => one.Key == key))
        {
            throw new DistributedApplicationException($"Resource '{builder.Resource.Name}' has the health check '{key}' already.");
        }

        return builder.WithAnnotation(new HealthCheckAnnotation(key));
    }

    /// <summary>Asks <paramref name="path"/> of an endpoint; healthy is the answer <paramref name="statusCode"/>.</summary>
    /// <param name="builder">Whose health.</param>
    /// <param name="path">Default <c>/</c>.</param>
    /// <param name="statusCode">Default 200.</param>
    /// <param name="endpointName">Default: <c>http</c>, else <c>https</c>, else the first endpoint with one of these schemes.</param>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder,
        string? path = null,
        int? statusCode = null,
        string? endpointName = null)
        where T : IResourceWithEndpoints =>
        builder.WithHttpHealthCheck(() => endpointName is null ? DefaultHttp(builder.Resource) : builder.GetEndpoint(endpointName), path, statusCode);

    /// <inheritdoc cref="WithHttpHealthCheck{T}(IResourceBuilder{T}, string?, int?, string?)"/>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder,
        Func<EndpointReference>? endpointSelector,
        string? path = null,
        int? statusCode = null)
        where T : IResourceWithEndpoints
    {
        var select = endpointSelector ?? (() => DefaultHttp(builder.Resource));
        var endpoint = select();
        if (endpoint.Exists && endpoint.Scheme is not ("http" or "https"))
        {
            throw new DistributedApplicationException(
                $"Resource '{builder.Resource.Name}': the health check wants an http or https endpoint; '{endpoint.EndpointName}' is {endpoint.Scheme}.");
        }

        var key = HttpHealth.Add(builder.ApplicationBuilder.Services, builder.Resource.Name, endpoint.EndpointName, path, statusCode, _ =>
            Task.FromResult(new Uri(endpoint.Url)));
        return builder.WithHealthCheck(key);
    }

    /// <summary>
    /// Has an endpoint asked where the resource is published to, and as a health check while it runs here. A later probe of one type
    /// takes the place of an earlier one.
    /// </summary>
    /// <param name="builder">Whose health.</param>
    /// <param name="type">What the answer decides.</param>
    /// <param name="path">Default <c>/</c>.</param>
    /// <param name="initialDelaySeconds">Before the first question. Default 5.</param>
    /// <param name="periodSeconds">Between two questions. Default 5.</param>
    /// <param name="timeoutSeconds">How long an answer may take. Default 1.</param>
    /// <param name="failureThreshold">How many failures in a row count. Default 3.</param>
    /// <param name="successThreshold">How many passes in a row count. Default 1.</param>
    /// <param name="endpointName">Default: <c>http</c>, else <c>https</c>, else the first endpoint with one of these schemes.</param>
    [Experimental("ASPIREPROBES001", UrlFormat = "https://aka.ms/aspire/diagnostics/{0}")]
    public static IResourceBuilder<T> WithHttpProbe<T>(
        this IResourceBuilder<T> builder,
        ProbeType type,
        string? path = null,
        int? initialDelaySeconds = null,
        int? periodSeconds = null,
        int? timeoutSeconds = null,
        int? failureThreshold = null,
        int? successThreshold = null,
        string? endpointName = null)
        where T : IResourceWithEndpoints, IResourceWithProbes
    {
        var endpoint = endpointName is null ? DefaultHttp(builder.Resource) : builder.GetEndpoint(endpointName);
        if (builder.Resource.Annotations.OfType<EndpointProbeAnnotation>().FirstOrDefault(probe => probe.Type == type) is { } former)
        {
            builder.Resource.Annotations.Remove(former);
        }

        builder.WithAnnotation(new EndpointProbeAnnotation(
            type, endpoint, path ?? "/", initialDelaySeconds ?? 5, periodSeconds ?? 5, timeoutSeconds ?? 1, failureThreshold ?? 3, successThreshold ?? 1));

        // Two probes may ask the same path.
        var key = HttpHealth.KeyOf(builder.Resource.Name, endpoint.EndpointName, path, null);
        return builder.Resource.Annotations.OfType<HealthCheckAnnotation>().Any(one => one.Key == key)
            ? builder
            : builder.WithHttpHealthCheck(() => endpoint, path);
    }

    private static EndpointReference DefaultHttp(IResourceWithEndpoints resource)
    {
        var endpoints = resource.GetEndpoints().Where(one => one.Scheme is "http" or "https").ToList();
        return endpoints.FirstOrDefault(one => one.EndpointName == "http")
            ?? endpoints.FirstOrDefault(one => one.EndpointName == "https")
            ?? endpoints.FirstOrDefault()
            ?? new EndpointReference(resource, "http");
    }
}
