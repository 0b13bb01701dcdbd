using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Aspire.Hosting;

/// <summary>A real connection and <c>SELECT 1</c>.</summary>
internal sealed class PostgresHealth(IResourceWithConnectionString resource) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var text = await resource.GetConnectionStringAsync(cancellationToken);
            await using var connection = new NpgsqlConnection(PostgresDatabases.Unpooled(text));
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT 1", connection);
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception error) when (error is NpgsqlException or IOException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy(Explain(error));
        }
    }

    private static string Explain(Exception error) => error is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword } refused
        ? $"{refused.MessageText}: the data was made with another password. Give the former one back, or delete the data volume."
        : error.Message;
}
