using Orrery.Contracts;

namespace Orrery.Gateway.Routing;

/// <summary>How one provider's endpoints are checked.</summary>
/// <param name="IsDeclared">The operator asked for it, so that a server without the path is an error and not merely without it.</param>
internal sealed record ActiveCheck(string Path, TimeSpan Interval, TimeSpan Timeout, int FailureThreshold, bool IsDeclared)
{
    /// <summary><c>null</c>: its endpoints are not checked.</summary>
    public static ActiveCheck? Of(SnapshotProvider provider)
    {
        if (!HealthCheckSpec.IsEnabled(provider.HealthCheck, provider.Provider))
        {
            return null;
        }

        var spec = provider.HealthCheck ?? new HealthCheckSpec();
        return new(spec.EffectivePath, spec.EffectiveInterval, spec.EffectiveTimeout, spec.EffectiveFailureThreshold, provider.HealthCheck is not null);
    }

    /// <summary>Health lies beside the API and not in it: <c>http://h:8000/v1</c> → <c>http://h:8000/health</c>.</summary>
    public Uri AddressAt(string baseUrl)
    {
        const string Api = "/v1";
        var root = baseUrl.EndsWith(Api, StringComparison.Ordinal) ? baseUrl[..^Api.Length] : baseUrl;
        return new Uri(root + Path);
    }
}
