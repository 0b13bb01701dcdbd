using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole.History;

internal static class HistoryExtensions
{
    /// <summary>Memory alone where <c>Console:History:Keep</c> is not set; nothing then asks for a database.</summary>
    public static void AddHistory(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<HistoryOptions>().BindConfiguration(HistoryOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<HistoryOptions>, HistoryOptions.Validator>();
        builder.Services.AddSingleton<HistoryQueue>();
        builder.Services.AddSingleton(services => new TelemetryReader(
            services.GetRequiredService<TraceStore>(),
            services.GetRequiredService<LogStore>(),
            services.GetRequiredService<MetricStore>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetService<HistoryReader>()));
        if ((builder.Configuration.GetSection(HistoryOptions.Section).Get<HistoryOptions>() ?? new()).KeepFor is null)
        {
            return; // A value that is none is refused by the validator.
        }

        builder.AddNpgsqlDataSource("orrery", "console", typeof(HistoryOptions).Assembly, isNeeded: false);
        builder.Services.AddSingleton<HistoryReader>();
        builder.Services.AddSingleton<HistoryTables>();
        builder.Services.AddSingleton<HistoryWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HistoryWriter>());
        builder.Services.AddHealthChecks().AddCheck<HistoryWriter>("history", HealthStatus.Degraded);
    }
}
