using System.Text.Json;

namespace Orrery.Tests.Simulator;

public sealed class ToolTests
{
    private const string Path = "/v1/chat/completions";

    private const string Weather = """
        {"type":"function","function":{"name":"get_weather","description":"Current temperature and conditions of a city","parameters":{"type":"object",
        "properties":{"city":{"type":"string","minLength":2},"unit":{"enum":["celsius","fahrenheit"]},"days":{"type":"integer","minimum":1,"maximum":5}},
        "required":["city","unit"],"additionalProperties":false}}}
        """;

    private const string Mail = """
        {"type":"function","function":{"name":"sendMail","description":"Sends a message to a colleague","parameters":{"type":"object",
        "properties":{"to":{"type":"string","format":"email"}},"required":["to"],"additionalProperties":false}}}
        """;

    private const string Now = """{"type":"function","function":{"name":"now"}}""";

    [Theory]
    [InlineData("none", "What is the weather in Oslo?", "")]
    [InlineData("auto", "What is the weather in Oslo?", "get_weather")]
    [InlineData("auto", "Is the temperature in the city fine?", "get_weather")]
    [InlineData("auto", "Call get_weather, then sendMail", "get_weather,sendMail")]
    [InlineData("auto", "Tell me a story", "")]
    [InlineData("required", "Tell me a story", "get_weather")]
    [InlineData("required", "Send mail to Ann", "sendMail")]
    public async Task The_choice_decides_whether_and_what_is_called(string choice, string question, string expected)
    {
        await using var server = await SimulatorServer.StartAsync();
        var body = Body(question, $"\"{choice}\"");
        var answer = (await server.JsonAsync(Path, body)).GetProperty("choices")[0];
        var calls = answer.GetProperty("message").GetProperty("tool_calls").EnumerateArray().ToList();
        Assert.Equal(expected, string.Join(',', calls.Select(Name)));
        Assert.Equal(expected.Length == 0 ? "stop" : "tool_calls", answer.GetProperty("finish_reason").GetString());
        Assert.Equal(expected.Length == 0, answer.GetProperty("message").GetProperty("content").ValueKind == JsonValueKind.String);
        Assert.All(calls, call => AssertArguments(Name(call), call.GetProperty("function").GetProperty("arguments").GetString()!));
    }

    [Fact]
    public async Task A_named_function_is_called_whatever_was_asked()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, Body("Tell me a story", """{"type":"function","function":{"name":"now"}}"""));
        var call = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls").EnumerateArray().Single();
        Assert.Equal(("now", "{}"), (Name(call), call.GetProperty("function").GetProperty("arguments").GetString()));
    }

    [Fact]
    public async Task Without_parallel_calls_there_is_one_call_at_most()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, Body("Call get_weather, then sendMail", "\"auto\"", ",\"parallel_tool_calls\":false"));
        Assert.Equal(1, answer.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls").GetArrayLength());
    }

    [Fact]
    public async Task After_a_tools_result_the_answer_is_text()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, $$$"""
            {"model":"chat","tools":[{{{Weather}}}],"messages":[{"role":"user","content":"weather in Oslo?"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"weather: 3 degrees"}]}
            """);
        Assert.Equal("stop", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.NotEqual("", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task A_stream_opens_each_call_and_then_sends_its_arguments_in_pieces()
    {
        await using var server = await SimulatorServer.StartAsync();
        var chunks = await server.ChunksAsync(Path, Body("Call get_weather, then sendMail", "\"auto\"", ",\"stream\":true"));
        var deltas = chunks.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta"))
            .Where(delta => delta.TryGetProperty("tool_calls", out _))
            .Select(delta => delta.GetProperty("tool_calls").EnumerateArray().Single())
            .ToList();
        foreach (var call in deltas.GroupBy(delta => delta.GetProperty("index").GetInt32()))
        {
            var first = call.First();
            Assert.Equal("function", first.GetProperty("type").GetString());
            Assert.StartsWith("chatcmpl-tool-", first.GetProperty("id").GetString(), StringComparison.Ordinal);
            Assert.Equal("", first.GetProperty("function").GetProperty("arguments").GetString());
            Assert.All(call.Skip(1), delta => Assert.False(delta.TryGetProperty("id", out _)));
            Assert.True(call.Count() > 3);
            AssertArguments(Name(first), string.Concat(call.Select(delta => delta.GetProperty("function").GetProperty("arguments").GetString())));
        }

        Assert.Equal([0, 1], deltas.Select(delta => delta.GetProperty("index").GetInt32()).Distinct());
        Assert.Equal("tool_calls", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Theory]
    [InlineData("""{"type":"json_object"}""", """{"type":"object"}""")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"object","properties":{"id":{"type":"integer","minimum":5}},"required":["id"]}}}""",
        """{"type":"object","properties":{"id":{"type":"integer","minimum":5}},"required":["id"]}""")]
    public async Task A_response_format_is_kept(string format, string schema)
    {
        await using var server = await SimulatorServer.StartAsync();
        for (var seed = 0; seed < 10; seed++)
        {
            var answer = await server.JsonAsync(Path, $$"""{"model":"chat","seed":{{seed}},"messages":[{"role":"user","content":"hi"}],"response_format":{{format}}}""");
            var content = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
            Assert.Empty(SchemaCheck.Breaches(JsonDocument.Parse(schema).RootElement, JsonDocument.Parse(content).RootElement));
        }
    }

    [Theory]
    [InlineData("\"guided_choice\":[\"yes\",\"no\"]", "^(yes|no)$")]
    [InlineData("\"guided_regex\":\"[0-9]{4}-[a-f]+\"", "^[0-9]{4}-[a-f]+$")]
    [InlineData("\"structured_outputs\":{\"json\":{\"const\":42}}", "^42$")]
    [InlineData("\"guided_json\":\"{\\\"enum\\\":[7]}\"", "^7$")]
    public async Task Guided_output_is_kept(string field, string pattern)
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, """{"model":"chat","messages":[{"role":"user","content":"hi"}],""" + field + "}");
        Assert.Matches(pattern, answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    private static string Body(string question, string choice, string extra = "") =>
        $$"""{"model":"chat","messages":[{"role":"user","content":"{{question}}"}],"tools":[{{Weather}},{{Mail}},{{Now}}],"tool_choice":{{choice}}{{extra}}}""";

    private static string Name(JsonElement call) => call.GetProperty("function").GetProperty("name").GetString()!;

    private static void AssertArguments(string tool, string arguments)
    {
        var definition = JsonDocument.Parse(tool == "get_weather" ? Weather : Mail).RootElement;
        var schema = definition.GetProperty("function").GetProperty("parameters");
        Assert.Empty(SchemaCheck.Breaches(schema, JsonDocument.Parse(arguments).RootElement));
    }
}
