using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Orrery.Builder.Acceptance;
using Orrery.Builder.Api;
using Orrery.Builder.Builds;
using Orrery.Builder.Declared;
using Orrery.Builder.Reconciling;
using Orrery.Builder.Storage;
using Orrery.Builder.SupplyChain;
using Orrery.Builder.Targets;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder;

/// <summary>What the service is made of, and the addresses it answers at.</summary>
internal static class BuilderExtensions
{
    public static void AddBuilder(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddOptions<BuilderOptions>().BindConfiguration(BuilderOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<BuilderOptions>, BuilderOptionsRanges>();
        builder.Services.AddSingleton<IValidateOptions<BuilderOptions>, BuilderOptionsRules>();

        builder.AddNpgsqlDataSource("orrery", "builder", typeof(BuilderOptions).Assembly);
        builder.AddSecretSealer();
        builder.AddServiceClient(CatalogueClient.ServiceName).RemoveAllLoggers();
        builder.Services.AddSingleton<CatalogueClient>();
        builder.Services.AddSingleton<DeclaredResources>();
        builder.Services.AddSingleton<DeploymentStore>();
        builder.Services.AddSingleton<DeploymentGate>();
        builder.Services.AddSingleton<RevisionGate>();
        builder.Services.AddSingleton<SignatureCheck>();
        builder.AddTargets();
        builder.AddEgress();
        builder.AddRegistries();
        builder.AddSupplyChain();
        builder.AddBuilds();
        builder.Services.AddSingleton<LogStore>();
        builder.Services.AddSingleton<LastWords>();
        builder.Services.AddSingleton<ServedNames>();
        builder.Services.AddSingleton<Reconciler>();
        builder.Services.AddSingleton<ReconcileLoop>();
        builder.Services.AddHostedService<ReconcileService>();

        builder.Services.AddProblemDetails();
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            // A context brings its types but not its settings.
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.IgnoreReadOnlyProperties = true;
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractsJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, BuilderJson.Default);
        });
    }

    public static void MapBuilder(this WebApplication app)
    {
        app.MapDeploymentsApi();
        app.MapBuildsApi();
    }
}
