using System.Net;
using System.Text;
using System.Text.Json;

namespace Orrery.Tests.EndToEnd;

/// <summary>Bad input through the whole house: each answers the documented error, promptly.</summary>
[Collection(RunningGraphCollection.Name)]
public sealed class BadInputTests(RunningGraph graph)
{
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("""{"model":"qwen3-8b","messages":[""", 400, null)]
    [InlineData("""{"model":7,"messages":[]}""", 400, "model")]
    [InlineData("""{"model":"qwen3-8b","messages":"hello"}""", 400, "messages")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", 400, "model")]
    [InlineData("""{"model":"no-such-model","messages":[{"role":"user","content":"x"}]}""", 404, "model")]
    [InlineData("""{"model":"bge-m3","messages":[{"role":"user","content":"x"}]}""", 400, "model")]
    [InlineData("""{"model":"qwen3-8b","messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", 400, null)]
    public async Task A_bad_chat_request_names_what_is_wrong(string body, int status, string? param)
    {
        var error = await Post(body, (HttpStatusCode)status);

        Assert.NotEqual("", error.GetProperty("message").GetString());
        if (param is not null)
        {
            Assert.Equal(param, error.GetProperty("param").GetString());
        }
    }

    [Theory]
    [InlineData("status=500", 502)]
    [InlineData("status=503", 503)]
    [InlineData("status=429;retry-after=1", 429)]
    [InlineData("cut-after=0", 502)]
    public async Task A_failing_engine_is_answered_in_OpenAIs_shape(string fault, int status)
    {
        var error = await Post(
            """{"model":"qwen3-8b","stream":true,"messages":[{"role":"user","content":"x"}]}""", (HttpStatusCode)status, fault);

        Assert.NotEqual("", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_stream_that_dies_half_way_ends_with_an_error_and_without_DONE()
    {
        using var client = graph.GatewayClient();
        using var request = Request("""{"model":"qwen3-8b","stream":true,"max_tokens":50,"messages":[{"role":"user","content":"x"}]}""", "cut-after=5");

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var text = new StringBuilder();
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                text.AppendLine(line);
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            text.AppendLine("(aborted)");
        }

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"error\"", text.ToString());
        Assert.DoesNotContain("[DONE]", text.ToString());
    }

    [Fact]
    public async Task A_document_with_an_unknown_field_is_refused_with_its_line_and_nothing_of_the_batch_is_applied()
    {
        using var client = graph.CatalogueClient();
        const string Documents =
            """
            apiVersion: orrery.dev/v1
            kind: Model
            metadata: { name: fine }
            spec: { id: fine, modelType: chat }
            ---
            apiVersion: orrery.dev/v1
            kind: Model
            metadata: { name: wrong }
            spec:
              id: wrong
              modelTyp: chat
            """;

        using var response = await client.PostAsync(
            "/apis/orrery.dev/v1/apply", new StringContent(Documents, Encoding.UTF8, "application/yaml"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        var unknown = problem.GetProperty("errors").EnumerateArray().Single(error => error.GetProperty("path").GetString() == "spec.modelTyp");
        Assert.Equal(11, unknown.GetProperty("line").GetInt32());
        using var fine = await client.GetAsync("/apis/orrery.dev/v1/models/fine", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, fine.StatusCode);
    }

    private static HttpRequestMessage Request(string body, string? fault = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (fault is not null)
        {
            request.Headers.Add("X-Orrery-Fault", fault);
        }

        return request;
    }

    private async Task<JsonElement> Post(string body, HttpStatusCode expected, string? fault = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Promptly);
        using var client = graph.GatewayClient();
        using var request = Request(body, fault);
        using var response = await client.SendAsync(request, patience.Token);
        var text = await response.Content.ReadAsStringAsync(patience.Token);
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("error");
    }
}
