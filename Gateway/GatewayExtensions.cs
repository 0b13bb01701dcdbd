using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Api;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Policy;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Sending.Videos;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Clients;
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
        builder.AddStorage();
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

        services.AddClientProtocols();

        builder.AddEgress();
        services.AddSingleton<EngineConnections>();
        services.AddSingleton<IdleTimeoutPool>();
        services.AddSingleton<EngineStreams>();
        services.AddSingleton<StreamRelay>();
        services.AddSingleton<WholeAnswer>();
        services.AddSingleton<BodyTranslation>();
        services.AddSingleton<TranslationCheck>();
        services.AddSingleton<ByteRelay>();
        services.AddSingleton<JobRun>();
        services.AddSingleton<VideoReceiver>();
        services.AddSingleton<VideoEngines>();
        services.AddSingleton<VideoRuns>();
        services.AddSingleton<IRunKind>(provider => provider.GetRequiredService<VideoRuns>());
        services.AddSingleton<VideoJobs>();
        services.AddSingleton<VideoContent>();
        services.AddSingleton<VideosApi>();
        services.AddSingleton<Sender>();

        // Hosted services stop in reverse: the server first, then runs end, then the spool writes what is left, then the sender posts it.
        services.AddSingleton<UsageSpool>();
        services.AddHostedService<UsageSender>();
        services.AddHostedService(provider => provider.GetRequiredService<UsageSpool>());
        services.AddHostedService(provider => provider.GetRequiredService<RunHost>());
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
        app.Services.GetRequiredService<VideosApi>().Map(app);
        app.MapResponsesApi();
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

    /// <summary>What lasts beyond a request; without a database there is no such thing, and all else is as ever.</summary>
    private static void AddStorage(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptions.Validator>();
        builder.Services.AddSingleton<GatewayDatabase>();
        builder.Services.AddSingleton<ResponseStore>();
        builder.Services.AddOptions<VideoOptions>().BindConfiguration(VideoOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<VideoOptions>, VideoOptions.Validator>();
        builder.Services.AddSingleton<VideoStore>();
        builder.Services.AddSingleton<VideoFiles>();
        builder.Services.AddSingleton<EngineFiles>();
        builder.Services.AddHostedService<VideoSweeper>();
        builder.Services.AddSingleton<RunStore>();
        builder.Services.AddSingleton<RunHost>();
        builder.Services.AddHostedService<ResponseSweeper>();
        if (builder.Configuration.GetConnectionString(GatewayDatabase.ConnectionName) is { Length: > 0 })
        {
            builder.AddServiceDatabase(GatewayDatabase.ConnectionName, "gateway", typeof(GatewayDatabase).Assembly);
            builder.Services.AddHealthChecks().AddCheck<GatewayDatabase>("database", HealthStatus.Degraded);
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
