using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Text.Json;
using OpenAI;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>Azure's OpenAI service behind the gateway: addresses, header, errors and the chunks that only it sends.</summary>
public sealed class AzureTests
{
    [Theory]
    [InlineData("/openai", "2024-10-21", "/v1/chat/completions", "m", "/openai/deployments/upstream-model/chat/completions", "?api-version=2024-10-21")]
    [InlineData("/openai", "2025-04-01-preview", "/v1/embeddings", "embed", "/openai/deployments/upstream-model/embeddings", "?api-version=2025-04-01-preview")]
    [InlineData("/openai/v1", null, "/v1/chat/completions", "m", "/openai/v1/chat/completions", "")]
    [InlineData("/openai/v1", "preview", "/v1/embeddings", "embed", "/openai/v1/embeddings", "?api-version=preview")]
    public async Task Each_form_has_its_addresses_and_the_deployment_is_the_models_upstream_id(string path, string? version, string asked, string model, string expected, string query)
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Json(AzureEngine.Answer)));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + path, version)));
        for (var i = 0; i < 2; i++)
        {
            using var response = await world.PostAsync(model == "m" ? GatewayWorld.Chat() : """{"model":"embed","input":"x"}""", asked);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal((expected, query), (engine.Last.Path, engine.Last.Query));
            Assert.Equal("upstream-model", JsonDocument.Parse(engine.Last.Body).RootElement.GetProperty("model").GetString());
            Assert.False(engine.Last.Headers.ContainsKey("Authorization"));
        }
    }

    [Fact]
    public async Task Deployments_of_one_provider_have_addresses_of_their_own()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json(AzureEngine.Answer));
        var document = GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", "2024-10-21")) with
        {
            Models = [.. ((string[])["one", "two words"]).Select((id, i) => GatewayWorld.Model($"m{i}", ModelTypes.Chat) with { Offers = [new SnapshotOffer("p1", id)] })],
        };
        await using var world = await GatewayWorld.StartAsync(document);
        foreach (var (model, path) in new[] { ("m0", "/openai/deployments/one/chat/completions"), ("m1", "/openai/deployments/two%20words/chat/completions"), ("m0", "/openai/deployments/one/chat/completions") })
        {
            using var response = await world.PostAsync(GatewayWorld.Chat(model));
            Assert.Equal(path, engine.Last.Path);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_begins_with_the_answer_and_holds_choices_in_every_chunk_but_the_last(bool wantsUsage)
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Sse(AzureEngine.Stream("Hel", "lo"))));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", "2024-10-21")));
        using var response = await world.PostAsync(GatewayWorld.StreamChat(wantsUsage ? ""","stream_options":{"include_usage":true}""" : ""));
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", lines[^1]);
        var chunks = lines[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement).ToList();
        Assert.All(chunks, chunk => Assert.Equal(("m", "chatcmpl-1", "chat.completion.chunk"), (chunk.GetProperty("model").GetString(), chunk.GetProperty("id").GetString(), chunk.GetProperty("object").GetString())));
        var withChoices = wantsUsage ? chunks[..^1] : chunks;
        Assert.All(withChoices, chunk => Assert.True(chunk.GetProperty("choices")[0].TryGetProperty("delta", out _)));
        Assert.Equal(4, withChoices.Count);
        Assert.Equal("safe", withChoices[1].GetProperty("choices")[0].GetProperty("content_filter_results").GetProperty("hate").GetProperty("severity").GetString());
        var used = await world.OnlyUsageAsync();
        Assert.Equal((7, 2, false), (used.PromptTokens, used.CompletionTokens, used.Estimated));
    }

    [Fact]
    public async Task What_its_filters_say_first_does_not_keep_another_provider_from_answering()
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Sse([AzureEngine.Stream()[0], """data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}""" + "\n\n"])));
        await using var other = await ScriptedEngine.StartAsync(Sse([Role, Chunk("Hi", finish: "\"stop\""), Done]));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", "2024-10-21"), GatewayWorld.Provider("p2", other.Url)));
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());
        Assert.DoesNotContain("prompt_filter_results", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAIs_own_client_reads_its_streams()
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Sse(AzureEngine.Stream("Hel", "lo"))));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai/v1", null)));
        var options = new OpenAIClientOptions { Endpoint = new Uri(world.Address + "/v1"), RetryPolicy = new ClientRetryPolicy(0) };
        var text = "";
        await foreach (var update in new OpenAIClient(new ApiKeyCredential(GatewayWorld.Key), options).GetChatClient("m").CompleteChatStreamingAsync("Hi"))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
        }

        Assert.Equal("Hello", text);
    }

    [Theory]
    [InlineData("2024-06-01", false)]
    [InlineData("2024-08-01-preview", false)]
    [InlineData("2024-09-01-preview", true)]
    [InlineData("2024-10-21", true)]
    public async Task Usage_of_streams_is_asked_for_where_the_version_knows_it_and_estimated_elsewhere(string version, bool isCounted)
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Sse(isCounted ? AzureEngine.Stream("Hel", "lo") : [.. AzureEngine.Stream("Hel", "lo").Where(piece => !piece.Contains("\"usage\":{", StringComparison.Ordinal))])));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", version)));
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((!isCounted, 2), (used.Estimated, used.CompletionTokens));
    }

    [Fact]
    public async Task What_its_content_filter_refuses_stays_400_with_its_code_and_is_tried_nowhere_else()
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Json(AzureEngine.Filtered, 400)));
        await using var other = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", "2024-10-21"), GatewayWorld.Provider("p2", other.Url)));
        foreach (var body in new[] { GatewayWorld.Chat(), GatewayWorld.StreamChat() })
        {
            using var response = await world.PostAsync(body);
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((400, "invalid_request_error", "content_filter", "prompt"), (error.Status, error.Type, error.Code, error.Param));
            Assert.StartsWith("The response was filtered due to the prompt triggering", error.Message);
        }

        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData(429, AzureEngine.Throttled, 429, "rate_limit_exceeded", "7")]
    [InlineData(404, """{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}""", 404, "DeploymentNotFound", null)]
    [InlineData(401, """{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."}""", 502, "upstream_credential_refused", null)]
    public async Task Its_errors_keep_their_meaning(int status, string body, int expected, string code, string? retryAfter)
    {
        await using var engine = await ScriptedEngine.StartAsync(AzureEngine.Serves(Json(body, status, retryAfter is null ? [] : [("Retry-After", retryAfter)])));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", "2024-10-21")));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((expected, code), (error.Status, error.Code));
        Assert.Equal(retryAfter, response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null);
    }

    [Fact]
    public async Task What_it_has_no_path_for_is_refused_with_the_reason()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AzureEngine.Provider("p1", engine.Address + "/openai", "2024-10-21")));
        using var response = await world.PostAsync("""{"model":"embed","query":"q","documents":["a"]}""", "/v1/rerank");
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, "unsupported_operation"), (error.Status, error.Code));
        Assert.Empty(engine.Requests);
    }
}
