using System.Text.Json;
using Orrery.Simulator;

namespace Orrery.Tests.Simulator;

/// <summary>The simulator in vLLM's place: its command line, and its adapters.</summary>
public sealed class ServeCommandTests
{
    [Theory]
    [InlineData("acme/m", "--Simulator:Models:0:Id=acme/m --Simulator:Models:0:Root=acme/m --urls=http://0.0.0.0:8000")]
    [InlineData("--model acme/m --served-model-name m --host :: --port 9", "--Simulator:Models:0:Id=m --Simulator:Models:0:Root=acme/m --urls=http://:::9")]
    [InlineData("acme/m --max_model_len=8k --enforce-eager --limit-mm-per-prompt {}", "--Simulator:Models:0:Id=acme/m --Simulator:Models:0:Root=acme/m --Simulator:Models:0:ContextWindow=8000 --urls=http://0.0.0.0:8000")]
    [InlineData("acme/m --max-model-len 4K --runner pooling", "--Simulator:Models:0:Id=acme/m --Simulator:Models:0:Root=acme/m --Simulator:Models:0:Type=embedding --Simulator:Models:0:ContextWindow=4096 --urls=http://0.0.0.0:8000")]
    [InlineData(
        """acme/m --enable-lora --lora-modules a=acme/a {"name":"b=c","path":"x,y"} --max-loras 2""",
        "--Simulator:Models:0:Id=acme/m --Simulator:Models:0:Root=acme/m --Simulator:Models:0:Adapters:0:Id=a --Simulator:Models:0:Adapters:0:Path=acme/a --Simulator:Models:0:Adapters:1:Id=b=c --Simulator:Models:0:Adapters:1:Path=x,y --urls=http://0.0.0.0:8000")]
    public void What_vLLM_is_told_is_taken_over(string words, string expected)
    {
        var start = ServeCommand.Read(words.Split(' '));
        Assert.Null(start.Error);
        Assert.Equal(expected, string.Join(' ', start.Arguments));
    }

    [Theory]
    [InlineData("--port 8000", 2, "vllm serve: error: the following arguments are required: model_tag")]
    [InlineData("m --max-model-len long", 2, "vllm serve: error: argument --max-model-len: invalid int value: 'long'")]
    [InlineData("m --served-model-name", 2, "vllm serve: error: argument --served-model-name: expected one argument")]
    [InlineData("m --enable-lora --lora-modules acme/a", 2, "vllm serve: error: Invalid JSON format for --lora-modules: acme/a")]
    [InlineData("m --enable-lora --lora-modules {\"name\":\"a\"}", 2, "vllm serve: error: Invalid fields for --lora-modules: {\"name\":\"a\"}")]
    [InlineData("m --enable-lora --lora-modules a=b=c", 1, "ValueError: too many values to unpack (expected 2)")]
    [InlineData("m --lora-modules a=b", 1, "ValueError: Call to add_lora method failed: LoRA is not enabled. Use --enable-lora to enable LoRA.")]
    public void What_vLLM_refuses_ends_it_with_vLLMs_words(string words, int exitCode, string error) =>
        Assert.Equal((error, exitCode), (ServeCommand.Read(words.Split(' ')) is var start ? start.Error : null, start.ExitCode));

    [Fact]
    public async Task Adapters_are_listed_under_their_model_share_its_engine_and_say_something_else()
    {
        await using var server = await SimulatorServer.StartAsync(
            [("Models:0:Root", "acme/chat"), ("Models:0:Adapters:0:Id", "legal"), ("Models:0:Adapters:0:Path", "acme/legal"), ("Models:0:Adapters:1:Id", "french")]);
        var models = (await server.GetAsync("/v1/models")).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(
            [("chat", "acme/chat", null), ("embed", "embed", null), ("legal", "acme/legal", "chat"), ("french", "french", "chat")],
            models.Select(model => (model.GetProperty("id").GetString(), model.GetProperty("root").GetString(), model.GetProperty("parent").GetString())));
        Assert.Equal([JsonValueKind.Number, JsonValueKind.Number, JsonValueKind.Null, JsonValueKind.Null], models.Select(model => model.GetProperty("max_model_len").ValueKind));

        var texts = new List<string?>();
        foreach (var model in (string[])["chat", "legal", "french"])
        {
            // Twice, so that the second could find its prompt in the cache; an adapter never finds the one of its model.
            var (first, second) = (await AskAsync(server, model), await AskAsync(server, model));
            Assert.Equal((0, first.Text), (first.Cached, second.Text));
            Assert.True(second.Cached > 0);
            texts.Add(first.Text);
        }

        Assert.Equal(3, texts.Distinct().Count());
        var engines = (await server.GetAsync("/simulator/state")).GetProperty("replicas")[0].GetProperty("models");
        Assert.Equal([2, 0], engines.EnumerateArray().Select(engine => engine.GetProperty("adapters").GetArrayLength()));
        var metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("vllm:request_success_total{engine=\"0\",model_name=\"chat\",finished_reason=\"length\"} 6", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("model_name=\"legal\"", metrics, StringComparison.Ordinal);
    }

    private static async Task<(string? Text, int Cached)> AskAsync(SimulatorServer server, string model)
    {
        var question = string.Concat(Enumerable.Repeat("What does the contract say about notice? ", 10));
        var answer = await server.JsonAsync("/v1/chat/completions", $$"""{"model":"{{model}}","max_tokens":16,"ignore_eos":true,"messages":[{"role":"user","content":"{{question}}"}]}""");
        Assert.Equal(model, answer.GetProperty("model").GetString());
        return (answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }
}
