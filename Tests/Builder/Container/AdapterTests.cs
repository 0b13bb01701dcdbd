using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

/// <summary>Adapters on a base model: one server, started as vLLM is, that answers to each of their ids.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class AdapterTests(ServerImage image, PostgresServer postgres)
{
    private const string Base = "acme-chat";
    private const string Legal = "acme/legal";
    private const string French = "acme-chat=fr";

    [Fact]
    public async Task Adapters_are_served_beside_their_base_model_through_the_same_API_and_go_again()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "adapters");
        (await story.World.Apply(Deployment($"{{ id: {Legal}, repo: acme/legal-lora }}, {{ id: {French}, path: \"own/french, v2\" }}"))).ExpectOk();
        await Eventually.Holds(() => story.World.Ask(French), answer => answer.Status == HttpStatusCode.ServiceUnavailable && answer.Text.Contains("phase: ", StringComparison.Ordinal));
        await story.World.Running("chat");
        Assert.Equal(
            [
                "acme/chat-8b", "--served-model-name", Base, "--host", "0.0.0.0", "--port", "8000", "--max-model-len", "4096", "--max-lora-rank", "64", "--enable-lora", "--max-loras", "2",
                "--lora-modules", "acme/legal=acme/legal-lora", """{"name":"acme-chat=fr","path":"/models/own/french, v2"}""",
            ],
            await CommandOf("r1-0"));
        Assert.Equal(
            [(Base, "acme/chat-8b", null), (Legal, "acme/legal-lora", Base), (French, "/models/own/french, v2", Base)],
            await ServedBy(story));

        await Eventually.Holds(() => story.World.Ask(French), answer => answer.Status == HttpStatusCode.OK);
        var told = await story.AskWithOpenAi(Base, Legal, French);
        Assert.Equal([Base, Legal, French], told.GetProperty("listed").EnumerateArray().Select(id => id.GetString()).OrderBy(id => id == Base ? 0 : id == Legal ? 1 : 2));
        var answers = told.GetProperty("answers").EnumerateArray().ToList();
        Assert.All(answers, answer => Assert.Equal(answer.GetProperty("asked").GetString(), answer.GetProperty("chat").GetProperty("model").GetString()));
        Assert.All(answers, answer => Assert.Equal(Content(answer, "chat"), Content(answer, "stream")));
        Assert.Equal(3, answers.Select(answer => Content(answer, "chat")).Distinct().Count());

        (await story.World.Apply(Deployment($"{{ id: {Legal}, repo: acme/legal-lora }}"))).ExpectOk();
        await story.World.Status("chat", status => (int?)status["revision"] == 2 && status["nextRevision"] is null && (string?)status["phase"] == "running");
        await Eventually.Holds(story.Listed, listed => listed.Order(StringComparer.Ordinal).SequenceEqual([Base, Legal]));
        Assert.Equal(HttpStatusCode.NotFound, (await story.World.Ask(French)).Status);
        Assert.Equal(HttpStatusCode.OK, (await story.World.Ask(Legal)).Status);
        await story.Delete("chat");
    }

    [Fact]
    public async Task An_adapter_out_of_a_repository_whose_licence_nobody_has_accepted_is_not_started()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Deployment("{ id: coder, repo: mistralai/Codestral-22B-v0.1 }"))).ExpectOk();
        var status = await world.Status("chat", told => (string?)told["phase"] == "error");
        Assert.StartsWith("Licence MNPL-0.1 (acceptance): The Catalogue's entry 'codestral-22b' has the same repository", (string?)status!["message"], StringComparison.Ordinal);
        Assert.Equal("LicenceRefused", (string?)status["conditions"]![0]!["reason"]);
        Assert.Empty(await world.SimulatedReplicas());
    }

    private static async Task<string[]> CommandOf(string replica) =>
        JsonSerializer.Deserialize<string[]>((await ContainerWorld.PodmanAsync("inspect", "--format", "{{json .Config.Cmd}}", $"{Leftovers.Mine}-default-chat-{replica}")).Text)!;

    /// <summary>What the server itself says that it has.</summary>
    private static async Task<IReadOnlyList<(string? Id, string? Root, string? Parent)>> ServedBy(ContainerStory story)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var models = JsonNode.Parse(await http.GetStringAsync((string)(await story.Replicas("chat"))[0]["address"]! + "v1/models"))!;
        return [.. models["data"]!.AsArray().Select(model => ((string?)model!["id"], (string?)model["root"], (string?)model["parent"]))];
    }

    private static string? Content(JsonElement answer, string how) => answer.GetProperty(how).GetProperty("content").GetString();

    private static string Deployment(string adapters) =>
        $$"""
        kind: ModelDeployment
        metadata: { name: chat }
        spec:
          entry: { id: {{Base}}, modelType: chat, engine: vllm, repo: acme/chat-8b, licence: Apache-2.0, parameters: 8B, weights: 16GB, dtype: bf16, contextWindow: 4096, maxModelLength: 4096 }
          image: {{ServerImage.Name}}
          arguments: { --max-lora-rank: "64" }
          gpu: { count: 0 }
          cache: none
          resources: { cpu: "1", memory: 512Mi }
          probes: { interval: 1s }
          rollout: { drain: 1s }
          adapters: [{{adapters}}]

        """;
}
