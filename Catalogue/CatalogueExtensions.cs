using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Orrery.Catalogue.Accounting;
using Orrery.Catalogue.Api;
using Orrery.Catalogue.Deployments;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Documents.Shapes;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Probing;
using Orrery.Catalogue.Resources;
using Orrery.Catalogue.Secrets;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue;

/// <summary>What the service is made of, and the addresses it answers at.</summary>
internal static class CatalogueExtensions
{
    public static void AddCatalogue(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<CatalogueOptions>().BindConfiguration(CatalogueOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CatalogueOptions>, CatalogueOptionsRanges>();
        builder.Services.AddSingleton<IValidateOptions<CatalogueOptions>, CatalogueOptionsRules>();

        builder.AddNpgsqlDataSource("orrery", "catalogue", typeof(CatalogueOptions).Assembly);
        builder.AddSecretSealer();
        builder.AddEgress();
        builder.AddRegistries();
        builder.Services.AddSingleton<SecretVault>();
        builder.Services.AddSingleton<LiveState>();
        builder.Services.AddSingleton<ResourceStore>();
        builder.Services.AddSingleton<Revisions>();
        builder.Services.AddSingleton<ApplyPlanner>();
        builder.Services.AddSingleton(services => new EnvironmentValues(services.GetRequiredService<IOptions<CatalogueOptions>>().Value.EnvironmentNames));
        builder.Services.AddSingleton<UsageLedger>();
        builder.Services.AddSingleton<AccessControl>();
        builder.Services.AddSingleton<WatchApi>();
        builder.Services.AddSingleton<ProviderTester>();
        builder.Services.AddSingleton<Shelf>();
        builder.Services.AddSingleton<PinStore>();
        builder.Services.AddSingleton<PinSecrets>();
        builder.Services.AddSingleton<HubReader>();
        builder.Services.AddSingleton<ImageReader>();
        builder.Services.AddSingleton<Pinner>();
        builder.Services.AddSingleton<BackgroundQuestions>();
        builder.Services.AddSingleton<DeploymentPins>();
        builder.Services.AddSingleton<ImageRecipes>();
        builder.Services.AddSingleton<ImageDigests>();
        builder.AddServiceClient(BuilderProxy.Builder);
        builder.AddFollowing();

        builder.Services.AddProblemDetails();
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            // A context brings its types but not its settings.
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.IgnoreReadOnlyProperties = true;
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractsJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, CatalogueJson.Default);
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = DocumentLimits.MaxBytes;
        });
    }

    public static void MapCatalogue(this WebApplication app)
    {
        app.UseMiddleware<RequestIds>();
        app.UseMiddleware<ProblemAnswers>();
        app.UseStatusCodePages();

        app.MapDiscoveryApi();
        app.MapResourcesApi();
        app.MapHistoryApi();
        app.MapApplyApi();
        app.MapConnectionTestApi();
        app.MapUsageApi();
        app.MapModelsApi();
        app.MapPinsApi();
        app.MapExchangeApi();
        app.MapSnapshotApi();
        app.MapAccessKeysApi();
        app.MapDeploymentBriefApi();
        app.MapDeploymentsApi();
        app.MapBuildsApi();
    }

    private static void AddFollowing(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ChangeFollower>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ChangeFollower>());
        builder.Services.AddSingleton<CatalogueAtStart>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CatalogueAtStart>());
        builder.Services.AddHealthChecks().AddCheck<ChangeFollower>("resources").AddCheck<CatalogueAtStart>("start");
    }
}
