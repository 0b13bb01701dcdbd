using System.Text.Json;

namespace Orrery.Tests.Simulator;

public sealed class ChatTests
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task An_answer_has_text_usage_and_says_that_it_is_simulated()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var response = await server.PostAsync(Path, Chat());
        Assert.Equal("true", response.Headers.GetValues("X-Orrery-Simulated").Single());
        var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        Assert.StartsWith("simulated-", answer.GetProperty("system_fingerprint").GetString(), StringComparison.Ordinal);
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.Contains("harbour", Content(answer), StringComparison.Ordinal);
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        var usage = answer.GetProperty("usage");
        Assert.Equal(usage.GetProperty("total_tokens").GetInt32(), usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_has_a_role_then_one_token_a_chunk_then_the_reason_then_usage()
    {
        await using var server = await SimulatorServer.StartAsync();
        var whole = await server.JsonAsync(Path, Chat());
        var chunks = await server.ChunksAsync(Path, Chat("\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        Assert.Equal("assistant", Delta(chunks[0]).GetProperty("role").GetString());
        Assert.Equal("", Delta(chunks[0]).GetProperty("content").GetString());
        var usage = chunks[^1];
        Assert.Equal(0, usage.GetProperty("choices").GetArrayLength());
        var tokens = usage.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        Assert.Equal(tokens + 2, chunks.Count);
        Assert.Equal(Content(whole), string.Concat(chunks.Skip(1).SkipLast(1).Select(chunk => Delta(chunk).GetProperty("content").GetString())));
        Assert.Equal("stop", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.All(chunks.SkipLast(2), chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind));
        Assert.All(chunks.SkipLast(1), chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
    }

    [Fact]
    public async Task Continuous_usage_counts_up_in_every_chunk()
    {
        await using var server = await SimulatorServer.StartAsync();
        var chunks = await server.ChunksAsync(Path, Chat(
            "\"max_tokens\":6,\"stream\":true,\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true}"));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 6], chunks.Select(chunk => chunk.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task Max_tokens_ends_the_answer_by_length_and_a_shorter_answer_begins_like_the_longer_one()
    {
        await using var server = await SimulatorServer.StartAsync();
        var shorter = await server.JsonAsync(Path, Chat("\"max_completion_tokens\":5"));
        var longer = await server.JsonAsync(Path, Chat("\"max_tokens\":30,\"ignore_eos\":true"));
        Assert.Equal("length", shorter.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(5, shorter.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(30, longer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.StartsWith(Content(shorter), Content(longer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Min_tokens_holds_the_natural_end_back()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, Chat("\"min_tokens\":700"));
        Assert.InRange(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 700, 2_000);
    }

    [Fact]
    public async Task The_same_request_and_seed_give_the_same_text_and_another_seed_another()
    {
        await using var server = await SimulatorServer.StartAsync();
        await using var another = await SimulatorServer.StartAsync();
        var first = Content(await server.JsonAsync(Path, Chat("\"seed\":7")));
        Assert.Equal(first, Content(await another.JsonAsync(Path, Chat("\"seed\":7"))));
        Assert.NotEqual(first, Content(await server.JsonAsync(Path, Chat("\"seed\":8"))));
        Assert.NotEqual(first, Content(await server.JsonAsync(Path, Chat("\"seed\":7,\"temperature\":0.5"))));
        var greedy = Content(await server.JsonAsync(Path, Chat("\"seed\":7,\"temperature\":0")));
        Assert.Equal(greedy, Content(await server.JsonAsync(Path, Chat("\"seed\":8,\"temperature\":0"))));
    }

    [Fact]
    public async Task N_gives_so_many_different_choices_whole_and_streamed()
    {
        await using var server = await SimulatorServer.StartAsync();
        var whole = await server.JsonAsync(Path, Chat("\"n\":3"));
        var texts = whole.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()).ToList();
        Assert.Equal(3, texts.Distinct().Count());

        var chunks = await server.ChunksAsync(Path, Chat("\"n\":3,\"stream\":true"));
        for (var index = 0; index < 3; index++)
        {
            var text = string.Concat(chunks.Select(chunk => chunk.GetProperty("choices")[0])
                .Where(choice => choice.GetProperty("index").GetInt32() == index)
                .Select(choice => choice.GetProperty("delta").GetProperty("content").GetString()));
            Assert.Equal(texts[index], text);
        }
    }

    [Theory]
    [InlineData("\"stop\":\"our a\"", "our a")]
    [InlineData("\"stop\":[\"zzz\",\"bout\"]", "bout")]
    public async Task A_stop_text_ends_the_answer_in_front_of_it_even_across_tokens(string stop, string text)
    {
        await using var server = await SimulatorServer.StartAsync();
        var whole = Content(await server.JsonAsync(Path, Chat()));
        var at = whole.IndexOf(text, StringComparison.Ordinal);
        Assert.True(at > 0, whole);

        var stopped = await server.JsonAsync(Path, Chat(stop));
        Assert.Equal(whole[..at], Content(stopped));
        Assert.Equal("stop", stopped.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(text, stopped.GetProperty("choices")[0].GetProperty("stop_reason").GetString());

        var included = await server.JsonAsync(Path, Chat(stop + ",\"include_stop_str_in_output\":true"));
        Assert.Equal(whole[..(at + text.Length)], Content(included));
        var streamed = await server.ChunksAsync(Path, Chat(stop + ",\"stream\":true"));
        Assert.Equal(whole[..at], string.Concat(streamed.Select(chunk => Delta(chunk).GetProperty("content").GetString())));
    }

    [Fact]
    public async Task Logprobs_come_one_a_token_with_so_many_alternatives_the_chosen_one_first()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, Chat("\"max_tokens\":4,\"logprobs\":true,\"top_logprobs\":3"));
        var entries = answer.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray().ToList();
        Assert.Equal(4, entries.Count);
        Assert.Equal(Content(answer), string.Concat(entries.Select(entry => entry.GetProperty("token").GetString())));
        foreach (var entry in entries)
        {
            var top = entry.GetProperty("top_logprobs").EnumerateArray().Select(one => one.GetProperty("logprob").GetDouble()).ToList();
            Assert.Equal(3, top.Count);
            Assert.Equal(entry.GetProperty("logprob").GetDouble(), top[0]);
            Assert.Equal(top.OrderDescending(), top);
            Assert.True(top.Sum(Math.Exp) <= 1.0001);
        }

        var chunks = await server.ChunksAsync(Path, Chat("\"max_tokens\":4,\"logprobs\":true,\"stream\":true"));
        Assert.Equal(4, chunks.Count(chunk => chunk.GetProperty("choices")[0].GetProperty("logprobs").ValueKind == JsonValueKind.Object));
    }

    [Fact]
    public async Task Parts_and_images_are_read_and_an_image_counts_as_tokens()
    {
        await using var server = await SimulatorServer.StartAsync();
        const string Parts = """
            {"model":"chat","max_tokens":3,"messages":[{"role":"developer","content":"be brief"},{"role":"user","content":[{"type":"text","text":"what is this?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]}
            """;
        var usage = (await server.JsonAsync(Path, Parts)).GetProperty("usage");
        Assert.InRange(usage.GetProperty("prompt_tokens").GetInt32(), 576, 640);
    }

    [Fact]
    public async Task The_second_turn_of_a_conversation_finds_the_first_one_in_the_prefix_cache()
    {
        await using var server = await SimulatorServer.StartAsync();
        var question = "Describe the harbour in winter. " + string.Join(' ', Enumerable.Range(0, 60).Select(i => $"Point {i}."));
        var first = await server.JsonAsync(Path, Messages([("user", question)]));
        Assert.Equal(0, Cached(first));

        var second = await server.JsonAsync(Path, Messages([("user", question), ("assistant", Content(first)), ("user", "And in summer?")]));
        var held = first.GetProperty("usage").GetProperty("total_tokens").GetInt32();
        Assert.InRange(Cached(second), held - 32, held);
    }

    private static int Cached(JsonElement answer) => answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();

    private static string Messages((string Role, string Content)[] messages) => JsonSerializer.Serialize(
        new { model = "chat", messages = messages.Select(message => new { role = message.Role, content = message.Content }) });

    private static string Chat(string? extra = null) =>
        """{"model":"chat","messages":[{"role":"user","content":"Tell me about harbour towns"}],"unknown_field":[1]"""
        + (extra is null ? "" : "," + extra) + "}";

    private static string Content(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");
}
