using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using static Orrery.Tests.Gateway.Videos.VideoWorld;

namespace Orrery.Tests.Gateway.Videos;

public sealed class VideosTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_video_is_asked_for_made_fetched_and_deleted()
    {
        await using var world = await StartAsync(postgres);
        var schema = OpenAiSchema.Load();
        var created = await world.CreateAsync();
        schema.Validate("VideoResource", created.GetRawText());
        var id = created.GetProperty("id").GetString()!;
        Assert.StartsWith("video_", id, StringComparison.Ordinal);
        Assert.Equal(("video", "queued", "A cat", "8"), (Text(created, "model"), Text(created, "status"), Text(created, "prompt"), Text(created, "seconds")));
        Assert.Equal("""{"model":"upstream-model","prompt":"A cat","seconds":"8","size":"1280x720"}""", world.Engine.Server.Last.Body);
        Assert.Equal((409, "video_not_ready"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")));

        world.Engine.Set("in_progress", 40);
        var running = await world.UntilAsync(id, "in_progress");
        schema.Validate("VideoResource", running.GetRawText());
        Assert.Equal(40, running.GetProperty("progress").GetInt32());
        Assert.Equal(JsonValueKind.Null, running.GetProperty("expires_at").ValueKind);

        world.Engine.Set("completed", 100);
        var completed = await world.UntilAsync(id, "completed");
        schema.Validate("VideoResource", completed.GetRawText());
        Assert.Equal(1712697700, completed.GetProperty("completed_at").GetInt64());
        Assert.True(completed.GetProperty("expires_at").GetInt64() > 1712697700);
        Assert.Equal(JobEngine.Credential, world.Engine.Server.Last.Headers["x-engine"]);

        using var content = await world.Client.GetAsync($"/v1/videos/{id}/content");
        Assert.Equal("video/mp4", content.Content.Headers.ContentType!.ToString());
        Assert.Equal(JobEngine.Bytes, await content.Content.ReadAsByteArrayAsync());
        using var head = await world.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v1/videos/{id}/content"));
        Assert.Equal((HttpStatusCode.OK, "video/mp4", (long?)JobEngine.Bytes.Length), (head.StatusCode, head.Content.Headers.ContentType!.ToString(), head.Content.Headers.ContentLength));
        using var thumbnail = await world.Client.GetAsync($"/v1/videos/{id}/content?variant=thumbnail");
        Assert.Equal("image/webp", thumbnail.Content.Headers.ContentType!.ToString());

        var deleted = JsonDocument.Parse(await (await world.Client.DeleteAsync("/v1/videos/" + id)).Content.ReadAsStringAsync()).RootElement;
        schema.Validate("DeletedVideoResource", deleted.GetRawText());
        Assert.Equal($$"""{"id":"{{id}}","object":"video.deleted","deleted":true}""", deleted.GetRawText());
        Assert.Equal(["job-1"], world.Engine.Deleted);
        Assert.Equal((404, "video_not_found"), Said(await world.RefusedAsync(HttpMethod.Get, "/v1/videos/" + id)));
        Assert.Equal((404, "video_not_found"), Said(await world.RefusedAsync(HttpMethod.Delete, "/v1/videos/" + id)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_with_an_API_of_its_own_is_asked_for_videos_without_transforms(bool hasTransforms)
    {
        var chat = new OperationTransform { Request = new() { Path = "/x", Body = "{'a': request.turns.map(t, t.text)}" }, Response = new() { Body = "response.x" } };
        await using var world = await StartAsync(postgres, document => document with
        {
            Providers =
            [
                document.Providers[0],
                document.Providers[1] with { Engine = Engines.Custom, Videos = new VideosSpec(), Transforms = hasTransforms ? new ProviderTransforms { Chat = chat } : null },
            ],
        });
        var id = Text(await world.CreateAsync("""{"model":"plain","prompt":"A cat","seconds":"8"}"""), "id");
        Assert.Equal("""{"model":"upstream-model","prompt":"A cat","duration":8}""", world.Plain.Server.Last.Body);
        world.Plain.Set("completed");
        await world.UntilAsync(id, "completed");
        using var refused = await world.World.PostAsync("""{"model":"plain","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal("wrong_model_type", (await ErrorBody.ReadAsync(refused)).Code);
    }

    [Theory]
    [InlineData("/v1/generations/videos")]
    [InlineData("/v1/video/generations")]
    [InlineData("/api/v1/ai/videos")]
    [InlineData("/api/v1/ai/video/generations")]
    [InlineData("/api/v1/ai/generations/videos")]
    public async Task Each_path_of_the_operation_serves_the_whole_of_it(string path)
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(path: path), "id");
        foreach (var rest in new[] { "", "/" + id })
        {
            Assert.Equal(HttpStatusCode.OK, (await world.Client.GetAsync(path + rest)).StatusCode);
        }

        world.Engine.Set("completed");
        await world.UntilAsync(id, "completed");
        Assert.Equal(JobEngine.Bytes.Length, (await world.Client.GetByteArrayAsync($"{path}/{id}/content")).Length);
        Assert.Equal(HttpStatusCode.OK, (await world.Client.DeleteAsync(path + "/" + id)).StatusCode);
    }

    [Theory]
    [InlineData("""{"model":"plain","prompt":"A cat","seconds":"8","size":"1280x720","fps":24}""", """{"model":"upstream-model","prompt":"A cat","fps":24,"duration":8,"resolution":"1280x720"}""")]
    [InlineData("""{"model":"plain","prompt":"A cat","duration":2.5,"resolution":"720p","aspect_ratio":"16:9"}""", """{"model":"upstream-model","prompt":"A cat","aspect_ratio":"16:9","duration":2.5,"resolution":"720p"}""")]
    [InlineData("""{"prompt":"A cat","routing":{"fallback":false},"model":"plain"}""", """{"model":"upstream-model","prompt":"A cat"}""")]
    public async Task A_video_engine_gets_its_own_words_and_its_job_is_told_in_openais(string request, string sent)
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(request), "id");
        Assert.Equal(sent, world.Plain.Server.Last.Body);
        world.Plain.Set("in_progress", 40);
        Assert.Equal(40, (await world.UntilAsync(id, "in_progress")).GetProperty("progress").GetInt32());
        world.Plain.Set("completed", 100);
        await world.UntilAsync(id, "completed");
        Assert.Equal(JobEngine.Bytes, await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"));
        Assert.Equal((400, "unsupported_value"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content?variant=thumbnail")));
        Assert.Equal(HttpStatusCode.OK, (await world.Client.DeleteAsync("/v1/videos/" + id)).StatusCode);
    }

    [Theory]
    [InlineData(1, "image/png", "image/png")]
    [InlineData(2, "image/x-own+raw; a=b", "image/x-own+raw")]
    [InlineData(3, "no \"type\"", "application/octet-stream")]
    [InlineData(200_000, null, "application/octet-stream")]
    [InlineData(2_000_001, "image/gif", "image/gif")]
    public async Task A_file_that_nobody_knows_is_what_its_client_says_and_its_length_is_said_before(int length, string? declared, string type)
    {
        await using var world = await StartAsync(postgres);
        var file = new ByteArrayContent([.. Enumerable.Range(0, length).Select(i => (byte)(i * 3))]);
        using var form = Form(("prompt", "A cat"), ("model", "plain"));
        form.Add(file, "input_reference", "cat");
        if (declared is not null)
        {
            file.Headers.TryAddWithoutValidation("Content-Type", declared);
        }

        using var answer = await world.Client.PostAsync("/v1/videos", form);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var sent = world.Plain.Server.Last;
        var picture = JsonDocument.Parse(sent.Body).RootElement.GetProperty("input_reference").GetProperty("image_url").GetString();
        Assert.Equal($"data:{type};base64,{Convert.ToBase64String(await file.ReadAsByteArrayAsync())}", picture);
        Assert.Equal($"{sent.Body.Length}", sent.Headers["Content-Length"]);
    }

    [Fact]
    public async Task A_form_goes_on_as_a_form_or_as_json_with_its_picture()
    {
        await using var world = await StartAsync(postgres);
        var picture = new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 0, 1, 2, 3, 250, 251 };
        foreach (var (model, engine) in new[] { ("video", world.Engine), ("plain", world.Plain) })
        {
            using var form = Form(("prompt", "A cat"), ("seconds", "4"), ("size", "720x1280"), ("fps", "24"));
            form.Add(new ByteArrayContent(picture), "input_reference", "cat.png");
            form.Add(new StringContent(model), "model");
            using var answer = await world.Client.PostAsync("/v1/videos", form);
            var video = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal(("queued", "A cat", "4"), (Text(video, "status"), Text(video, "prompt"), Text(video, "seconds").Replace("8", "4", StringComparison.Ordinal)));
            var sent = engine.Server.Last;
            if (model == "video")
            {
                Assert.StartsWith("multipart/form-data", sent.Headers["Content-Type"], StringComparison.Ordinal);
                Assert.Contains("name=\"model\"\r\n\r\nupstream-model", sent.Body, StringComparison.Ordinal);
                Assert.Contains("720x1280", sent.Body, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(
                    $$$"""{"model":"upstream-model","duration":4,"resolution":"720x1280","prompt":"A cat","fps":24,"input_reference":{"image_url":"data:image/png;base64,{{{Convert.ToBase64String(picture)}}}"}}""",
                    sent.Body);
                Assert.Equal($"{sent.Body.Length}", sent.Headers["Content-Length"]);
            }
        }
    }

    [Fact]
    public async Task Parts_of_a_video_are_fetched_where_the_engine_has_parts()
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(), "id");
        world.Engine.Set("completed");
        await world.UntilAsync(id, "completed");
        using var part = await RangeAsync(world, id, new RangeHeaderValue(10, 19));
        Assert.Equal((HttpStatusCode.PartialContent, "bytes 10-19/300000"), (part.StatusCode, part.Content.Headers.ContentRange!.ToString()));
        Assert.Equal(JobEngine.Bytes[10..20], await part.Content.ReadAsByteArrayAsync());
        using var beyond = await RangeAsync(world, id, new RangeHeaderValue(400_000, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
    }

    [Fact]
    public async Task A_key_lists_its_own_videos_and_its_teams_and_a_namespace_sees_no_other()
    {
        await using var world = await StartAsync(postgres, document => document with { Keys = [.. document.Keys.Select(key => key.Name == "other" ? key with { Team = "films" } : key)] });
        var schema = OpenAiSchema.Load();
        var own = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            own.Add(Text(await world.CreateAsync(), "id"));
        }

        using var ask = new HttpRequestMessage(HttpMethod.Post, "/v1/videos") { Content = new StringContent(Request, Encoding.UTF8, "application/json") };
        ask.Headers.Authorization = new("Bearer", TeamKey);
        var mate = Text(JsonDocument.Parse(await (await world.Client.SendAsync(ask)).Content.ReadAsStringAsync()).RootElement, "id");

        Assert.Equal(string.Join(' ', own.AsEnumerable().Reverse()), await ListAsync(world, ""));
        Assert.Equal($"{own[0]} {own[1]}, and more", await ListAsync(world, "?order=asc&limit=2"));
        Assert.Equal(own[2], await ListAsync(world, $"?order=asc&limit=2&after={own[1]}"));
        Assert.Equal(mate, await ListAsync(world, "", OtherKey));
        Assert.Equal("", await ListAsync(world, "", ForeignKey));
        Assert.Equal(", and more", await ListAsync(world, "?limit=0"));

        // By its id, all of the namespace may read it, and nobody of another.
        Assert.Equal(own[0], Text(await world.GetAsync(own[0]), "id"));
        foreach (var (method, rest) in new[] { (HttpMethod.Get, ""), (HttpMethod.Get, "/content"), (HttpMethod.Delete, "") })
        {
            Assert.Equal((404, "video_not_found"), Said(await world.RefusedAsync(method, $"/v1/videos/{own[0]}{rest}", key: ForeignKey)));
        }

        async Task<string> ListAsync(VideoWorld world, string query, string? key = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/videos" + query);
            request.Headers.Authorization = new("Bearer", key ?? GatewayWorld.Key);
            var text = await (await world.Client.SendAsync(request)).Content.ReadAsStringAsync();
            schema.Validate("VideoListResource", text);
            var list = JsonDocument.Parse(text).RootElement;
            return string.Join(' ', list.GetProperty("data").EnumerateArray().Select(video => Text(video, "id"))) + (list.GetProperty("has_more").GetBoolean() ? ", and more" : "");
        }
    }

    [Fact]
    public async Task An_engine_is_asked_about_once_a_second_however_often_clients_ask()
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(), "id");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 60; i++)
        {
            await world.GetAsync(id);
        }

        Assert.InRange(world.Engine.Asked, 1, 1 + (int)clock.Elapsed.TotalSeconds);
    }

    [Fact]
    public async Task A_request_goes_elsewhere_until_an_engine_takes_it_and_is_accounted_for()
    {
        await using var world = await StartAsync(postgres, document => document with { Models = [.. document.Models, GatewayWorld.Model("both", ModelTypes.VideoGeneration, "p1", "p2")] });
        world.Engine.Before = async http =>
        {
            await ScriptedEngine.Json("""{"error":{"message":"no GPU is free"}}""", 503)(http);
            return true;
        };
        var created = await world.CreateAsync("""{"model":"both","prompt":"A cat","seconds":"8","size":"1280x720"}""");
        Assert.Equal(("both", "queued"), (Text(created, "model"), Text(created, "status")));
        Assert.Equal("""{"model":"upstream-model","prompt":"A cat","duration":8,"resolution":"1280x720"}""", world.Plain.Server.Last.Body);
        var used = await world.World.OnlyUsageAsync();
        Assert.Equal(("video_generation", "both", "p2", 200, UsageOutcomes.Completed, 0L), (used.Operation, used.Model, used.Provider, used.Status, used.Outcome, used.CompletionTokens));
    }

    [Fact]
    public async Task A_job_is_asked_for_with_the_key_that_it_was_begun_with()
    {
        await using var world = await StartAsync(postgres, document => document with
        {
            Providers = [.. document.Providers.Select(provider => provider.Name == "p1" ? Providers.Vendor.With(provider, "key-one", "key-two", "key-three") : provider)],
        });
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var id = Text(await world.CreateAsync(), "id");
            await Eventually.Holds(() => world.GetAsync(id), _ => world.Engine.Server.Last.Body.Length == 0);
            await world.Client.DeleteAsync("/v1/videos/" + id);
        }

        var keys = Providers.Vendor.KeysOf(world.Engine.Server).ToList();
        Assert.Equal(["key-one", "key-one", "key-one", "key-two", "key-two", "key-two", "key-three", "key-three", "key-three"], keys);
    }

    private static async Task<HttpResponseMessage> RangeAsync(VideoWorld world, string id, RangeHeaderValue range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/content");
        request.Headers.Range = range;
        return await world.Client.SendAsync(request);
    }

    internal static MultipartFormDataContent Form(params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }

    internal static string Text(JsonElement video, string name) => video.GetProperty(name).GetString()!;

    internal static (int Status, string? Code) Said((int Status, string? Code, string Message) refused) => (refused.Status, refused.Code);
}
