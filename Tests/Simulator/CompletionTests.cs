using System.Runtime.InteropServices;
using System.Text.Json;

namespace Orrery.Tests.Simulator;

public sealed class CompletionTests
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Prompts_may_be_texts_and_token_ids_and_mean_the_same()
    {
        await using var server = await SimulatorServer.StartAsync();
        var ids = (await server.JsonAsync("/tokenize", """{"prompt":"Once upon a time"}""")).GetProperty("tokens").GetRawText();
        var byText = Texts(await server.JsonAsync(Path, """{"model":"chat","prompt":"Once upon a time"}"""));
        Assert.Equal(byText, Texts(await server.JsonAsync(Path, $$"""{"model":"chat","prompt":{{ids}}}""")));
        var several = Texts(await server.JsonAsync(Path, $$"""{"model":"chat","n":2,"prompt":["Once upon a time",{{ids}}]}"""));
        Assert.Equal(4, several.Count);
        Assert.Equal([byText[0], several[1]], several[2..]);
    }

    [Fact]
    public async Task A_completion_has_sixteen_tokens_unless_told_and_echoes_when_asked()
    {
        await using var server = await SimulatorServer.StartAsync();
        var plain = await server.JsonAsync(Path, """{"model":"chat","prompt":"Once upon"}""");
        Assert.Equal(16, plain.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("length", plain.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var echoed = await server.JsonAsync(Path, """{"model":"chat","prompt":"Once upon","echo":true,"logprobs":1}""");
        Assert.Equal("Once upon" + Texts(plain)[0], Texts(echoed)[0]);
        var logprobs = echoed.GetProperty("choices")[0].GetProperty("logprobs");
        Assert.Equal(Texts(echoed)[0], string.Concat(logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString())));
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("token_logprobs")[0].ValueKind);
        var only = await server.JsonAsync(Path, """{"model":"chat","prompt":"Once upon","echo":true,"max_tokens":0}""");
        Assert.Equal(("Once upon", 0), (Texts(only)[0], only.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task A_stream_says_the_same_as_the_whole()
    {
        await using var server = await SimulatorServer.StartAsync();
        var whole = await server.JsonAsync(Path, """{"model":"chat","prompt":["a river","a hill"],"max_tokens":40,"echo":true}""");
        var chunks = await server.ChunksAsync(Path, """{"model":"chat","prompt":["a river","a hill"],"max_tokens":40,"echo":true,"stream":true,"stream_options":{"include_usage":true}}""");
        var texts = chunks.SkipLast(1).Select(chunk => chunk.GetProperty("choices")[0])
            .GroupBy(choice => choice.GetProperty("index").GetInt32())
            .OrderBy(choice => choice.Key)
            .Select(choice => string.Concat(choice.Select(one => one.GetProperty("text").GetString())));
        Assert.Equal(Texts(whole), texts);
        Assert.Equal(
            whole.GetProperty("usage").GetProperty("total_tokens").GetInt32(), chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Embeddings_have_length_one_the_wanted_size_and_the_same_value_in_both_encodings()
    {
        await using var server = await SimulatorServer.StartAsync();
        var floats = await server.JsonAsync("/v1/embeddings", """{"model":"embed","input":["a quiet harbour","a quiet harbour town","seven noisy engines"]}""");
        var vectors = floats.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("embedding").Deserialize<float[]>()!).ToList();
        Assert.All(vectors, vector => Assert.Equal((64, 1.0), (vector.Length, Math.Round(vector.Sum(value => value * value), 3))));
        Assert.True(Dot(vectors[0], vectors[1]) > Dot(vectors[0], vectors[2]) + 0.2);

        var base64 = await server.JsonAsync("/v1/embeddings", """{"model":"embed","input":"a quiet harbour","encoding_format":"base64"}""");
        var decoded = MemoryMarshal.Cast<byte, float>(base64.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray();
        Assert.Equal(vectors[0], decoded);
        var small = await server.JsonAsync("/v1/embeddings", """{"model":"embed","input":[17,40],"dimensions":8}""");
        Assert.Equal(8, small.GetProperty("data")[0].GetProperty("embedding").GetArrayLength());
        Assert.Equal(2, small.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Tokenize_and_detokenize_are_each_others_inverse_and_agree_with_usage()
    {
        await using var server = await SimulatorServer.StartAsync();
        const string Text = "Grüße, 世界! 12345 tokens 😀";
        var tokens = await server.JsonAsync("/tokenize", JsonSerializer.Serialize(new { model = "chat", prompt = Text, return_token_strs = true }));
        Assert.Equal(tokens.GetProperty("count").GetInt32(), tokens.GetProperty("tokens").GetArrayLength());
        Assert.Equal(32_768, tokens.GetProperty("max_model_len").GetInt32());
        var back = await server.JsonAsync("/detokenize", $$"""{"model":"chat","tokens":{{tokens.GetProperty("tokens").GetRawText()}}}""");
        Assert.Equal(Text, back.GetProperty("prompt").GetString());

        const string Chat = """{"model":"chat","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hello"}],"max_tokens":1}""";
        var counted = (await server.JsonAsync("/tokenize", Chat)).GetProperty("count").GetInt32();
        Assert.Equal(counted, (await server.JsonAsync("/v1/chat/completions", Chat)).GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    private static List<string> Texts(JsonElement answer) => [.. answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];

    private static double Dot(float[] left, float[] right) => left.Zip(right, (a, b) => (double)a * b).Sum();
}
