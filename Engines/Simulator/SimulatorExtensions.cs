using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Simulator.Api;
using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;

namespace Orrery.Simulator;

public static class SimulatorExtensions
{
    public static WebApplicationBuilder AddSimulator(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<SimulatorOptions>, SimulatorOptionsValidator>();
        builder.Services.AddOptions<SimulatorOptions>().BindConfiguration(SimulatorOptions.Section).ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ReplicaSet>();
        builder.Services.AddSingleton(services => new FaultRules(services.GetRequiredService<IOptions<SimulatorOptions>>().Value.Faults));
        builder.Services.AddSingleton<Admission>();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AdminJson.Default));
        builder.Services.AddProblemDetails();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = Admission.MostBodyBytes);

        // A flush ends when the kernel has the bytes, so that a stream cut after five tokens has delivered five.
        builder.WebHost.UseSockets(sockets => sockets.MaxWriteBufferSize = 2);
        return builder;
    }

    public static WebApplication MapSimulator(this WebApplication app)
    {
        // Here and not with the first request: start-up delays count from the start.
        app.Services.GetRequiredService<ReplicaSet>();
        app.Use((http, next) =>
        {
            http.Response.Headers[OrreryHeaders.Simulated] = "true";
            return next(http);
        });
        MapEngine(app);
        MapEngine(app.MapGroup("/replicas/{replica}"));
        app.MapAdminApi();
        app.MapFallback(http => VllmErrors.WriteAsync(http, Refusal.NotFound("Not Found")));
        return app;
    }

    private static void MapEngine(IEndpointRouteBuilder routes)
    {
        routes.MapChatApi();
        routes.MapCompletionsApi();
        routes.MapEmbeddingsApi();
        routes.MapTokenizeApi();
        routes.MapModelsApi();
        routes.MapMetricsApi();
    }
}
