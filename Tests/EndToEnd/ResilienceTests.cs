using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Orrery.Tests.EndToEnd;

/// <summary>Each process of the graph in turn is killed: what its users see, and what goes on working.</summary>
[Trait("Category", "Long")]
public sealed class ResilienceTests(RunningGraph graph, ITestOutputHelper output) : IClassFixture<RunningGraph>
{
    private const string Apply = "/apis/orrery.dev/v1/accesskeys";

    private CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_model_server_a_running_stream_ends_in_an_error_and_new_requests_are_refused_promptly()
    {
        using var client = graph.GatewayClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Chat(maxTokens: 2_000, stream: true) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
        Assert.StartsWith("data: ", await reader.ReadLineAsync(Token));

        await GraphProcess.Signal(graph.Pid("simulator"), "-KILL");

        var rest = await ReadToEndOrAbort(reader);
        Assert.Contains("\"error\"", rest);
        Assert.DoesNotContain("[DONE]", rest);
        var clock = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await Ask(client));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"The refusal took {clock.Elapsed}.");
        using var models = await client.GetAsync("/v1/models", Token);
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);

        await graph.Restart("simulator");
        await Eventually.Holds(() => Ask(client), status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_the_catalogue_traffic_goes_on_and_its_usage_arrives_later()
    {
        await GraphProcess.Signal(graph.Pid("catalogue"), "-KILL");
        using var client = graph.GatewayClient();
        using var response = await client.PostAsync("/v1/chat/completions", Chat(), Token);
        var requestId = response.Headers.GetValues("x-request-id").Single();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await RequireTraffic(client, requests: 20);

        await graph.Restart("catalogue");

        using var catalogue = graph.CatalogueClient();
        await Eventually.Holds(
            async () => (await catalogue.GetFromJsonAsync<JsonElement>($"/apis/orrery.dev/v1/usage?requestId={requestId}", Token)).GetProperty("items").GetArrayLength(),
            rows => rows == 1);
    }

    [Fact]
    public async Task Without_one_gateway_the_other_serves()
    {
        await GraphProcess.Signal(graph.Pid("gateway-1"), "-KILL");
        await graph.HasExited("gateway-1"); // Until then the kernel still accepts connections for it, and resets them.

        using var client = graph.GatewayClient();
        await RequireTraffic(client, requests: 20);

        await graph.Restart("gateway-1");
    }

    [Fact]
    public async Task Without_PostgreSQL_traffic_goes_on_and_a_write_is_refused_with_Retry_After()
    {
        await GraphProcess.Signal(graph.Pid("postgres"), "-KILL");
        using var client = graph.GatewayClient();
        await RequireTraffic(client, requests: 20);
        using var catalogue = graph.CatalogueClient();
        using var refused = await catalogue.PutAsJsonAsync($"{Apply}/late", Key("late"), Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);

        await graph.Restart("postgres");

        await Eventually.Holds(
            async () =>
            {
                using var accepted = await catalogue.PutAsJsonAsync($"{Apply}/late", Key("late"), Token);
                return accepted.StatusCode;
            },
            status => status is HttpStatusCode.OK or HttpStatusCode.Created);
    }

    [Fact]
    public async Task Without_Redis_traffic_goes_on()
    {
        await GraphProcess.Signal(graph.Pid("redis"), "-KILL");
        using var client = graph.GatewayClient();

        await RequireTraffic(client, requests: 20);

        await graph.Restart("redis");
    }

    [Fact]
    public async Task A_Redis_that_hangs_for_ten_seconds_holds_no_request_up()
    {
        var redis = graph.Pid("redis");
        await GraphProcess.Signal(redis, "-STOP");
        try
        {
            using var client = graph.GatewayClient();
            var clock = Stopwatch.StartNew();
            var slowest = TimeSpan.Zero;
            var requests = 0;
            while (clock.Elapsed < TimeSpan.FromSeconds(10))
            {
                var began = clock.Elapsed;
                Assert.Equal(HttpStatusCode.OK, await Ask(client));
                slowest = clock.Elapsed - began > slowest ? clock.Elapsed - began : slowest;
                requests++;
            }

            output.WriteLine($"{requests} requests in {clock.Elapsed.TotalSeconds:0.0} s, the slowest {slowest.TotalMilliseconds:0} ms");
            Assert.True(slowest < TimeSpan.FromSeconds(3), $"The slowest request took {slowest}.");
        }
        finally
        {
            await GraphProcess.Signal(redis, "-CONT");
        }
    }

    private static JsonContent Chat(int maxTokens = 4, bool stream = false) => JsonContent.Create(
        new { model = RunningGraph.ChatModel, max_tokens = maxTokens, min_tokens = maxTokens, stream, messages = new[] { new { role = "user", content = "Hello" } } });

    private static object Key(string name) => new { apiVersion = "orrery.dev/v1", kind = "AccessKey", metadata = new { name }, spec = new { description = "written while the database was away" } };

    private static async Task<string> ReadToEndOrAbort(StreamReader reader)
    {
        var text = "";
        try
        {
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                text += line + "\n";
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            text += "(aborted)";
        }

        return text;
    }

    private async Task<HttpStatusCode> Ask(HttpClient client)
    {
        using var response = await client.PostAsync("/v1/chat/completions", Chat(), Token);
        return response.StatusCode;
    }

    private async Task RequireTraffic(HttpClient client, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            using var response = await client.PostAsync("/v1/chat/completions", Chat(), Token);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"Request {i} of {requests}: {response.StatusCode}, {await response.Content.ReadAsStringAsync(Token)}");
        }
    }
}
