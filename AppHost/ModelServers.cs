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

/// <summary>The servers of the graph's own models, and the documents that declare them to the catalogue.</summary>
/// <param name="ManagedResources">YAML documents, applied whole by the catalogue at each start.</param>
/// <param name="Models">In the order of the configuration.</param>
/// <param name="Simulated">The answers are made up by the simulator.</param>
internal sealed record ModelServers(ReferenceExpression ManagedResources, IReadOnlyList<LocalModel> Models, bool Simulated);

internal static class ModelServerExtensions
{
    private const string VllmImage = "docker.io/vllm/vllm-openai";
    private const string VllmTag = "v0.16.0";

    /// <summary>
    /// One vLLM container a model when published, or when this machine has a GPU and a container tool; otherwise the simulator,
    /// which says in every answer that it is one. <c>Parameters__model_servers</c> (<c>auto</c>, <c>vllm</c>, <c>simulator</c>) decides
    /// instead: a real engine that was asked for is never replaced by the simulator.
    /// </summary>
    public static ModelServers AddModelServers(this IDistributedApplicationBuilder builder)
    {
        var models = ReadModels(builder.Configuration);
        return UsesVllm(builder) ? builder.AddVllm(models) : builder.AddSimulator(models);
    }

    public static bool UsesVllm(IDistributedApplicationBuilder builder) => builder.ParameterText("model-servers") switch
    {
        null or "auto" => builder.ExecutionContext.IsPublishMode || (LocalMachine.HasNvidiaGpu && LocalMachine.HasContainerTool),
        "vllm" => true,
        "simulator" => false,
        var other => throw new DistributedApplicationException($"Parameters__model_servers is '{other}'; expected auto, vllm or simulator."),
    };

    private static ModelServers AddVllm(this IDistributedApplicationBuilder builder, IReadOnlyList<LocalModel> models)
    {
        var documents = new ReferenceExpressionBuilder();
        foreach (var model in models)
        {
            var name = "vllm-" + Slug(model.Id);
            var server = builder.AddContainer(name, VllmImage, VllmTag)
                .WithHttpEndpoint(targetPort: 8000, name: "http")
                .WithHttpHealthCheck("/health")
                .WithVolume("orrery-model-cache", "/models")
                .WithEnvironment("HF_HOME", "/models")
                .WithArgs(["--model", model.Repository ?? model.Id, "--served-model-name", model.Id, .. model.Args])
                .WithGpu(model.Gpus);
            documents.AppendProvider(name, server.GetEndpoint("http"), [model], simulated: false);
        }

        return new ModelServers(documents.Build(), models, Simulated: false);
    }

    private static ModelServers AddSimulator(this IDistributedApplicationBuilder builder, IReadOnlyList<LocalModel> models)
    {
        var server = builder.AddProject<Projects.Simulator>("simulator", launchProfileName: null)
            .WithHttpEndpoint()
            .WithHttpHealthCheck("/health")
            .WithEnvironment("Simulator__AllowFaults", "true");
        for (var i = 0; i < models.Count; i++)
        {
            server.WithEnvironment($"Simulator__Models__{i}__Id", models[i].Id);
            server.WithEnvironment($"Simulator__Models__{i}__Type", models[i].ModelType);
        }

        var documents = new ReferenceExpressionBuilder();
        documents.AppendProvider("simulator", server.GetEndpoint("http"), models, simulated: true);
        return new ModelServers(documents.Build(), models, Simulated: true);
    }

    /// <summary>One ModelProvider as YAML. Block style, because braces mean placeholders in a reference expression.</summary>
    private static void AppendProvider(
        this ReferenceExpressionBuilder documents, string name, EndpointReference endpoint, IReadOnlyList<LocalModel> models, bool simulated)
    {
        documents.AppendLiteral(
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
        documents.AppendFormatted(endpoint);
        documents.AppendLiteral("\n  models:\n");
        foreach (var model in models)
        {
            documents.AppendLiteral($"    - id: {model.Id}\n      modelType: {model.ModelType}\n");
        }
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
