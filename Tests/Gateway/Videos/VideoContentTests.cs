using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using static Orrery.Tests.Gateway.Videos.VideosTests;
using static Orrery.Tests.Gateway.Videos.VideoWorld;

namespace Orrery.Tests.Gateway.Videos;

public sealed class VideoContentTests(PostgresServer postgres)
{
    private const string Plain = """{"model":"plain","prompt":"A cat","seconds":"8","size":"1280x720"}""";

    [Fact]
    public async Task A_file_that_an_engine_names_is_sent_from_its_namespaces_directory_and_from_nowhere_else()
    {
        var shared = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        var outside = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(shared, "good.webm"), JobEngine.Bytes, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "secret", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(shared, "link.mp4"), Path.Combine(outside, "secret"));
        File.CreateSymbolicLink(Path.Combine(shared, "folder"), outside);
        await using var world = await StartAsync(postgres, change: null, $"--Gateway:Videos:EngineDirectories:default={shared}");

        foreach (var output in new[] { $"file://{shared}/good.webm", $"{shared}/good.webm", "good.webm" })
        {
            var id = await CompleteAsync(world, output);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/content");
            request.Headers.Range = new RangeHeaderValue(5, 9);
            using var part = await world.Client.SendAsync(request);
            Assert.Equal((HttpStatusCode.PartialContent, "video/webm"), (part.StatusCode, part.Content.Headers.ContentType!.ToString()));
            Assert.Equal(JobEngine.Bytes[5..10], await part.Content.ReadAsByteArrayAsync());
            Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        }

        foreach (var output in new[]
        {
            $"{outside}/secret", $"file://{outside}/secret", $"../{Path.GetFileName(outside)}/secret", $"{shared}/../{Path.GetFileName(outside)}/secret", "link.mp4", "folder/secret", "folder", "", "none.mp4",
            $"file://host{shared}/good.webm", $"file://{shared}/%2e%2e/{Path.GetFileName(outside)}/secret",
        }.Where(output => output.Length > 0))
        {
            var id = await CompleteAsync(world, output);
            Assert.Equal((410, "video_gone"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));
        }

        Directory.Delete(shared, recursive: true);
        Directory.Delete(outside, recursive: true);
    }

    [Fact]
    public async Task A_url_that_an_engine_names_is_fetched_by_the_rule_for_connections_and_without_credentials()
    {
        await using var store = await ScriptedEngine.StartAsync(async http =>
        {
            if (http.Request.Path == "/moved")
            {
                http.Response.Redirect("http://169.254.169.254/");
                return;
            }

            await Results.Bytes(JobEngine.Bytes, "video/mp4", enableRangeProcessing: true).ExecuteAsync(http);
        });
        await using var world = await StartAsync(postgres);
        var id = await CompleteAsync(world, store.Address + "/bucket/cat.mp4?signature=s%2Bs");
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        Assert.Equal("?signature=s%2Bs", store.Last.Query);
        Assert.DoesNotContain("x-engine", store.Last.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("Authorization", store.Last.Headers.Keys, StringComparer.OrdinalIgnoreCase);

        id = await CompleteAsync(world, world.Plain.Server.Address + "/v1/videos/job-1/content");
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));

        foreach (var url in new[] { "http://169.254.169.254/latest/meta-data", "http://example.org/cat.mp4", "https://user:password@store.internal/cat.mp4", store.Address + "/moved" })
        {
            id = await CompleteAsync(world, url);
            Assert.Equal((502, "upstream_error"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));
        }
    }

    [Fact]
    public async Task A_video_that_an_engine_answers_with_is_kept_and_sent_until_it_expires()
    {
        await using var world = await StartAsync(postgres);
        world.Plain.Before = VideoAsync;
        var video = await world.CreateAsync(Plain);
        OpenAiSchema.Load().Validate("VideoResource", video.GetRawText());
        var id = Text(video, "id");
        Assert.Equal(("completed", 100), (Text(video, "status"), video.GetProperty("progress").GetInt32()));
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/content");
        request.Headers.Range = new RangeHeaderValue(null, 5);
        using var part = await world.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.PartialContent, "video/webm"), (part.StatusCode, part.Content.Headers.ContentType!.ToString()));
        Assert.Equal(JobEngine.Bytes[^5..], await part.Content.ReadAsByteArrayAsync());
        var (file, other) = (Assert.Single(FilesOf(world)), Text(await world.CreateAsync(Plain), "id"));
        Assert.Equal(2, FilesOf(world).Length);

        Assert.Equal(HttpStatusCode.OK, (await world.Client.DeleteAsync("/v1/videos/" + other)).StatusCode);
        Assert.Equal([file], FilesOf(world));

        await world.QueryAsync<object>($"UPDATE videos SET expires_at = now() WHERE id = '{id}' RETURNING id");
        Assert.Equal((404, "video_not_found"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));
        Assert.Equal((404, "video_not_found"), Said(await world.RefusedAsync(HttpMethod.Get, "/v1/videos/" + id)));
        Assert.Equal((1, 0), await world.SweepAsync());
        Assert.Empty(FilesOf(world));
        Assert.Equal(0L, await world.QueryAsync<long>("SELECT count(*) FROM videos"));
    }

    [Fact]
    public async Task A_gateway_that_does_not_have_the_file_says_where_it_would_be()
    {
        await using var world = await StartAsync(postgres);
        world.Plain.Before = VideoAsync;
        var id = Text(await world.CreateAsync(Plain), "id");
        var directory = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        await using (var other = world.World.Build(directory, world.World.Catalogue.Address))
        {
            await other.StartAsync(TestContext.Current.CancellationToken);
            using var client = VideoOutageTests.ClientOf(other);
            await Eventually.Holds(async () => (await client.GetAsync("/v1/videos/" + id)).IsSuccessStatusCode, isThere => isThere);
            using var answer = await client.GetAsync($"/v1/videos/{id}/content");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("\"video_elsewhere\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            await other.StopAsync(TestContext.Current.CancellationToken);
        }

        Directory.Delete(directory, recursive: true);
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
    }

    [Fact]
    public async Task A_file_that_a_dead_gateway_left_without_a_row_is_taken_away_and_no_other()
    {
        await using var world = await StartAsync(postgres);
        world.Plain.Before = VideoAsync;
        await world.CreateAsync(Plain);
        var kept = Assert.Single(FilesOf(world));
        var directory = Path.GetDirectoryName(kept)!;
        string[] orphans = [Path.Combine(directory, "video_00000000000000000000000000000001.video"), Path.Combine(directory, "video_00000000000000000000000000000002.abc.part")];
        string[] others = [Path.Combine(directory, "video_00000000000000000000000000000003.abc.part"), Path.Combine(directory, "notes.txt")];
        foreach (var path in orphans.Concat(others))
        {
            await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
        }

        foreach (var path in orphans.Append(others[1]).Append(kept))
        {
            File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromHours(1));
        }

        Assert.Equal((0, 2), await world.SweepAsync());
        Assert.Equal(others.Append(kept).Order(StringComparer.Ordinal), FilesOf(world).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_video_that_breaks_off_or_is_too_long_leaves_no_file_and_is_an_error()
    {
        await using var world = await StartAsync(postgres, change: null, "--Gateway:Videos:MaxBytes=250000");
        world.Plain.Before = VideoAsync;
        var (status, code, message) = await AskAsync();
        Assert.Equal((502, "upstream_error", "The provider 'p2' answered with more than 250000 bytes (Gateway:Videos:MaxBytes)."), (status, code, message));
        world.Plain.Before = async http =>
        {
            http.Response.ContentType = "video/mp4";
            http.Response.ContentLength = 1_000;
            await http.Response.Body.WriteAsync(new byte[10]);
            await http.Response.Body.FlushAsync();
            http.Abort();
            return true;
        };
        Assert.Equal(502, (await AskAsync()).Status);
        Assert.Empty(FilesOf(world));
        Assert.Equal(0L, await world.QueryAsync<long>("SELECT count(*) FROM videos"));

        Task<(int Status, string? Code, string Message)> AskAsync() =>
            world.RefusedAsync(HttpMethod.Post, "/v1/videos", new StringContent(Plain, System.Text.Encoding.UTF8, "application/json"));
    }

    [Fact]
    public async Task A_download_that_breaks_off_is_cut()
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(), "id");
        world.Engine.Set("completed");
        await world.UntilAsync(id, "completed");
        world.Engine.Before = async http =>
        {
            http.Response.ContentType = "video/mp4";
            await http.Response.Body.WriteAsync(new byte[100_000]);
            await http.Response.Body.FlushAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None); // An abort drops what is still queued.
            http.Abort();
            return true;
        };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        world.Engine.Before = null;
        world.Engine.Jobs.Clear();
        Assert.Equal((410, "video_gone"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));
    }

    internal static string[] FilesOf(VideoWorld world) =>
        Path.Combine(world.World.DataDirectory, "videos") is var path && Directory.Exists(path) ? Directory.GetFiles(path) : [];

    /// <summary>As a Diffusers server behind uvicorn: the whole file, chunked.</summary>
    internal static async Task<bool> VideoAsync(HttpContext http)
    {
        http.Response.ContentType = "video/webm";
        foreach (var piece in JobEngine.Bytes.Chunk(70_000))
        {
            await http.Response.Body.WriteAsync(piece);
            await http.Response.Body.FlushAsync();
        }

        return true;
    }

    private static async Task<string> CompleteAsync(VideoWorld world, string output)
    {
        world.Plain.Output = output;
        var id = Text(await world.CreateAsync(Plain), "id");
        world.Plain.Set("completed");
        await world.UntilAsync(id, "completed");
        return id;
    }
}
