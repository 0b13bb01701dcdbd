using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Orrery.Tests.Hosting;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Images;

/// <summary>
/// The whole graph from its images, each started with exactly what the rendered chart gives its pod (environment, arguments, user,
/// writable folders) and with as few rights, against real stores.
/// </summary>
[Collection(ServiceImagesCollection.Name)]
[Trait("Category", "Long")]
public sealed class ImageGraphTests(ServiceImages images, PublishedChart chart)
{
    private const string Model = "qwen3-8b";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_answers_and_accounts_and_stops_cleanly()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        Assert.SkipUnless(RedisServer.Program is not null, "Redis is not installed.");
        var pods = new ChartPods(await Helm.TemplateAsync(chart.Folder, new HelmRelease
        {
            ValuesFiles = [PublishedChart.ValuesFile("simulated")],
            Sets = [$"images.registry={ServiceImages.Registry}"],
        }));
        var state = Directory.CreateTempSubdirectory("orrery-images-");
        var stores = Graph.Create($"--AppHost:StateDirectory={state.FullName}");
        var postgres = stores.AddPostgres("postgres", password: stores.AddParameter("postgres-password", pods.Secret("postgres-password"), secret: true));
        _ = postgres.AddDatabase("orrery");
        var redis = stores.AddRedis("redis", password: stores.AddParameter("redis-password", pods.Secret("redis-password"), secret: true));
        await using (var app = await stores.StartAsync())
        {
            await app.UntilHealthyAsync("orrery");
            await app.UntilHealthyAsync("redis");
            await using var network = await ImageNetwork.CreateAsync("simulator-service", "catalogue-service", "gateway-service");
            network.Forward("postgres-service", 5432, postgres.Resource.PrimaryEndpoint.Port);
            network.Forward("redis-service", 6379, redis.Resource.PrimaryEndpoint.Port);

            var simulator = await network.StartAsync(Pod("simulator"));
            var catalogue = await network.StartAsync(Pod("catalogue"));
            var gateway = await network.StartAsync(Pod("gateway"));
            await simulator.ReadyAsync(pods.ReadinessOf("simulator"));
            await catalogue.ReadyAsync(pods.ReadinessOf("catalogue"));
            await gateway.ReadyAsync(pods.ReadinessOf("gateway"));

            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(gateway, stream: false)).StatusCode);
            gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", pods.Secret("first-key"));
            await AnswersWholeAsync(gateway);
            await AnswersStreamedAsync(gateway);
            catalogue.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", pods.Secret("first-key"));
            await Eventually.Holds(() => RecordedAsync(catalogue), count => count == 2);

            Assert.Equal(0, await StopsOnlyAfterItsStreamAsync(gateway));
            await Eventually.Holds(() => RecordedAsync(catalogue), count => count == 3);
            Assert.Equal(0, await catalogue.StopAsync());
            Assert.Equal(0, await simulator.StopAsync());
        }

        state.Delete(recursive: true);

        ContainerSpec Pod(string service)
        {
            var pod = pods.Of(service);
            Assert.Equal(images[service], pod.Image);
            return pod;
        }
    }

    [Fact]
    public async Task Any_user_without_an_account_will_do_and_arguments_are_settings()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        await using var network = await ImageNetwork.CreateAsync("simulator-service");
        var simulator = await network.StartAsync(new ContainerSpec("simulator-service", images["simulator"])
        {
            User = "1000650000:0",
            Arguments = ["--Simulator:Models:0:Id=by-argument", "--Simulator:Models:0:Type=chat"],
            WritablePaths = [],
        });
        await simulator.ReadyAsync("/health");
        Assert.Contains("\"by-argument\"", await simulator.Client.GetStringAsync("/v1/models", Token), StringComparison.Ordinal);
    }

    private static async Task AnswersWholeAsync(ImageRun gateway)
    {
        using var answer = await AskAsync(gateway, stream: false);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        var chat = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal(Model, chat.GetProperty("model").GetString());
        Assert.NotEqual("", chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.InRange(chat.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 1, 16);
    }

    private static async Task AnswersStreamedAsync(ImageRun gateway)
    {
        using var answer = await AskAsync(gateway, stream: true);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var events = (await answer.Content.ReadAsStringAsync(Token)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        var deltas = events[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("choices")[0].GetProperty("delta"))
            .Count(delta => delta.TryGetProperty("content", out var content) && content.GetString() is { Length: > 0 });
        Assert.True(deltas > 1, "The answer came in one piece.");
    }

    // As in a rollout: a stream that runs when the pod is told to end comes to its end, and is accounted for.
    private static async Task<int> StopsOnlyAfterItsStreamAsync(ImageRun gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = Model, max_tokens = 150, min_tokens = 150, stream = true, messages = new[] { new { role = "user", content = "Tell me more." } } }),
        };
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Token));
        Assert.StartsWith("data: ", await reader.ReadLineAsync(Token), StringComparison.Ordinal);

        var stopped = gateway.StopAsync();
        var rest = await reader.ReadToEndAsync(Token);

        Assert.EndsWith("data: [DONE]", rest.TrimEnd(), StringComparison.Ordinal);
        return await stopped;
    }

    private static Task<HttpResponseMessage> AskAsync(ImageRun gateway, bool stream) => gateway.Client.PostAsJsonAsync(
        "/v1/chat/completions",
        new { model = Model, max_tokens = 16, stream, messages = new[] { new { role = "user", content = "Tell me about rivers." } } },
        Token);

    private static async Task<int> RecordedAsync(ImageRun catalogue)
    {
        var usage = await catalogue.Client.GetFromJsonAsync<JsonElement>("/apis/orrery.dev/v1/usage", Token);
        return usage.GetProperty("items").GetArrayLength();
    }
}
