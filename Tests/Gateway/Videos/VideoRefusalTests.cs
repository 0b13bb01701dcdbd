using System.Text;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.Videos.VideosTests;
using static Orrery.Tests.Gateway.Videos.VideoWorld;

namespace Orrery.Tests.Gateway.Videos;

public sealed class VideoRefusalTests(PostgresServer postgres)
{
    [Fact]
    public async Task What_cannot_be_meant_is_refused_and_no_engine_is_asked()
    {
        await using var world = await StartAsync(postgres);
        (string Body, int Status, string Code, string Message)[] bodies =
        [
            ("""{"model":"m","prompt":"A cat"}""", 400, "wrong_model_type", "The model 'm' is of type chat; /v1/videos takes video_generation models. Use /v1/chat/completions."),
            ("""{"prompt":"A cat"}""", 400, "missing_required_parameter", "'model' is missing; expected the id of a model."),
            ("""{"model":"video"}""", 400, "missing_required_parameter", "'prompt' is missing; expected a string."),
            ("""{"model":"video","prompt":" "}""", 400, "invalid_value", "'prompt' is empty; expected what the video is to show."),
            ("""{"model":"video","prompt":["A cat"]}""", 400, "invalid_type", "'prompt' is an array; expected a string."),
            ($$"""{"model":"video","prompt":"{{new string('x', 32_001)}}"}""", 400, "string_above_max_length", "'prompt' has 32001 characters; expected at most 32000."),
            ("{\"model\":\"plain\",\"prompt\":\"A cat\",\"other\":[\"\\ud800\"]}", 400, "invalid_json", "'other[0]' has half a surrogate pair (such as \"\\ud83d\" alone). Send whole characters."),
            ("{\"model\":\"video\",\"prompt\":\"A\\u0000cat\"}", 400, "invalid_value", "'prompt' holds the character U+0000; expected text."),
            ("""{"model":"video","prompt":"A cat","seconds":"eight"}""", 400, "invalid_value", "'seconds' is 'eight'; expected a number of seconds above 0, such as 8."),
            ("""{"model":"video","prompt":"A cat","seconds":-1}""", 400, "invalid_value", "'seconds' is '-1'; expected a number of seconds above 0, such as 8."),
            ("""{"model":"video","prompt":"A cat","seconds":true}""", 400, "invalid_type", "'seconds' is true; expected a number of seconds."),
            ("""{"model":"video","prompt":"A cat","seconds":1,"duration":2}""", 400, "duplicate_field", "'seconds' and 'duration' say the same; expected one of them."),
            ("""{"model":"video","prompt":"A cat","size":"big"}""", 400, "invalid_value", "'size' is 'big'; expected width and height, such as 1280x720."),
            ("""{"model":"nobody","prompt":"A cat"}""", 404, "model_not_found", "The model 'nobody' does not exist here. GET /v1/models lists what this key may call."),
        ];
        foreach (var (body, status, code, message) in bodies)
        {
            Assert.Equal((status, code, message), await world.RefusedAsync(HttpMethod.Post, "/v1/videos", new StringContent(body, Encoding.UTF8, "application/json")));
        }

        Assert.Empty(world.Engine.Server.Requests);
    }

    [Fact]
    public async Task A_form_that_cannot_be_meant_is_refused()
    {
        await using var world = await StartAsync(postgres);
        Assert.Equal((400, "missing_required_parameter", "'model' is missing; expected the id of a model."), await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(("prompt", "A cat"))));
        Assert.Equal((400, "missing_required_parameter", "'prompt' is missing; expected a text."), await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(("model", "video"))));
        Assert.Equal((400, "invalid_value"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(("model", "video"), ("prompt", "A cat"), ("seconds", "x")))));
        Assert.Equal((400, "string_above_max_length"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(("model", "video"), ("prompt", new string('x', 40_000))))));
        Assert.Equal((400, "invalid_form"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(("model", "video"), ("prompt", new string('x', 400_000))))));
        Assert.Equal((400, "duplicate_field"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(("model", "video"), ("prompt", "one"), ("prompt", "two")))));
        var many = Enumerable.Range(0, 12).Select(i => ($"field-{i}", new string('x', 100_000))).Prepend(("model", "video")).Prepend(("prompt", "A cat")).ToArray();
        Assert.Equal((400, "invalid_form"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", Form(many))));
        var files = Form(("model", "plain"), ("prompt", "A cat"));
        files.Add(new ByteArrayContent([1]), "mask", "mask.png");
        Assert.Equal((400, "unsupported_parameter"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", files)));
        Assert.Empty(world.Engine.Server.Requests);
        Assert.Empty(world.Plain.Server.Requests);
    }

    [Theory]
    [InlineData("video_0123456789abcdef0123456789abcdef")]
    [InlineData("nonsense")]
    [InlineData("video_'%20OR%201=1")]
    [InlineData("video_..%2f..%2fetc")]
    [InlineData("video_%f0%9f%90%88")]
    public async Task An_id_that_is_none_is_not_found(string id)
    {
        await using var world = await StartAsync(postgres);
        Assert.Equal(404, (await world.RefusedAsync(HttpMethod.Get, "/v1/videos/" + id)).Status);
        Assert.Equal(404, (await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content")).Status);
        Assert.Equal(404, (await world.RefusedAsync(HttpMethod.Delete, "/v1/videos/" + id)).Status);
    }

    [Fact]
    public async Task Wrong_queries_methods_and_keys_are_told()
    {
        await using var world = await StartAsync(postgres);
        var id = Text(await world.CreateAsync(), "id");
        foreach (var query in new[] { "limit=101", "limit=x", "limit=-1", "order=up", "after=video_0", "after=%00" })
        {
            Assert.Equal((400, "invalid_value"), Said(await world.RefusedAsync(HttpMethod.Get, "/v1/videos?" + query)));
        }

        Assert.Equal((400, "invalid_value"), Said(await world.RefusedAsync(HttpMethod.Get, $"/v1/videos/{id}/content?variant=poster")));
        Assert.Equal((405, "method_not_allowed"), Said(await world.RefusedAsync(HttpMethod.Put, "/v1/videos")));
        Assert.Equal((405, "method_not_allowed"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos/" + id)));
        Assert.Equal((405, "method_not_allowed"), Said(await world.RefusedAsync(HttpMethod.Delete, $"/v1/videos/{id}/content")));
        Assert.Equal((401, "invalid_api_key"), Said(await world.RefusedAsync(HttpMethod.Get, "/v1/videos/" + id, key: "ork_nobody")));
        Assert.Equal((401, "invalid_api_key"), Said(await world.RefusedAsync(HttpMethod.Post, "/v1/videos", new StringContent(Request, Encoding.UTF8, "application/json"), "ork_nobody")));
    }

    [Fact]
    public async Task What_an_engine_refuses_is_told_and_leaves_nothing_behind()
    {
        await using var world = await StartAsync(postgres);
        var (status, body) = (400, """{"error":{"message":"said by the engine","type":"invalid_request_error","param":"prompt","code":"moderation_blocked"}}""");
        world.Engine.Before = async http =>
        {
            await ScriptedEngine.Json(body, status)(http);
            return true;
        };
        Assert.Equal((400, "moderation_blocked", "said by the engine"), await AskAsync());
        (status, body) = (200, """{"status":"queued"}""");
        Assert.Equal((502, "upstream_error", "The provider 'p1' answered a request for a video without a job's id."), await AskAsync());
        (status, body) = (200, """{"id":".."}""");
        Assert.Equal((502, "upstream_error"), Said(await AskAsync()));
        (status, body) = (200, "[]");
        Assert.Equal((502, "upstream_error"), Said(await AskAsync()));
        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", await world.Client.GetStringAsync("/v1/videos"));

        Task<(int Status, string? Code, string Message)> AskAsync() => world.RefusedAsync(HttpMethod.Post, "/v1/videos", new StringContent(Request, Encoding.UTF8, "application/json"));
    }

    [Fact]
    public async Task A_limit_holds_for_videos_as_a_request()
    {
        await using var world = await StartAsync(postgres, document => document with
        {
            Keys = [.. document.Keys.Select(key => key.Name == "other" ? key with { Limits = new Limits { Requests = [new WindowLimit { Count = 1, Per = new Duration(TimeSpan.FromMinutes(1)) }] } } : key)],
        });
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/videos") { Content = new StringContent(Request, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new("Bearer", OtherKey);
            using var answer = await world.Client.SendAsync(request);
            Assert.Equal(i == 0 ? 200 : 429, (int)answer.StatusCode);
        }

        Assert.Single(world.Engine.Jobs);
    }
}
