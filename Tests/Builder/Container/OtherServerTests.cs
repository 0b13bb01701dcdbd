using System.Net;

namespace Orrery.Tests.Builder.Container;

/// <summary>Servers that are not what their deployment says, as its operator sees them.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class OtherServerTests(ServerImage image, PostgresServer postgres)
{
    [Fact]
    public async Task A_server_of_another_model_does_not_run_and_is_told_with_the_remedy()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "other");
        (await story.World.Apply(Deployment("acme/chat-8b, --served-model-name, acme/chat-8b, --host, 0.0.0.0, --port, '8000'"))).ExpectOk();
        var status = await story.World.Status("chat", told => (string?)told["phase"] == "error");
        Assert.Equal(
            "Its server answers to 'acme/chat-8b' and not to 'acme-chat', which the gateway asks it for: have what starts it say --served-model-name acme-chat, or deploy the image of that model.",
            (string?)status!["message"]);
        Assert.Equal("failed", (string?)Assert.Single(await story.Replicas("chat"))["state"]);
        Assert.Empty(await story.World.Endpoints("chat"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await story.World.Ask("acme-chat")).Status);

        // Put right, it serves; and one that lists no models serves as it always did.
        (await story.World.Apply(Deployment("acme/chat-8b, --served-model-name, acme-chat, --host, 0.0.0.0, --port, '8000'"))).ExpectOk();
        await story.World.Status("chat", told => (string?)told["phase"] == "running" && (int?)told["revision"] == 2);
        (await story.World.Apply(Deployment("--port, '8000'"))).ExpectOk();
        await story.World.Status("chat", told => (int?)told["revision"] == 3 && told["nextRevision"] is null);
        await story.Delete("chat");
    }

    private static string Deployment(string words) =>
        $$"""
        kind: ModelDeployment
        metadata: { name: chat }
        spec:
          entry: { id: acme-chat, modelType: chat, engine: vllm, repo: acme/chat-8b, licence: Apache-2.0, parameters: 8B, weights: 16GB, dtype: bf16, contextWindow: 4096 }
          image: {{ServerImage.Name}}
          command: [/bin/sh, /serve, {{words}}]
          gpu: { count: 0 }
          cache: none
          probes: { interval: 1s }
          rollout: { drain: 0s }

        """;
}
