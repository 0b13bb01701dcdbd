using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Orrery.ServiceDefaults;
using static Orrery.Tests.Gateway.Videos.VideosTests;
using static Orrery.Tests.Gateway.Videos.VideoWorld;

namespace Orrery.Tests.Gateway.Videos;

public sealed class VideoOutageTests(PostgresServer postgres)
{
    [Fact]
    public async Task Without_a_database_there_are_no_videos_and_everything_else_goes_on()
    {
        await using var engine = await JobEngine.StartAsync();
        await using var plain = await JobEngine.StartAsync(isPlain: true);
        await using var world = await GatewayWorld.StartAsync(Document(engine, plain));
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Post, "/v1/videos"), (HttpMethod.Get, "/v1/videos"), (HttpMethod.Get, "/v1/videos/video_0"), (HttpMethod.Get, "/v1/videos/video_0/content"), (HttpMethod.Delete, "/v1/videos/video_0"),
            (HttpMethod.Get, "/v1/videos/nonsense"),
        })
        {
            using var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? new StringContent(Request, Encoding.UTF8, "application/json") : null };
            using var answer = await world.Client.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            OpenAiSchema.Load().Validate("ErrorResponse", text);
            Assert.Equal((503, "storage_unavailable"), ((int)answer.StatusCode, JsonDocument.Parse(text).RootElement.GetProperty("error").GetProperty("code").GetString()));
        }

        Assert.Empty(engine.Server.Requests);
        Assert.Equal(HttpStatusCode.OK, (await world.Client.GetAsync("/v1/models")).StatusCode);
    }

    [Fact]
    public async Task A_job_whose_database_goes_away_is_refused_and_named_in_the_log()
    {
        await using var own = new PostgresServer();
        await using var world = await StartAsync(own);
        var first = Text(await world.CreateAsync(), "id");
        world.Engine.Before = async http =>
        {
            if (HttpMethods.Post == http.Request.Method)
            {
                await own.StopAsync();
            }

            return false;
        };
        world.World.ExpectError("VideoLost");
        Assert.Equal((503, "storage_unavailable"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", new StringContent(Request, Encoding.UTF8, "application/json"))));
        Assert.Contains(world.World.Errors, error => error.Contains("VideoLost: Provider p1 makes a video by the model video under the id job-2, which could not be kept", StringComparison.Ordinal));
        Assert.Equal((503, "storage_unavailable"), Said(await world.RefusedAsync(HttpMethod.Get, "/v1/videos/" + first)));
        Assert.Equal(2, world.Engine.Jobs.Count);

        world.Engine.Before = null;
        await own.StartAgainAsync();
        await Eventually.Holds(async () => (await world.Client.GetAsync("/v1/videos/" + first)).StatusCode, status => status == HttpStatusCode.OK);
        await world.CreateAsync();
    }

    [Fact]
    public async Task A_job_outlives_its_gateway_and_any_other_tells_of_it()
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(), "id");
        world.Engine.Set("in_progress", 10);
        await world.UntilAsync(id, "in_progress");

        await world.World.StopGatewayAsync();
        world.Engine.Set("in_progress", 60);
        await world.World.StartGatewayAsync();
        await Eventually.Holds(async () => (await world.Client.GetAsync("/v1/videos/" + id)).IsSuccessStatusCode, isThere => isThere);
        await Eventually.Holds(() => world.GetAsync(id), video => video.GetProperty("progress").GetInt32() == 60);

        var directory = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        await using (var other = world.World.Build(directory, world.World.Catalogue.Address))
        {
            await other.StartAsync(TestContext.Current.CancellationToken);
            using var client = ClientOf(other);
            await Eventually.Holds(async () => (await client.GetAsync("/v1/videos/" + id)).IsSuccessStatusCode, isThere => isThere);
            world.Engine.Set("completed");
            await world.UntilAsync(id, "completed", client);
            Assert.Equal(JobEngine.Bytes, await client.GetByteArrayAsync($"/v1/videos/{id}/content"));
            await other.StopAsync(TestContext.Current.CancellationToken);
        }

        Directory.Delete(directory, recursive: true);
        Assert.Equal("completed", Text(await world.GetAsync(id), "status"));
    }

    [Fact]
    public async Task An_engine_that_is_away_changes_nothing_and_one_that_has_forgotten_the_job_ends_it()
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(), "id");
        world.Engine.Set("in_progress", 30);
        await world.UntilAsync(id, "in_progress");
        foreach (var status in new[] { 500, 401, 429, 0 })
        {
            world.Engine.Before = http => BreakAsync(http, status);
            var asked = world.Engine.Server.Requests.Count;
            var kept = await Eventually.Holds(() => world.GetAsync(id), _ => world.Engine.Server.Requests.Count > asked);
            Assert.Equal(("in_progress", 30), (Text(kept, "status"), kept.GetProperty("progress").GetInt32()));
        }

        world.Engine.Before = http => NonsenseAsync(http);
        var before = world.Engine.Server.Requests.Count;
        Assert.Equal("in_progress", Text(await Eventually.Holds(() => world.GetAsync(id), _ => world.Engine.Server.Requests.Count > before), "status"));

        world.Engine.Before = null;
        world.Engine.Jobs.Clear();
        var failed = await world.UntilAsync(id, "failed");
        OpenAiSchema.Load().Validate("VideoResource", failed.GetRawText());
        Assert.Equal(
            """{"code":"job_lost","message":"The provider 'p1' does not know the job any more, as after a restart of its server. Ask for the video again."}""", failed.GetProperty("error").GetRawText());
        Assert.Equal((409, "video_failed"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));

        static async Task<bool> BreakAsync(HttpContext http, int status)
        {
            if (status == 0)
            {
                http.Abort();
            }
            else
            {
                await ScriptedEngine.Json("""{"error":{"message":"said by the engine"}}""", status)(http);
            }

            return true;
        }

        static async Task<bool> NonsenseAsync(HttpContext http)
        {
            await ScriptedEngine.Json("""{"status":"meditating","progress":"a lot"}""")(http);
            return true;
        }
    }

    [Theory]
    [InlineData("video", """{"code":"moderation_blocked","message":"said by the engine"}""")]
    [InlineData("plain", """{"code":"video_generation_failed","message":"out of memory"}""")]
    public async Task A_video_that_the_engine_could_not_make_says_why(string model, string error)
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(Request.Replace("\"video\"", $"\"{model}\"", StringComparison.Ordinal)), "id");
        world.Engine.Set("failed");
        world.Plain.Set("failed");
        Assert.Equal(error, (await world.UntilAsync(id, "failed")).GetProperty("error").GetRawText());
    }

    /// <summary>Each text of an engine that clients see: without the provider's secrets, and cut between characters.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_an_engine_says_of_a_job_is_masked_and_then_cut(bool isLater)
    {
        const string token = "sk-SECRETTOKEN123456";
        var key = new SecretSealer(GatewayWorld.SecretsKey).Seal("c", token);
        await using var world = await StartAsync(
            postgres, document => document with { Providers = [.. document.Providers.Select(provider => provider.Name == "p1" ? provider with { ApiKey = key, ApiKeyContext = "c" } : provider)] });
        var half = new string('a', 499) + "😀";
        var said = new Queue<string>();
        world.Engine.Before = async http =>
        {
            if (HttpMethods.IsPost(http.Request.Method) == isLater || !said.TryDequeue(out var answer))
            {
                return false;
            }

            await ScriptedEngine.Json(answer)(http);
            return true;
        };
        foreach (var (error, size, expected) in new[]
        {
            ($$"""{"code":"{{token}}","message":"{{new string('a', 490)}}{{token}}"}""", token, ("[secret]", new string('a', 490) + "[secret]")),
            ($$"""{"code":"{{half}}","message":"{{half}}"}""", half, (half[..499], half[..499])),
        })
        {
            var job = $$"""{"id":"job-1","status":"failed","error":{{error}},"size":"{{size}}"}""";
            if (!isLater)
            {
                said.Enqueue(job);
            }

            var id = Text(await world.CreateAsync("""{"model":"video","prompt":"A cat"}"""), "id");
            if (isLater)
            {
                said.Enqueue(job);
            }

            var failed = await world.UntilAsync(id, "failed");
            Assert.Equal(expected, (Text(failed.GetProperty("error"), "code"), Text(failed.GetProperty("error"), "message")));
            Assert.Equal(isLater ? "1280x720" : expected.Item1, Text(failed, "size"));
            Assert.DoesNotContain("SECRET", failed.GetRawText(), StringComparison.Ordinal);
        }
    }

    internal static HttpClient ClientOf(WebApplication gateway)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(gateway.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()),
        };
        client.DefaultRequestHeaders.Add("Authorization", "Bearer " + GatewayWorld.Key);
        return client;
    }
}
