using System.Net;
using System.Text;
using System.Text.Json;

namespace Orrery.Tests.Servers;

/// <summary>Videos as jobs, and as an answer.</summary>
public sealed class VideoServerTests
{
    private const string Wan = "video --model Wan-AI/Wan2.1 --served-model-name wan --pipeline WanPipeline --max-seconds 3";
    private static readonly object Small = new { prompt = "A cat", duration = 1, resolution = "64x96", num_inference_steps = 2 };

    [Fact]
    public async Task A_job_goes_from_queued_to_completed_and_its_video_can_be_fetched_and_deleted()
    {
        await using var server = await ServerProcess.StartAsync(Wan);
        var job = await server.AskAsync("/v1/videos", Small);
        var id = job.GetProperty("id").GetString()!;
        Assert.Equal(("queued", "64x96", "1.062", "A cat", "wan"), (Text(job, "status"), Text(job, "size"), Text(job, "seconds"), Text(job, "prompt"), Text(job, "model")));
        job = await UntilAsync(server, id, "completed");
        Assert.Equal(100, job.GetProperty("progress").GetInt32());
        Assert.Equal(86400, job.GetProperty("expires_at").GetInt64() - job.GetProperty("completed_at").GetInt64());
        using var answer = await server.Client.GetAsync($"/v1/videos/{id}/content");
        Assert.Equal("video/mp4", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("h264,64,96,16/1,17", await LookAsync(await answer.Content.ReadAsByteArrayAsync()));
        var list = await ServerProcess.JsonAsync(await server.Client.GetAsync("/v1/videos"));
        Assert.Equal(id, list.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Single(server.Videos);
        await ServerProcess.JsonAsync(await server.Client.DeleteAsync($"/v1/videos/{id}"));
        Assert.Empty(server.Videos);
        Assert.Equal((404, "video_not_found"), await MissingAsync(server, $"/v1/videos/{id}"));
        Assert.Equal((404, "video_not_found"), await MissingAsync(server, $"/v1/videos/{id}/content"));
    }

    [Fact]
    public async Task The_video_itself_is_answered_where_it_is_waited_for()
    {
        await using var server = await ServerProcess.StartAsync("video --model Lightricks/LTX-Video --pipeline LTXPipeline");
        var picture = "data:image/png;base64," + Convert.ToBase64String(await Sound.RunAsync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1"], []));
        using var answer = await server.SendAsync("/v1/videos/sync", new { prompt = "A cat", seconds = "0.5", size = "64x96", num_inference_steps = 1, fps = 16, input_reference = new { image_url = picture } });
        Assert.Equal("video/mp4", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("h264,64,96,16/1,9", await LookAsync(await answer.Content.ReadAsByteArrayAsync()));
        Assert.Empty(server.Videos);
    }

    [Theory]
    [InlineData("WanPipeline", "", "832x480", "5.062")]
    [InlineData("WanPipeline", ""","aspect_ratio":"9:16","resolution":"720p","duration":2""", "720x1280", "2.062")]
    [InlineData("WanPipeline", ""","aspect_ratio":"1:1" """, "480x480", "5.062")]
    [InlineData("CogVideoXPipeline", ""","duration":6,"resolution":"480p" """, "720x480", "6.125")]
    [InlineData("HunyuanVideoPipeline", ""","size":"640x368","num_frames":31""", "640x368", "2.2")]
    [InlineData("LTXPipeline", ""","seconds":"4","resolution":"auto" """, "704x480", "4.042")]
    public async Task Sizes_and_lengths_become_what_the_model_makes(string pipeline, string wish, string size, string seconds)
    {
        // The job waits behind one that takes its time: nothing so large is made here.
        await using var server = await ServerProcess.StartAsync($"video --model a/b --pipeline {pipeline} --cpu-offload", ("LIBRARY_PAUSE", "1"));
        await ServerProcess.JsonAsync(await server.SendAsync("/v1/videos", """{"prompt":"first"}"""));
        var job = await ServerProcess.JsonAsync(await server.SendAsync("/v1/videos", $$"""{"prompt":"A cat"{{wish}}}"""));
        Assert.Equal((size, seconds), (Text(job, "size"), Text(job, "seconds")));
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused_by_name()
    {
        await using var server = await ServerProcess.StartAsync(Wan);
        foreach (var (body, code, param) in new (object, string, string)[]
        {
            (new { }, "missing_required_parameter", "prompt"),
            (new { prompt = "A cat", duration = "long" }, "invalid_type", "duration"),
            (new { prompt = "A cat", duration = 60 }, "invalid_value", "duration"),
            (new { prompt = "A cat", resolution = "1000p" }, "invalid_value", "resolution"),
            (new { prompt = "A cat", size = "100x100" }, "invalid_value", "size"),
            (new { prompt = "A cat", aspect_ratio = "2:1" }, "invalid_value", "aspect_ratio"),
            (new { prompt = "A cat", input_reference = new { image_url = "http://127.0.0.1/cat.png" } }, "unsupported_url", "input_reference.image_url"),
            (new { prompt = "A cat", model = "other" }, "model_not_found", "model"),
        })
        {
            var refusal = await server.RefusedAsync("/v1/videos", body);
            Assert.Equal((code, param), (refusal.Code, refusal.Param));
        }
    }

    [Fact]
    public async Task A_job_that_is_deleted_stops_and_the_next_begins()
    {
        await using var server = await ServerProcess.StartAsync(Wan, ("LIBRARY_PAUSE", "0.05"));
        var first = await server.AskAsync("/v1/videos", new { prompt = "A cat", duration = 1, resolution = "64x64", num_inference_steps = 200 });
        var running = await UntilAsync(server, Text(first, "id")!, "in_progress", job => job.GetProperty("progress").GetInt32() > 0);
        Assert.InRange(running.GetProperty("progress").GetInt32(), 1, 98);
        using (var early = await server.Client.GetAsync($"/v1/videos/{Text(first, "id")}/content"))
        {
            Assert.Equal((409, "video_not_ready"), ((int)early.StatusCode, (await ServerProcess.RefusalAsync(early)).Code));
        }

        var second = await server.AskAsync("/v1/videos", Small);
        await ServerProcess.JsonAsync(await server.Client.DeleteAsync($"/v1/videos/{Text(first, "id")}"));
        await UntilAsync(server, Text(second, "id")!, "completed");
    }

    [Fact]
    public async Task What_is_too_old_or_too_many_goes_and_nothing_is_left_behind()
    {
        await using var server = await ServerProcess.StartAsync(Wan, ("ORRERY_JOBS_KEEP", "1"), ("ORRERY_JOBS_KEEP_SECONDS", "2"));
        var first = Text(await server.AskAsync("/v1/videos", Small), "id")!;
        await UntilAsync(server, first, "completed");
        var second = Text(await server.AskAsync("/v1/videos", Small), "id")!;
        await Eventually.Holds(async () => (await server.Client.GetAsync($"/v1/videos/{first}")).StatusCode, status => status == HttpStatusCode.NotFound);
        await Eventually.Holds(async () => (await server.Client.GetAsync($"/v1/videos/{second}")).StatusCode, status => status == HttpStatusCode.NotFound);
        Assert.Empty(server.Videos);
        await server.AskAsync("/v1/videos", Small);
        server.Terminate();
        Assert.Equal(0, (await server.EndedAsync()).ExitCode);
        Assert.Empty(server.Videos);
    }

    private static string? Text(JsonElement job, string name) => job.GetProperty(name).GetString();

    private static Task<JsonElement> UntilAsync(ServerProcess server, string id, string status, Func<JsonElement, bool>? also = null) => Eventually.Holds(
        async () => await ServerProcess.JsonAsync(await server.Client.GetAsync("/v1/videos/" + id)),
        job => Text(job, "status") == status && also?.Invoke(job) is not false);

    private static async Task<(int Status, string? Code)> MissingAsync(ServerProcess server, string path)
    {
        var refusal = await ServerProcess.RefusalAsync(await server.Client.GetAsync(path));
        return (refusal.Status, refusal.Code);
    }

    /// <summary>Codec, width, height, frames a second, frames.</summary>
    private static async Task<string> LookAsync(byte[] video) => Encoding.UTF8.GetString(await Sound.RunAsync(
        "ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,width,height,r_frame_rate,nb_frames", "-of", "csv=p=0", "pipe:0"], video)).Trim();
}
