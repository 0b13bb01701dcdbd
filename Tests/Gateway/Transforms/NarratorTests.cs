namespace Orrery.Tests.Gateway.Transforms;

/// <summary>The page's example of a server whose events have names, some of which are nothing to a client.</summary>
public sealed class NarratorTests
{
    private const string Chat = """{"model":"narrator","messages":[{"role":"user","content":"Hi"}],"max_tokens":7}""";

    [Fact]
    public async Task Events_are_told_by_their_names_and_the_last_counts()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse(
        [
            "event: hello\ndata: {}\n\n",
            "event: piece\ndata: {\"words\":\"Once\"}\n\n",
            "event: piece\ndata: {\"words\":\" upon\"}\n\n",
            "event: end\ndata: {\"read\":3,\"said\":2}\n\n",
        ]));
        await using var world = await TransformPage.StartAsync("narrator", engine);
        var chunks = TransformWorld.Chunks(await world.StreamAsync(Chat.Replace("\"messages\"", "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\"", StringComparison.Ordinal)));
        Assert.Equal("role=\"assistant\" content=\"Once\" content=\" upon\" finish=stop usage=3+2", TransformWorld.Told(chunks));
        Assert.Equal(("/talk", "?live=true", """{"lines":["Hi"],"most":7}"""), (engine.Last.Path, engine.Last.Query, engine.Last.Body));
    }

    [Fact]
    public async Task A_whole_answer_is_a_text()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"words":"Once upon"}"""));
        await using var world = await TransformPage.StartAsync("narrator", engine);
        Assert.Equal("Once upon", (await world.AskAsync(Chat)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("?live=false", engine.Last.Query);
    }
}
