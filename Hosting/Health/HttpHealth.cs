using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Asks a URL and expects one status.</summary>
internal sealed class HttpHealth(IHttpClientFactory clients, Func<CancellationToken, Task<Uri>> address, string path, int expected) : IHealthCheck
{
    public const string ClientName = "aspire-hosting-health";

    /// <summary>Registers the check.</summary>
    /// <returns>The name under which it is registered.</returns>
    public static string Add(
        IServiceCollection services,
        string resource,
        string endpoint,
        string? path,
        int? statusCode,
        Func<CancellationToken, Task<Uri>> address)
    {
        var expected = statusCode ?? 200;
        var key = KeyOf(resource, endpoint, path, statusCode);
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            key,
            provider => new HttpHealth(provider.GetRequiredService<IHttpClientFactory>(), address, path ?? "/", expected),
            failureStatus: null,
            tags: null));
        return key;
    }

    public static string KeyOf(string resource, string endpoint, string? path, int? statusCode) =>
        string.Create(CultureInfo.InvariantCulture, $"{resource}_{endpoint}_{path ?? "/"}_{statusCode ?? 200}_check");

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var url = new Uri(await address(cancellationToken), path);
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return (int)response.StatusCode == expected
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"{url} answered {Text(response.StatusCode)}; expected {expected}.");
        }
        catch (HttpRequestException error)
        {
            return HealthCheckResult.Unhealthy($"{url} does not answer: {error.Message}");
        }
    }

    private static string Text(HttpStatusCode status) => ((int)status).ToString(CultureInfo.InvariantCulture);
}
