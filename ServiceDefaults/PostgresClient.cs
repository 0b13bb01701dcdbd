using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Orrery.ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>Aspire's name for the client integration, with a body of our own (the feed lacks Aspire.Npgsql).</summary>
public static class PostgresClientExtensions
{
    /// <summary>
    /// Registers <see cref="NpgsqlDataSource"/> for <c>ConnectionStrings:{connectionName}</c>. With a <paramref name="schema"/>
    /// every session acts as the role of that name and sees that schema only, and the numbered <c>.sql</c> files embedded in
    /// <paramref name="migrations"/> are applied at start; the service is unready until they are.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="connectionName">The connection string's name.</param>
    /// <param name="schema">The service's own schema and role.</param>
    /// <param name="migrations">Where the <c>.sql</c> files are.</param>
    /// <param name="isNeeded">Without the database the service is unready; otherwise it is ready and says that it lacks something.</param>
    public static void AddNpgsqlDataSource(this IHostApplicationBuilder builder, string connectionName, string schema, Assembly migrations, bool isNeeded = true)
    {
        builder.AddServiceDatabase(connectionName, schema, migrations);
        builder.Services.AddSingleton(services => services.GetRequiredService<ServiceDatabase>().Source);
        builder.Services.AddHostedService(services => services.GetRequiredService<MigrationAtStart>());
        builder.Services.AddHealthChecks().AddCheck<MigrationAtStart>("database", isNeeded ? HealthStatus.Unhealthy : HealthStatus.Degraded);
    }

    /// <summary>
    /// As <see cref="AddNpgsqlDataSource"/>, but nothing is asked of the database before the service starts <see cref="MigrationAtStart"/> itself, and its client is not so much as
    /// loaded before <see cref="ServiceDatabase"/> is: many never use it.
    /// </summary>
    public static void AddServiceDatabase(this IHostApplicationBuilder builder, string connectionName, string schema, Assembly migrations)
    {
        builder.Services.AddSingleton(services =>
        {
            var text = builder.Configuration.GetConnectionString(connectionName) ?? throw new InvalidOperationException(
                $"ConnectionStrings:{connectionName} is not set; expected 'Host=…;Port=…;Username=…;Password=…;Database=…' (environment: ConnectionStrings__{connectionName}).");
            return new ServiceDatabase(text, schema, migrations);
        });
        builder.Services.AddSingleton<Migrator>();
        builder.Services.AddSingleton<MigrationAtStart>();
    }
}
