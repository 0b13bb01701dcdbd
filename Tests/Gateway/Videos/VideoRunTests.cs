using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.Videos.VideoContentTests;
using static Orrery.Tests.Gateway.Videos.VideosTests;
using static Orrery.Tests.Gateway.Videos.VideoWorld;

namespace Orrery.Tests.Gateway.Videos;

/// <summary>Engines that answer with the video, after minutes: their clients do not wait, and neither a client that leaves nor a gateway that stops loses it.</summary>
public sealed class VideoRunTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Film = """{"model":"film","prompt":"A cat","seconds":"8","size":"1280x720"}""";

    private readonly TaskCompletionSource _made = new();
    private readonly string _shared = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
    private ScriptedEngine _engine = null!;
    private int _givenUp;

    public async ValueTask InitializeAsync() => _engine = await ScriptedEngine.StartAsync(async http =>
    {
        try
        {
            await _made.Task.WaitAsync(http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _givenUp);
            return;
        }

        await VideoAsync(http);
    });

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        Directory.Delete(_shared, recursive: true);
    }

    [Fact]
    public async Task A_client_has_its_job_at_once_and_its_video_when_it_is_made()
    {
        await using var world = await WorldAsync();
        var created = await world.CreateAsync(Film);
        var id = Text(created, "id");
        OpenAiSchema.Load().Validate("VideoResource", created.GetRawText());
        Assert.Equal(("queued", "film", 0), (Text(created, "status"), Text(created, "model"), created.GetProperty("progress").GetInt32()));
        await Eventually.Holds(() => _engine.Requests.Count == 1);
        Assert.Equal("""{"model":"upstream-model","prompt":"A cat","duration":8,"resolution":"1280x720"}""", _engine.Last.Body);
        Assert.Equal("in_progress", Text(await world.GetAsync(id), "status"));
        Assert.Equal((409, "video_not_ready"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));

        _made.SetResult();
        var completed = await world.UntilAsync(id, "completed");
        OpenAiSchema.Load().Validate("VideoResource", completed.GetRawText());
        Assert.Equal(100, completed.GetProperty("progress").GetInt32());
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/content");
        request.Headers.Range = new RangeHeaderValue(1, 2);
        using var part = await world.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.PartialContent, "video/webm", "bytes 1-2/300000"), (part.StatusCode, part.Content.Headers.ContentType!.ToString(), part.Content.Headers.ContentRange!.ToString()));
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        var used = await world.World.OnlyUsageAsync();
        Assert.Equal(("video_generation", "film", "p3", 200, UsageOutcomes.Completed, "team-key"), (used.Operation, used.Model, used.Provider, used.Status, used.Outcome, used.Key));
        Assert.Equal(0L, await world.QueryAsync<long>("SELECT count(*) FROM runs"));
    }

    [Fact]
    public async Task A_form_is_kept_with_its_picture_until_its_video_is_made()
    {
        await using var world = await WorldAsync();
        _made.SetResult();
        using var form = Form(("model", "film"), ("prompt", "A cat"), ("seconds", "4"));
        form.Add(new ByteArrayContent([0xFF, 0xD8, 0xFF, 1]), "input_reference", "cat.jpg");
        using var answer = await world.Client.PostAsync("/v1/videos", form);
        await world.UntilAsync(Text(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement, "id"), "completed");
        Assert.Equal("""{"model":"upstream-model","duration":4,"prompt":"A cat","input_reference":{"image_url":"data:image/jpeg;base64,/9j/AQ=="}}""", _engine.Last.Body);
    }

    [Fact]
    public async Task What_stands_in_its_way_is_told_at_once_and_what_the_engine_says_later_ends_it()
    {
        await using var world = await WorldAsync(document => document with
        {
            Keys = [.. document.Keys.Select(key => key.Name == "other" ? key with { Limits = new Limits { Requests = [new WindowLimit { Count = 1, Per = new Duration(TimeSpan.FromMinutes(1)) }] } } : key)],
        });
        Assert.Equal((400, "invalid_value"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Content(Film.Replace("8\"", "x\"", StringComparison.Ordinal)))));
        _engine.Script = ScriptedEngine.Json("""{"detail":"the prompt is not allowed"}""", 422);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/videos") { Content = Content(Film) };
        request.Headers.Authorization = new("Bearer", OtherKey);
        using var answer = await world.Client.SendAsync(request);
        var failed = await world.UntilAsync(Text(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement, "id"), "failed");
        OpenAiSchema.Load().Validate("VideoResource", failed.GetRawText());
        Assert.Equal("the prompt is not allowed", failed.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal((429, "rate_limit_exceeded"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Content(Film), OtherKey)));
    }

    [Fact]
    public async Task Another_engine_may_take_it_with_a_job_of_its_own()
    {
        await using var world = await WorldAsync(document => document with { Models = [.. document.Models, GatewayWorld.Model("any", ModelTypes.VideoGeneration, "p3", "p2")] });
        _engine.Script = ScriptedEngine.Json("""{"detail":"loading"}""", 503);
        var id = Text(await world.CreateAsync(Film.Replace("film", "any", StringComparison.Ordinal)), "id");
        await Eventually.Holds(() => !world.Plain.Jobs.IsEmpty);
        world.Plain.Set("in_progress", 20);
        await Eventually.Holds(() => world.GetAsync(id), video => video.GetProperty("progress").GetInt32() == 20);
        world.Plain.Set("completed");
        await world.UntilAsync(id, "completed");
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
    }

    [Fact]
    public async Task Without_a_place_for_the_file_no_engine_is_asked()
    {
        await using var world = await WorldAsync(change: null, "--Gateway:Videos:Directory=/proc/videos");
        Assert.Equal((503, "storage_unavailable"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Content(Film))));
        Assert.Empty(_engine.Requests);
    }

    [Fact]
    public async Task A_video_that_is_deleted_while_it_is_made_stops_its_engine_and_leaves_nothing()
    {
        await using var world = await WorldAsync();
        var id = Text(await world.CreateAsync(Film), "id");
        await Eventually.Holds(() => _engine.Requests.Count == 1);
        Assert.Equal(HttpStatusCode.OK, (await world.Client.DeleteAsync("/v1/videos/" + id)).StatusCode);
        await Eventually.Holds(() => Volatile.Read(ref _givenUp) == 1);
        Assert.Equal((404, "video_not_found"), Said(await world.RefusedAsync(HttpMethod.Get, "/v1/videos/" + id)));
        Assert.Equal(0L, await world.QueryAsync<long>("SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM videos)"));
        await Eventually.Holds(() => Directory.GetFiles(_shared).Length == 0);
    }

    [Fact]
    public async Task A_gateway_that_stops_leaves_its_videos_to_another_and_both_serve_them()
    {
        await using var world = await WorldAsync(change: null, "--shutdownTimeoutSeconds=4");
        string id;
        await using (var other = world.World.Build(Path.Combine(world.World.DataDirectory, "other"), world.World.Catalogue.Address))
        {
            await other.StartAsync(TestContext.Current.CancellationToken);
            using var client = VideoOutageTests.ClientOf(other);
            await Eventually.Holds(async () => (await client.GetAsync("/v1/videos")).IsSuccessStatusCode, isThere => isThere);
            using var begun = await client.PostAsync("/v1/videos", Content(Film));
            id = Text(JsonDocument.Parse(await begun.Content.ReadAsStringAsync()).RootElement, "id");
            await Eventually.Holds(() => _engine.Requests.Count == 1);
            await other.StopAsync(TestContext.Current.CancellationToken);
        }

        await Eventually.Holds(() => _engine.Requests.Count == 2);
        Assert.Equal(_engine.Requests.First().Body, _engine.Last.Body);
        Assert.Equal("in_progress", Text(await world.GetAsync(id), "status"));
        _made.SetResult();
        await world.UntilAsync(id, "completed");
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        Assert.Single(Directory.GetFiles(_shared));
    }

    [Fact]
    public async Task A_video_outlives_the_restart_of_its_only_gateway()
    {
        await using var world = await WorldAsync(change: null, "--shutdownTimeoutSeconds=4");
        var id = Text(await world.CreateAsync(Film), "id");
        await Eventually.Holds(() => _engine.Requests.Count == 1);
        await world.World.Gateway.StopAsync(TestContext.Current.CancellationToken); // Its run is given up by the stop itself, so nothing is held only after it.
        await world.World.StopGatewayAsync();
        await world.World.StartGatewayAsync();
        await Eventually.Holds(async () => (await world.Client.GetAsync("/v1/videos/" + id)).StatusCode, status => status == HttpStatusCode.OK); // A gateway that nobody asks looks at its database much later.
        await Eventually.Holds(() => _engine.Requests.Count == 2);
        _made.SetResult();
        await Eventually.Holds(async () => (await world.Client.GetAsync($"/v1/videos/{id}/content")).StatusCode, status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_video_whose_gateway_died_is_made_by_another()
    {
        await using var world = await WorldAsync();
        var id = await LeaveAsync(world, attempt: 1);
        await Eventually.Holds(() => _engine.Requests.Count == 1);
        _made.SetResult();
        await world.UntilAsync(id, "completed");
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        Assert.Equal("team-key", (await world.World.OnlyUsageAsync()).Key);
    }

    [Fact]
    public async Task A_video_that_two_gateways_have_lost_has_failed_and_says_so()
    {
        await using var world = await WorldAsync();
        var id = await LeaveAsync(world, attempt: 2);
        var failed = await world.UntilAsync(id, "failed");
        Assert.Equal("""{"code":"run_lost","message":"The gateway that ran this was stopped in the middle of it. Send it again."}""", failed.GetProperty("error").GetRawText());
        Assert.Empty(_engine.Requests);
    }

    /// <summary>What a gateway leaves in the database that is killed in the middle of a run.</summary>
    private static async Task<string> LeaveAsync(VideoWorld world, int attempt)
    {
        const string id = "video_00000000000000000000000000000001";
        await world.QueryAsync<object>(
            $$"""
              INSERT INTO videos (namespace, id, key_name, model, status, progress, prompt, created_at, expires_at) VALUES ('default', '{{id}}', 'team-key', 'film', 'in_progress', 0, 'A cat', now(), now() + interval '1 day');
              INSERT INTO runs (namespace, id, kind, key_name, headers, body, created_at, attempt, owner, lease_until)
              VALUES ('default', '{{id}}', 'videos', 'team-key', '{"content-type":"application/json"}', convert_to('{{Film}}', 'UTF8'), now(), {{attempt}}, 'a gateway that is gone', now()) RETURNING id
              """);
        return id;
    }

    private static StringContent Content(string body) => new(body, Encoding.UTF8, "application/json");

    private Task<VideoWorld> WorldAsync(Func<SnapshotDocument, SnapshotDocument>? change = null, params string[] settings) => VideoWorld.StartAsync(
        postgres,
        document =>
        {
            document = document with
            {
                Providers = [.. document.Providers, GatewayWorld.Provider("p3", _engine.Url) with { Engine = Engines.VideoEngine, Videos = new VideosSpec { AnswersWithVideo = true } }],
                Models = [.. document.Models, GatewayWorld.Model("film", ModelTypes.VideoGeneration, "p3")],
            };
            return change?.Invoke(document) ?? document;
        },
        ["--Gateway:Storage:Lease=00:00:02", "--Gateway:Videos:Directory=" + _shared, .. settings]);
}
