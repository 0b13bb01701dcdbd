using System.Net;
using System.Text.Json.Nodes;
using Orrery.Tests.Gateway;
using Orrery.Tests.Gateway.Transforms;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>The test of a connection to a server with an API of its own: a small request goes through the transforms and back. And what is wrong with transforms when they are applied.</summary>
public sealed class TransformConnectionTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Catalogue:ConnectionTestTimeout=00:00:10");

    public async ValueTask DisposeAsync() => await _catalogue.DisposeAsync();

    private async Task<(JsonNode Step, bool Ok)> TestAsync(string document, string query, string step = "request")
    {
        var answer = (await _catalogue.Post($"{Root}/modelproviders/test{query}", document)).Expect(HttpStatusCode.OK);
        Assert.DoesNotContain(TransformPage.Credential, answer.Text, StringComparison.Ordinal);
        return (answer.Json["steps"]!.AsArray().Single(one => (string?)one!["step"] == step)!, (bool)answer.Json["ok"]!);
    }

    [Fact]
    public async Task A_small_request_goes_through_the_transforms_and_back()
    {
        await using var server = await ScriptedEngine.StartAsync(OllamaServer.Answers("\"content\":\"Hi\""));
        var document = TransformPage.At("ollama", server.Address);
        var (step, ok) = await TestAsync(document, "?model=qwen3");
        Assert.Equal((true, "'qwen3:8b' answered, and the transforms read it"), (ok, (string?)step["found"]));
        Assert.Equal(("/api/chat", """{"model":"qwen3:8b","stream":false,"messages":[{"role":"user","content":"Hi"}],"options":{"num_predict":16}}"""), (server.Last.Path, server.Last.Body));
        server.Script = OllamaServer.Embeds([1f]);
        Assert.True((await TestAsync(document, "?model=nomic")).Ok);
        Assert.Equal("/api/embed", server.Last.Path);
        Assert.Equal("skipped", (string?)(await TestAsync(document, "", "models")).Step["state"]);
    }

    [Fact]
    public async Task A_transform_that_does_not_fit_is_named_by_its_field()
    {
        await using var server = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"text":"Hi"}"""));
        var (step, ok) = await TestAsync(TransformPage.At("ollama", server.Address), "?model=qwen3");
        Assert.Equal((false, "transform_failed"), (ok, (string?)step["cause"]));
        Assert.StartsWith("spec.transforms.chat.response.body fails at 2:", (string?)step["found"], StringComparison.Ordinal);
        server.Script = OllamaServer.NotFound;
        (step, _) = await TestAsync(TransformPage.At("ollama", server.Address), "?model=qwen3");
        Assert.Equal("model_not_found", (string?)step["cause"]);
        server.Script = ScriptedEngine.Json("<html>");
        (step, _) = await TestAsync(TransformPage.At("ollama", server.Address), "?model=qwen3");
        Assert.Equal("transform_failed", (string?)step["cause"]);
        server.Script = ScriptedEngine.Json("""{"error":"out of memory"}""");
        (step, _) = await TestAsync(TransformPage.At("ollama", server.Address), "?model=qwen3");
        Assert.Equal(("request_refused", "the answer is an error: out of memory"), ((string?)step["cause"], (string?)step["found"]));
    }

    /// <summary>What only the answer shows.</summary>
    [Theory]
    [InlineData("response.cost", "response.body gives a map with 'in'; expected content, reasoning, ")]
    [InlineData("response.reply\n        usage: response.cost", "response.usage gives usage with 'in'; expected prompt_tokens, ")]
    [InlineData("response.reply\n        usage: \"{'prompt_tokens': response.less}\"", "response.usage gives a number as 'prompt_tokens'; expected a whole number from 0 on, or null")]
    [InlineData("response.less", "response.body gives a number; expected a text, null, or a map of content, ")]
    public async Task What_the_gateway_would_refuse_does_not_pass(string response, string fault)
    {
        await using var server = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"reply":"Hi","cost":{"in":3},"less":-4}"""));
        var (step, ok) = await TestAsync(Parrot(server.Address, "{'q': request.turns[-1].text}", response), "?model=m");
        Assert.Equal((false, "transform_failed"), (ok, (string?)step["cause"]));
        Assert.StartsWith("spec.transforms.chat." + fault, (string?)step["found"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'most': request.max_tokens + 1.0}", "spec.transforms.chat.request.body fails at 1:")]
    [InlineData("{'most': request.max_tokens == null ? 1 : 2, 's': stream ? request.turns[3].text : ''}", "spec.transforms.chat.request.body fails at 1:")]
    public async Task What_other_requests_than_the_small_one_need_is_tried_before_it_is_sent(string request, string fault)
    {
        await using var server = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"reply":"Hi"}"""));
        var document = Parrot(server.Address, request, "response.reply\n      stream: { format: ndjson, event: event.text }");
        Assert.StartsWith(fault, (string?)(await TestAsync(document, "?model=m")).Step["found"], StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    private static string Parrot(string url, string request, string response) =>
        $$"""
          kind: ModelProvider
          metadata: { name: parrot }
          spec:
            provider: custom
            endpoint: {{url}}
            models: [{ id: m }]
            transforms:
              chat:
                request:
                  path: /talk
                  body: |
                    {{request}}
                response:
                  body: {{response}}
          """;

    [Fact]
    public async Task A_job_is_submitted_and_ended()
    {
        var replicate = new ReplicateServer();
        await using var server = await ScriptedEngine.StartAsync(replicate.Serve);
        var document = TransformPage.At("replicate", server.Address + "/v1") + "---\n" + Documents.Secret("replicate", TransformPage.Credential);
        var (step, ok) = await TestAsync(document, "?model=llama-3-70b");
        Assert.Equal((true, "'meta/meta-llama-3-70b-instruct' took the request as a job; its result was not waited for"), (ok, (string?)step["found"]));
        Assert.True(replicate.IsCancelled);
        replicate.Creation = ReplicateServer.Created("succeeded", "[\"Hi\"]");
        Assert.Equal("'meta/meta-llama-3-70b-instruct' answered, and the transforms read it", (string?)(await TestAsync(document, "?model=llama-3-70b")).Step["found"]);
        replicate.Creation = ReplicateServer.Created("starting", host: "evil.example");
        (step, ok) = await TestAsync(document, "?model=llama-3-70b");
        Assert.Equal((false, "spec.transforms.chat.job.status.url leads to another server than the endpoint, which is not asked"), (ok, (string?)step["found"]));
        replicate.Creation = ReplicateServer.State("failed", error: "\"no\"", code: 201);
        Assert.Equal("the job failed at once: no", (string?)(await TestAsync(document, "?model=llama-3-70b")).Step["found"]);
        document = document.Replace(TransformPage.Credential, "r8_another", StringComparison.Ordinal);
        Assert.Equal("authentication_refused", (string?)(await TestAsync(document, "?model=llama-3-70b")).Step["cause"]);
    }

    [Fact]
    public async Task What_is_applied_comes_back_and_what_is_wrong_is_told_with_its_place()
    {
        var document = TransformPage.Examples["tgi"];
        (await _catalogue.Apply(document)).ExpectOk();
        var stored = (await _catalogue.Get($"{Root}/modelproviders/tgi")).Expect(HttpStatusCode.OK);
        Assert.Contains("generate{stream ? '_stream' : ''}", (string?)stored.Json["spec"]!["transforms"]!["chat"]!["request"]!["path"], StringComparison.Ordinal);
        var refused = await _catalogue.Apply(document.Replace("event.generated_text != null", "event.generated_text !== null", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        var error = refused.Json["errors"]!.AsArray().Single()!;
        Assert.Equal("spec.transforms.chat.stream.done", (string?)error["path"]);
        Assert.Contains("at line 1, column ", (string?)error["expectation"], StringComparison.Ordinal);
        Assert.True((int)error["line"]! > 40);
    }
}
