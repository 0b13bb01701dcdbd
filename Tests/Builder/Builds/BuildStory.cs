using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Tests.Builder.Container;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.Builds;

/// <summary>A world whose Builder builds images with this machine's podman and pushes them to a registry of its own that wants to know who comes.</summary>
internal sealed class BuildStory : IAsyncDisposable
{
    private readonly string _folder;

    private BuildStory(ContainerStory story, RegistryServer registry, string folder, string @base) => (Story, Registry, _folder, Base) = (story, registry, folder, @base);

    public ContainerStory Story { get; }

    public BuilderWorld World => Story.World;

    public RegistryServer Registry { get; }

    /// <summary>An image in the registry that holds the simulator.</summary>
    public string Base { get; }

    public static string Credentials(RegistryServer registry) =>
        new JsonObject { ["auths"] = new JsonObject { [registry.Address] = new JsonObject { ["username"] = RegistryServer.User, ["password"] = RegistryServer.Password } } }.ToJsonString();

    public static string Secret(RegistryServer registry, string @namespace = "default") =>
        $"kind: Secret\nmetadata: {{ name: registries, namespace: {@namespace} }}\nspec: {{ data: {{ .dockerconfigjson: {JsonSerializer.Serialize(Credentials(registry))} }} }}\n---\n";

    /// <param name="more">Settings of its Builder; <c>REGISTRY</c> in them becomes the registry's address.</param>
    public static async Task<BuildStory> StartAsync(PostgresServer postgres, string name, params string[] more)
    {
        var registry = await RegistryServer.StartAsync(auth: "htpasswd", deletes: true);
        var folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        var @base = $"{registry.Address}/base:1";
        _ = (await ContainerWorld.PodmanAsync("push", "--tls-verify=false", $"--creds={RegistryServer.User}:{RegistryServer.Password}", ServerImage.Name, $"docker://{@base}")).Text;
        var story = await ContainerStory.StartAsync(
            postgres, name, ["Builder:Builds:Tool=podman", $"Builder:Builds:Registry={registry.Address}/{Leftovers.Mine}", $"Builder:Builds:Folder={folder}", "Builder:Builds:Arguments:0=--network=none", .. more.Select(setting => setting.Replace("REGISTRY", registry.Address, StringComparison.Ordinal))]);
        (await story.World.Apply(Secret(registry))).ExpectOk();
        return new BuildStory(story, registry, folder, @base);
    }

    /// <summary>A model of one's own with a Dockerfile of its own, that the simulator serves.</summary>
    public string Model(string id, string steps, string more = "") => $$"""
        kind: Model
        metadata: { name: {{id}} }
        spec:
          id: {{id}}
          modelType: chat
          engine: vllm
          licence: Apache-2.0
          parameters: 8B
          weights: 16GB
          dtype: bf16
          contextWindow: 4096
          dockerfile: |
            FROM {{Base}}
            LABEL dev.orrery.model="{{id}}"
            {{steps.ReplaceLineEndings("\n    ")}}
            ENV HF_HOME=/models
            EXPOSE 8000
            USER 10001:10001
            HEALTHCHECK CMD ["/bin/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/health"]
            ENTRYPOINT ["/bin/sh", "/serve"]
            CMD ["acme/chat-8b", "--served-model-name", "{{id}}", "--port", "8000"]
          {{more.ReplaceLineEndings("\n  ")}}
        ---

        """;

    public static string Deployment(string name, string model) => $$"""
        kind: ModelDeployment
        metadata: { name: {{name}} }
        spec: { model: {{model}}, gpu: { count: 0 }, cache: none, resources: { cpu: "1", memory: 512Mi }, probes: { interval: 1s }, rollout: { drain: 1s } }
        ---

        """;

    public async Task<IReadOnlyList<JsonNode>> Builds(string query = "") => [.. (await World.Catalogue.Get($"/builds{query}")).ExpectOk().Json["data"]!.AsArray().Select(one => one!)];

    public Task<JsonNode> Build(string id, Func<JsonNode, bool> holds) => Eventually.Holds(async () => (await World.Catalogue.Get($"/builds/{id}")).ExpectOk().Json, holds, TimeSpan.FromSeconds(120));

    public async Task<string> Log(string id) => (await World.Catalogue.Get($"/builds/{id}/log")).ExpectOk().Text;

    public Task<Orrery.Tests.Catalogue.Answer> Ask(string model) => World.Catalogue.Post($"/builds?model={model}", "");

    /// <summary>Bytes that the registry keeps.</summary>
    public long Stored() => Directory.EnumerateFiles(Registry.Storage, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    /// <summary>Nothing of any build is left on the disk.</summary>
    public IReadOnlyList<string> Files() => [.. Directory.EnumerateFileSystemEntries(_folder)];

    /// <summary>Containers of the build tool's that outlived it, of this registry's images.</summary>
    public async Task<IReadOnlyList<string>> WorkingContainers() =>
        [.. (await ContainerWorld.PodmanAsync("ps", "--all", "--external", "--format", "{{.Names}} {{.Image}}", "--filter", "status=unknown")).Text.Split('\n').Where(line => line.Contains(Registry.Address, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        await Story.DisposeAsync();
        foreach (var start in (string[])[Registry.Address, "localhost/orrery/built-"])
        {
            await Leftovers.RemoveImagesAsync(start);
        }

        await Registry.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
