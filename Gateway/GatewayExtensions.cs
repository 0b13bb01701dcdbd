using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Api;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Policy;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Usage;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway;

/// <summary>Everything the gateway is made of, a block for each step, in the steps' order.</summary>
internal static class GatewayExtensions
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddTransient(_ => new Random()); // One for each background service, which draws jitter alone.
        services.AddSingleton<BufferPool>();
        services.AddSingleton<GatewayTelemetry>();
        services.AddSingleton<RequestPipeline>();
        services.AddSingleton(provider => DataSlot.Take(provider.GetRequiredService<IOptions<GatewayOptions>>().Value.DataDirectory));
        builder.AddSnapshot();
        builder.AddServer();

        services.AddSingleton<AccessKeyAuthenticator>();

        services.AddSingleton<BodyBudget>();
        services.AddSingleton<BodySpool>();
        services.AddSingleton<JsonIntake>();
        services.AddSingleton<FormIntake>();
        services.AddSingleton<RequestIntake>();

        services.AddSingleton<ModelResolver>();

        services.AddSingleton<AccessPolicy>();

        services.AddOptions<QuotaOptions>().BindConfiguration(QuotaOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QuotaOptions>, QuotaOptions.Validator>();
        services.AddSingleton<QuotaTelemetry>();
        services.AddSingleton<LocalLimits>();
        services.AddSingleton<Credits>();
        services.AddSingleton<RedisQuota>();
        services.AddSingleton<QuotaStore>();
        services.AddSingleton<Admission>();
        services.AddSingleton<QuotaGate>();
        services.AddSingleton<ProviderGate>();
        services.AddHostedService<LeaseKeeper>();

        services.AddSingleton<HealthJournal>();
        services.AddSingleton<EndpointPool>();
        services.AddSingleton<KeyJournal>();
        services.AddSingleton<KeyBook>();
        services.AddSingleton<AccessBuilder>();
        services.AddSingleton<EndpointPicker>();
        services.AddSingleton<LatencyBook>();
        services.AddSingleton<PlanBuilder>();
        services.AddSingleton<HealthSchedule>();
        services.AddHostedService<HealthProber>();
        services.AddSingleton<RoutePlanner>();

        builder.AddEgress();
        services.AddSingleton<EngineConnections>();
        services.AddSingleton<IdleTimeoutPool>();
        services.AddSingleton<EngineStreams>();
        services.AddSingleton<StreamRelay>();
        services.AddSingleton<WholeAnswer>();
        services.AddSingleton<BodyTranslation>();
        services.AddSingleton<ByteRelay>();
        services.AddSingleton<JobRun>();
        services.AddSingleton<Sender>();

        // Hosted services stop in reverse: the server first, then the spool writes what is left, then the sender posts it.
        services.AddSingleton<UsageSpool>();
        services.AddHostedService<UsageSender>();
        services.AddHostedService(provider => provider.GetRequiredService<UsageSpool>());
        services.AddOptions<RecordingOptions>().BindConfiguration(RecordingOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RecordingOptions>, RecordingOptions.Validator>();
        services.AddSingleton<Recorder>();
        services.AddSingleton<Settlement>();
    }

    public static void MapGateway(this WebApplication app)
    {
        var (dice, time) = (app.Services.GetRequiredService<Dice>(), app.Services.GetRequiredService<TimeProvider>());
        app.Use((http, next) =>
        {
            RequestIds.Assign(http, dice, time);
            return next(http);
        });
        app.MapInferenceApi();
        app.MapModelsApi();
        app.MapUnknownRoutes();
    }

    private static void AddSnapshot(this WebApplicationBuilder builder)
    {
        builder.AddSecretSealer();
        builder.AddServiceClient("catalogue").RemoveAllLoggers();
        builder.Services.AddSingleton<CurrentSnapshot>();
        builder.Services.AddSingleton<SnapshotBuilder>();
        builder.Services.AddSingleton<SnapshotFile>();
        builder.Services.AddHostedService<SnapshotLoader>();
        builder.Services.AddHealthChecks().AddCheck<SnapshotHealth>("snapshot");

        // Quota asks it; without it each replica keeps limits alone.
        if (builder.Configuration.GetConnectionString("redis") is not null)
        {
            builder.AddRedisClient("redis");
        }
    }

    private static void AddServer(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ServerMemory>();
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = SocketThreads.ServeRequests(builder.Configuration));

        // It would open a log scope for each request, and where no telemetry is sent make an activity for the scope's sake alone. Our entries name the request themselves.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }
}
