using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Orrery.AppHost;

/// <summary>A model that this graph serves itself, from the configuration section <c>Models</c>.</summary>
internal sealed record LocalModel
{
    /// <summary>The public id, as applications write it: <c>qwen3-8b</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>What the engine loads: a Hugging Face repository such as <c>Qwen/Qwen3-8B</c>. The id where absent.</summary>
    public string? Repository { get; init; }

    /// <summary><c>chat</c>, <c>multimodal</c> or <c>embedding</c>.</summary>
    public string ModelType { get; init; } = "chat";

    /// <summary>GPUs that one replica needs.</summary>
    public int Gpus { get; init; } = 1;

    /// <summary>Further arguments for <c>vllm serve</c>.</summary>
    public string[] Args { get; init; } = [];
}

/// <summary>A server of some of the graph's models.</summary>
/// <param name="Resource">The server.</param>
/// <param name="Document">The ModelProvider that declares it to the catalogue, as YAML.</param>
internal sealed record ModelServer(IResourceBuilder<IResourceWithEndpoints> Resource, ReferenceExpression Document);

/// <summary>The servers of the graph's own models.</summary>
/// <param name="Servers">In the order of the configuration.</param>
/// <param name="Models">In the order of the configuration.</param>
/// <param name="Simulated">The answers are made up by the simulator.</param>
internal sealed record ModelServers(IReadOnlyList<ModelServer> Servers, IReadOnlyList<LocalModel> Models, bool Simulated);

internal static class ModelServerExtensions
{
    private const string VllmImage = "docker.io/vllm/vllm-openai";
    private const string VllmTag = "v0.16.0";
    private const long VllmUser = 2000;

    // Weights are downloaded and loaded before it answers: an hour, asked every ten seconds.
    private const int VllmStartSeconds = 10;
    private const int VllmStartFailures = 360;

    /// <summary>
    /// One vLLM container a model when published, or when this machine has a GPU and a container tool; otherwise the simulator,
    /// which says in every answer that it is one. <c>Parameters__model_servers</c> (<c>auto</c>, <c>vllm</c>, <c>simulator</c>) decides
    /// instead: a real engine that was asked for is never replaced by the simulator. A chart carries the simulator as well, switched
    /// off, for clusters without a GPU.
    /// </summary>
    public static ModelServers AddModelServers(this IDistributedApplicationBuilder builder)
    {
        var models = ReadModels(builder.Configuration);
        if (!UsesVllm(builder))
        {
            return new([builder.AddSimulator(models)], models, Simulated: true);
        }

        var servers = builder.AddVllm(models);
        return builder.PublishesChart() && builder.ParameterText(Settings.ModelServers) is null or "auto"
            ? new([.. servers, builder.AddSimulator(models, isOptional: true)], models, Simulated: false)
            : new(servers, models, Simulated: false);
    }

    public static bool UsesVllm(IDistributedApplicationBuilder builder) => builder.ParameterText(Settings.ModelServers) switch
    {
        null or "auto" => builder.ExecutionContext.IsPublishMode || (LocalMachine.HasNvidiaGpu && LocalMachine.HasContainerTool),
        "vllm" => true,
        "simulator" => false,
        var other => throw new DistributedApplicationException($"Parameters__model_servers is '{other}'; expected auto, vllm or simulator."),
    };

    /// <summary>Declares the servers to the catalogue, each in a part of its own.</summary>
    public static IResourceBuilder<ProjectResource> WithModelServers(this IResourceBuilder<ProjectResource> catalogue, ModelServers models)
    {
        // What has left the graph is deleted, even when nothing is left.
        catalogue.WithEnvironment("Catalogue__ManagedResources__apphost", "# Managed by the AppHost.");
        foreach (var server in models.Servers)
        {
            catalogue.WithEnvironment($"Catalogue__ManagedResources__{server.Resource.Resource.Name.Replace('-', '_')}", server.Document);
        }

        return catalogue;
    }

    /// <summary>Says that the gateway talks to the servers, whose addresses it learns from the catalogue.</summary>
    public static IResourceBuilder<ProjectResource> WithEngines(this IResourceBuilder<ProjectResource> gateway, ModelServers models)
    {
        foreach (var server in models.Servers)
        {
            gateway.WithReferenceRelationship(server.Resource);
        }

        return gateway;
    }

    /// <summary>Lets deployments run on the graph's simulator, which takes replicas from this machine alone.</summary>
    public static IResourceBuilder<ProjectResource> WithSimulatedTarget(this IResourceBuilder<ProjectResource> project, ModelServers models) =>
        models.Simulated && project.ApplicationBuilder.ExecutionContext.IsRunMode
            ? project.WithEnvironment("Builder__Simulated__Endpoint", models.Servers[0].Resource.GetEndpoint("http"))
            : project;

    private static List<ModelServer> AddVllm(this IDistributedApplicationBuilder builder, IReadOnlyList<LocalModel> models)
    {
        var weights = builder.AddExternalService("hugging-face", "https://huggingface.co");
        return [.. models.Select(model =>
        {
            var name = "vllm-" + Slug(model.Id);
            var server = builder.AddContainer(name, VllmImage, VllmTag)
                .WithHttpEndpoint(targetPort: 8000, name: "http")
                .WithHttpProbe(ProbeType.Startup, "/health", periodSeconds: VllmStartSeconds, timeoutSeconds: 5, failureThreshold: VllmStartFailures)
                .WithHttpProbe(ProbeType.Liveness, "/health", periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6)
                .WithHttpProbe(ProbeType.Readiness, "/health", timeoutSeconds: 5)
                .WithVolume("orrery-model-cache", "/models")
                .WithEnvironment("HF_ENDPOINT", weights)
                .WithEnvironment("HF_HOME", "/models")
                .WithEnvironment("HOME", "/tmp")
                .WithEnvironment("USER", "vllm")
                .WithReferenceRelationship(weights)
                .WithArgs([model.Repository ?? model.Id, "--served-model-name", model.Id, .. model.Args])
                .WithResources(cpu: "2", memory: "16Gi", memoryLimit: "32Gi")
                .WithUser(VllmUser)
                .WithMetrics("/metrics", 8000)
                .WithGpu(model.Gpus);
            return new ModelServer(server, Provider(name, server.GetEndpoint("http"), [model], simulated: false));
        })];
    }

    private static ModelServer AddSimulator(this IDistributedApplicationBuilder builder, IReadOnlyList<LocalModel> models, bool isOptional = false)
    {
        var server = builder.AddProject<Projects.Simulator>("simulator", launchProfileName: null)
            .WithHttpEndpoint()
            .WithAnnotation(new SimulatedAnnotation())
            .WithHttpProbe(ProbeType.Startup, "/health", initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 60)
            .WithHttpProbe(ProbeType.Liveness, "/health")
            .WithHttpProbe(ProbeType.Readiness, "/health")
            .WithResources(cpu: "100m", memory: "256Mi", memoryLimit: "512Mi")
            .WithMetrics("/metrics", 8080);
        if (builder.ExecutionContext.IsRunMode)
        {
            server.WithEnvironment("Simulator__AllowFaults", "true");
        }

        for (var i = 0; i < models.Count; i++)
        {
            server.WithEnvironment($"Simulator__Models__{i}__Id", models[i].Id);
            server.WithEnvironment($"Simulator__Models__{i}__Type", models[i].ModelType);
        }

        return new(isOptional ? server.WithoutPods() : server, Provider("simulator", server.GetEndpoint("http"), models, simulated: true));
    }

    /// <summary>One ModelProvider as YAML. Block style, because braces mean placeholders in a reference expression.</summary>
    private static ReferenceExpression Provider(string name, EndpointReference endpoint, IReadOnlyList<LocalModel> models, bool simulated)
    {
        var document = new ReferenceExpressionBuilder();
        document.AppendLiteral(
            $"""
             ---
             apiVersion: orrery.dev/v1
             kind: ModelProvider
             metadata:
               name: {name}
               labels:
                 orrery.dev/managed-by: apphost
             spec:
               provider: vllm
               simulated: {(simulated ? "true" : "false")}
               endpoint: 
             """);
        document.AppendFormatted(endpoint);
        document.AppendLiteral("\n  models:");
        foreach (var model in models)
        {
            document.AppendLiteral($"\n    - id: {model.Id}\n      modelType: {model.ModelType}");
        }

        return document.Build();
    }

    public static IReadOnlyList<LocalModel> ReadModels(IConfiguration configuration)
    {
        var models = configuration.GetSection("Models").Get<LocalModel[]>() ?? [];
        for (var i = 0; i < models.Length; i++)
        {
            var model = models[i];
            if (model.Id.Length == 0 || !model.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_'))
            {
                throw new DistributedApplicationException($"Models:{i}:Id is '{model.Id}'; expected letters, digits, '/', '.', '-' and '_', as in qwen3-8b.");
            }

            if (model.ModelType is not ("chat" or "multimodal" or "embedding"))
            {
                throw new DistributedApplicationException($"Models:{i}:ModelType is '{model.ModelType}'; expected chat, multimodal or embedding.");
            }

            if (model.Gpus is < 0 or > 64)
            {
                throw new DistributedApplicationException(string.Create(CultureInfo.InvariantCulture, $"Models:{i}:Gpus is {model.Gpus}; expected 0 to 64."));
            }
        }

        return models.Length > 0 ? models : throw new DistributedApplicationException("Models is empty; expected at least one model (AppHost/appsettings.json).");
    }

    private static string Slug(string id) =>
        string.Concat(id[(id.LastIndexOf('/') + 1)..].ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
}
