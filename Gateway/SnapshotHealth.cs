using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Orrery.Gateway;

/// <summary>Ready with a snapshot, however old: an organisation's traffic does not stop because its control plane is away.</summary>
internal sealed class SnapshotHealth(CurrentSnapshot current) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(current.Value is null
            ? HealthCheckResult.Unhealthy("no snapshot from the Catalogue yet, and none on disk")
            : HealthCheckResult.Healthy());
}
