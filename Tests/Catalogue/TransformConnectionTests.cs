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
