using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orrery.Contracts;
using Orrery.Gateway.Storage;

namespace Orrery.Tests.Gateway.Videos;

/// <summary>A gateway with a database, before engines that make videos: the model <c>video</c> at the provider <c>p1</c>, <c>plain</c> at a server with words of its own, <c>p2</c>, and <c>m</c>, which chats.</summary>
internal sealed class VideoWorld : IAsyncDisposable
{
    public const string OtherKey = "ork_0000000000000000000000000000000000000002";
    public const string TeamKey = "ork_0000000000000000000000000000000000000003";
    public const string ForeignKey = "ork_0000000000000000000000000000000000000004";
    public const string Request = """{"model":"video","prompt":"A cat","seconds":"8","size":"1280x720"}""";

    public required GatewayWorld World { get; init; }

    public required JobEngine Engine { get; init; }

    public required JobEngine Plain { get; init; }

    public required string Database { get; init; }

    public HttpClient Client => World.Client;

    public static async Task<VideoWorld> StartAsync(PostgresServer postgres, Func<SnapshotDocument, SnapshotDocument>? change = null, params string[] settings)
    {
        var (engine, plain, database) = (await JobEngine.StartAsync(), await JobEngine.StartAsync(isPlain: true), await postgres.CreateDatabaseAsync());
        var document = Document(engine, plain);
        var world = await GatewayWorld.StartAsync(change?.Invoke(document) ?? document, [$"--ConnectionStrings:orrery={database}", .. settings]);
        var videos = new VideoWorld { World = world, Engine = engine, Plain = plain, Database = database };
        await Eventually.Holds(async () => (await world.Client.GetAsync("/v1/videos")).StatusCode, status => status == HttpStatusCode.OK);
        return videos;
    }

    public static SnapshotDocument Document(JobEngine engine, JobEngine plain)
    {
        var document = GatewayWorld.Document(
            GatewayWorld.Provider("p1", engine.Server.Url) with { Provider = "openai", Engine = Engines.OpenAi, Headers = new Dictionary<string, string> { ["x-engine"] = JobEngine.Credential } },
            GatewayWorld.Provider("p2", plain.Server.Url) with { Engine = Engines.VideoEngine });
        return document with
        {
            Keys =
            [
                .. document.Keys,
                GatewayWorld.AccessKey(OtherKey, "other"),
                GatewayWorld.AccessKey(TeamKey, "team-mate") with { Team = "films" },
                GatewayWorld.AccessKey(ForeignKey, "foreign") with { Namespace = "elsewhere" },
            ],
            Teams = [new SnapshotTeam { Namespace = "default", Name = "films" }],
            Models = [GatewayWorld.Model("video", ModelTypes.VideoGeneration, "p1"), GatewayWorld.Model("plain", ModelTypes.VideoGeneration, "p2"), GatewayWorld.Model("m", ModelTypes.Chat, "p1")],
        };
    }

    /// <summary>Asks for a video, which is taken.</summary>
    public async Task<JsonElement> CreateAsync(string body = Request, string path = "/v1/videos")
    {
        var answer = await World.PostAsync(body, path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<JsonElement> GetAsync(string id, HttpClient? client = null)
    {
        var answer = await (client ?? Client).GetAsync("/v1/videos/" + id);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    public Task<JsonElement> UntilAsync(string id, string status, HttpClient? client = null) =>
        Eventually.Holds(() => GetAsync(id, client), video => video.GetProperty("status").GetString() == status);

    public async Task<(int Status, string? Code, string Message)> RefusedAsync(HttpMethod method, string path, HttpContent? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        using var answer = await Client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.False(answer.IsSuccessStatusCode, text);
        OpenAiSchema.Load().Validate("ErrorResponse", text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        return ((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("message").GetString()!);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create($"{Database};Pooling=false;Search Path=gateway");
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task<(int Videos, int Files)> SweepAsync() =>
        World.Gateway.Services.GetServices<IHostedService>().OfType<VideoSweeper>().Single().SweepAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        await Engine.DisposeAsync();
        await Plain.DisposeAsync();
    }
}
