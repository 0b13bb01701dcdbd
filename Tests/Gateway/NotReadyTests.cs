using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>Models that are declared and that nobody serves now: every way of asking gets 503 with the phase and when to come again.</summary>
public sealed class NotReadyTests
{
    public static TheoryData<string, string> Requests => new()
    {
        { "/v1/chat/completions", """{"model":"MODEL","messages":[{}]}""" },
        { "/v1/chat/completions", """{"model":"MODEL","messages":[{}],"stream":true}""" },
        { "/api/v1/ai/chat/completions", """{"model":"MODEL","messages":[{}],"routing":{"fallback":true}}""" },
        { "/v1/chat/completions", """{"models":["MODEL","MODEL-too"],"messages":[{}]}""" },
        { "/v1/chat/completions", """{"model":"nick-MODEL","messages":[{}]}""" },
        { "/v1/completions", """{"model":"MODEL","prompt":"x"}""" },
        { "/v1/embeddings", """{"model":"embed-MODEL","input":"x"}""" },
        { "/v1/rerank", """{"model":"embed-MODEL","documents":["x"]}""" },
        { "/v1/score", """{"model":"embed-MODEL"}""" },
        { "/v1/generations/images", """{"model":"picture-MODEL","prompt":"x"}""" },
        { "/v1/audio/speech", """{"model":"voice-MODEL","input":"x"}""" },
        { "/v1/audio/transcriptions", "ears-MODEL" },
        { "/v1/audio/translations", "ears-MODEL" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task It_says_the_phase_and_when_to_come_again(string path, string body)
    {
        var schema = OpenAiSchema.Load();
        await using var world = await StartAsync();
        foreach (var (phase, why) in new[]
        {
            ("declared", "no provider serves it yet"),
            ("error", "its provider cannot be called; the operator finds why in the gateway's log"),
            ("stopped", "its provider has no endpoint in service"),
        })
        {
            var asked = body.Replace("MODEL", phase, StringComparison.Ordinal);
            using var response = await AskAsync(world, path, asked);
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((503, "service_unavailable", "model", "model_not_ready"), (error.Status, error.Type, error.Param, error.Code));
            Assert.Matches($"^The model '[a-z-]*{phase}' is not ready \\(phase: {phase}\\): {why}\\.$", error.Message);
            Assert.Equal("10", response.Headers.GetValues("Retry-After").Single());
            schema.Validate("ErrorResponse", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        await Eventually.Holds(() => Task.FromResult(world.Catalogue.Usage), usage => usage.Count == 3);
        Assert.All(world.Catalogue.Usage, used => Assert.Equal((503, UsageOutcomes.Refused, 0, 0), (used.Status, used.Outcome, used.PromptTokens, used.CompletionTokens)));
    }

    [Fact]
    public async Task It_answers_as_soon_as_somebody_serves_it()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with { Models = [GatewayWorld.Model("m", ModelTypes.Chat)] });
        Assert.Equal(503, (await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat()))).Status);
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Models = [GatewayWorld.Model("m", ModelTypes.Chat, "p1")] });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();
    }

    [Theory]
    [InlineData(DeploymentPhases.Deploying, 1, "deploying", "it is being deployed")]
    [InlineData(DeploymentPhases.Active, 1, "active", "its server is starting")]
    [InlineData(DeploymentPhases.Error, 1, "error", "its deployment needs the operator, who finds why in its status")]
    [InlineData(DeploymentPhases.Error, 0, "error", "its deployment needs the operator, who finds why in its status")]
    [InlineData(DeploymentPhases.Active, 0, "active", "its deployment is scaled to 0 replicas")]
    public async Task A_deployments_model_says_its_phase_also_where_the_deployment_is_named(string phase, int replicas, string shown, string why)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document() with
        {
            Models = [GatewayWorld.Model("acme/m", ModelTypes.Chat) with { Aliases = ["nick"], Deployments = [new("chat", phase, replicas)] }],
        });
        foreach (var (name, said) in new[] { ("acme/m", "acme/m"), ("chat/acme/m", "chat/acme/m"), ("chat:acme/m", "chat/acme/m"), ("chat/nick", "chat/acme/m") })
        {
            using var response = await world.PostAsync($$"""{"model":"{{name}}","messages":[{}]}""");
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((503, "model_not_ready", $"The model '{said}' is not ready (phase: {shown}): {why}."), (error.Status, error.Code, error.Message));
            Assert.Equal("10", response.Headers.GetValues("Retry-After").Single());
        }

        Assert.Equal(404, (await ErrorBody.ReadAsync(await world.PostAsync("""{"model":"other/acme/m","messages":[{}]}"""))).Status);
    }

    /// <remarks>Whoever names it wants no other; the model itself is served.</remarks>
    [Fact]
    public async Task A_deployment_that_waits_is_not_replaced_by_another_provider_of_the_model()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with
        {
            Models = [.. document.Models.Select(model => model with { Deployments = [new("chat", DeploymentPhases.Active, 1)] })],
        });
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();
        (await world.PostAsync("""{"models":["chat/m","m"],"messages":[{}]}""")).EnsureSuccessStatusCode().Dispose();
        var error = await ErrorBody.ReadAsync(await world.PostAsync("""{"model":"chat/m","messages":[{}]}"""));
        Assert.Equal((503, "The model 'chat/m' is not ready (phase: active): its server is starting."), (error.Status, error.Message));
    }

    [Fact]
    public async Task Of_several_deployments_the_one_that_is_furthest_on_is_told_of()
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document() with
        {
            Models =
            [
                GatewayWorld.Model("m", ModelTypes.Chat) with
                {
                    Deployments = [new("a", DeploymentPhases.Error, 1), new("b", DeploymentPhases.Active, 0), new("c", DeploymentPhases.Active, 1), new("d", DeploymentPhases.Deploying, 1)],
                },
            ],
        });
        Assert.Contains("(phase: active): its server is starting.", (await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat()))).Message, StringComparison.Ordinal);
    }

    /// <remarks>A model that waits stands in nobody's way.</remarks>
    [Fact]
    public async Task The_next_of_several_models_answers_meanwhile()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with { Models = [.. document.Models, GatewayWorld.Model("declared", ModelTypes.Chat)] });
        using var response = await world.PostAsync("""{"models":["declared","m"],"messages":[{}]}""");
        Assert.Equal((200, "p1"), ((int)response.StatusCode, response.Headers.GetValues("X-Orrery-Provider").Single()));
    }

    private static async Task<HttpResponseMessage> AskAsync(GatewayWorld world, string path, string body)
    {
        if (body.StartsWith('{'))
        {
            return await world.PostAsync(body, path);
        }

        using var form = new MultipartFormDataContent { { new ByteArrayContent([.. "RIFF"u8]), "file", "a.wav" }, { new StringContent(body), "model" } };
        return await world.Client.PostAsync(path, form, TestContext.Current.CancellationToken);
    }

    /// <summary>Of each type one model that no provider names, one whose provider's key cannot be opened, and one whose provider has no endpoint.</summary>
    private static async Task<GatewayWorld> StartAsync()
    {
        var world = await GatewayWorld.StartAsync(GatewayWorld.Document() with
        {
            Providers =
            [
                GatewayWorld.Provider("closed", "http://127.0.0.1:9/v1") with { ApiKey = new Orrery.ServiceDefaults.SecretSealer("another-key-than-the-gateways-0123456789").Seal("c", "sk"), ApiKeyContext = "c" },
                GatewayWorld.Provider("empty"),
            ],
            Models = [.. Models("declared"), .. Models("error", "closed"), .. Models("stopped", "empty")],
        });
        world.ExpectError("CredentialSealed");
        return world;
    }

    private static IEnumerable<SnapshotModel> Models(string phase, params string[] providers) =>
    [
        GatewayWorld.Model(phase, ModelTypes.Chat, providers) with { Aliases = ["nick-" + phase] },
        GatewayWorld.Model(phase + "-too", ModelTypes.Multimodal, providers),
        GatewayWorld.Model("embed-" + phase, ModelTypes.Embedding, providers),
        GatewayWorld.Model("picture-" + phase, ModelTypes.ImageGeneration, providers),
        GatewayWorld.Model("voice-" + phase, ModelTypes.TextToSpeech, providers),
        GatewayWorld.Model("ears-" + phase, ModelTypes.SpeechToText, providers),
    ];
}
