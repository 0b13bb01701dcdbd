using System.Text.Json.Nodes;

namespace Orrery.Tests.Gateway.Responses;

/// <summary>What a request of the Responses API becomes for an engine that speaks chat completions.</summary>
public sealed class ResponsesRequestTests
{
    private const string Path = "/v1/responses";

    [Theory]
    [InlineData("\"input\":\"Hi\"", "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]", "")]
    [InlineData(
        "\"instructions\":\"Be brief.\",\"input\":[{\"role\":\"developer\",\"content\":[{\"type\":\"input_text\",\"text\":\"A\"}]},{\"type\":\"message\",\"role\":\"user\",\"content\":\"caf\\u00e9\"}]",
        "\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"system\",\"content\":\"A\"},{\"role\":\"user\",\"content\":\"café\"}]", "")]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"?\"},{\"type\":\"input_image\",\"image_url\":\"https://x.example/a.png\",\"detail\":\"low\"},{\"type\":\"input_file\",\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,JVBE\"}]}]",
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.example/a.png\",\"detail\":\"low\"}},{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,JVBE\"}}]}]", "")]
    // What the model said, its thoughts and its calls are one message; results follow.
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":\"?\"},{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]},{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"I \",\"annotations\":[]},{\"type\":\"output_text\",\"text\":\"look\",\"annotations\":[]}]},{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c1\",\"name\":\"a\",\"arguments\":\"{\\\"x\\\": 1}\"},{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"b\",\"arguments\":\"{}\"},{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"1\"},{\"type\":\"function_call_output\",\"call_id\":\"c2\",\"output\":[{\"type\":\"input_text\",\"text\":\"2\"}]},{\"type\":\"function_call\",\"call_id\":\"c3\",\"name\":\"a\",\"arguments\":\"\"},{\"type\":\"function_call_output\",\"call_id\":\"c3\",\"output\":\"3\"}]",
        "\"messages\":[{\"role\":\"user\",\"content\":\"?\"},{\"role\":\"assistant\",\"content\":\"I look\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{\\\"x\\\": 1}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"b\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"content\":\"1\",\"tool_call_id\":\"c1\"},{\"role\":\"tool\",\"content\":\"2\",\"tool_call_id\":\"c2\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c3\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"\"}}]},{\"role\":\"tool\",\"content\":\"3\",\"tool_call_id\":\"c3\"}]", "input[].reasoning")]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":\"?\"},{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"a\",\"arguments\":\"{}\"},{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":[{\"type\":\"input_text\",\"text\":\"see\"},{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AA==\"}]},{\"type\":\"function_call_output\",\"call_id\":\"c2\",\"output\":\"2\"},{\"role\":\"user\",\"content\":\"Well?\"}]",
        "\"messages\":[{\"role\":\"user\",\"content\":\"?\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"content\":\"see\",\"tool_call_id\":\"c1\"},{\"role\":\"tool\",\"content\":\"2\",\"tool_call_id\":\"c2\"},{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA==\"}}]},{\"role\":\"user\",\"content\":\"Well?\"}]", "")]
    [InlineData(
        "\"input\":\"Hi\",\"tools\":[{\"type\":\"function\",\"name\":\"a\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"},\"strict\":true}],\"tool_choice\":{\"type\":\"function\",\"name\":\"a\"},\"parallel_tool_calls\":false",
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"},\"strict\":true}}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"a\"}},\"parallel_tool_calls\":false", "")]
    [InlineData(
        "\"input\":\"Hi\",\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":true,\"max_output_tokens\":9,\"temperature\":0.5,\"top_p\":0.9,\"user\":\"u\",\"metadata\":{\"a\":\"b\"},\"store\":false,\"background\":false,\"truncation\":\"disabled\",\"top_k\":4",
        "\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"tool_choice\":\"auto\",\"temperature\":0.5,\"top_p\":0.9,\"user\":\"u\",\"top_k\":4", "")]
    [InlineData(
        "\"input\":\"Hi\",\"text\":{\"verbosity\":\"low\",\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"strict\":true,\"schema\":{\"type\":\"object\"}}},\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"},\"include\":[],\"truncation\":\"auto\"",
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"verbosity\":\"low\",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"strict\":true,\"schema\":{\"type\":\"object\"}}},\"reasoning_effort\":\"low\"", "include, reasoning.summary, truncation")]
    public async Task Requests(string request, string expected, string leftOut)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync($$"""{"model":"m",{{request}}}""", Path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var (wanted, sent) = (JsonNode.Parse($$"""{"model":"upstream-model",{{expected}}}"""), JsonNode.Parse(engine.Last.Body));
        Assert.True(JsonNode.DeepEquals(wanted, sent), $"Expected {wanted}\nbut got  {sent}");
        Assert.Equal(leftOut, response.Headers.TryGetValues("X-Orrery-Left-Out", out var names) ? names.Single() : "");
    }

    [Theory]
    [InlineData("\"input\":[]", "'input' is empty", "invalid_value")]
    [InlineData("\"text\":{}", "'input' is missing", "missing_required_parameter")]
    [InlineData("\"input\":7", "'input' is 7; expected a string or an array of items.", "invalid_value")]
    [InlineData("\"input\":[7]", "'input[0].content' is missing", "missing_required_parameter")]
    [InlineData("\"input\":[{\"role\":\"robot\",\"content\":\"Hi\"}]", "'input[0].role' is \"robot\"", "invalid_value")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"file_id\":\"f\"}]}]", "'input[0].content[0]' names a file that only OpenAI's own servers fetch", "unsupported_value")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"name\":\"a\"}]", "expected a function_call with call_id, name and arguments", "invalid_value")]
    [InlineData("\"input\":[{\"type\":\"item_reference\",\"id\":\"x\"}]", "There is no item 'x' here", "item_not_found")]
    [InlineData("\"input\":[{\"type\":\"web_search_call\",\"id\":\"x\"}]", "only OpenAI's own servers make", "unsupported_value")]
    [InlineData("\"input\":\"Hi\",\"previous_response_id\":7", "'previous_response_id' is 7; expected the id of an earlier response", "invalid_value")]
    [InlineData("\"input\":\"Hi\",\"conversation\":\"conv_1\"", "Use 'previous_response_id'", "unsupported_value")]
    [InlineData("\"input\":\"Hi\",\"background\":true,\"store\":false", "'store' is false and 'background' true", "invalid_value")]
    [InlineData("\"input\":\"Hi\",\"store\":1", "'store' is 1; expected true or false.", "invalid_value")]
    [InlineData("\"input\":\"Hi\",\"prompt\":{\"id\":\"p\"}", "'prompt' names a template stored at OpenAI", "unsupported_value")]
    [InlineData("\"input\":\"Hi\",\"tools\":[{\"type\":\"web_search\"}]", "'tools[0]' is a tool of type 'web_search'", "unsupported_value")]
    [InlineData("\"input\":\"Hi\",\"tools\":[{\"type\":\"function\"}]", "'tools[0].name' is missing", "missing_required_parameter")]
    [InlineData("\"input\":\"Hi\",\"tool_choice\":{\"type\":\"mcp\"}", "'tool_choice' is of type 'mcp'", "unsupported_value")]
    [InlineData("\"input\":\"Hi\",\"max_output_tokens\":0", "'max_output_tokens' is 0", "invalid_value")]
    [InlineData("\"input\":\"Hi\",\"text\":{\"format\":{\"type\":\"xml\"}}", "'text.format' is", "invalid_value")]
    [InlineData("\"input\":\"Hi\",\"stream\":\"yes\"", "'stream' is \"yes\"; expected true or false.", "invalid_value")]
    [InlineData("\"input\":[{\"type\":\"\\ud83d\"}]", "'input[0].type' has half a surrogate pair", "invalid_json")]
    [InlineData("\"input\":\"Hi\",\"instructions\":\"\\ud83d\\ude00 \\uD800\",\"background\":true", "'instructions' has half a surrogate pair", "invalid_json")]
    [InlineData("\"input\":\"Hi\",\"metadata\":{\"a\":\"b\",\"c\":\"\\udc00\"}", "'metadata.c' has half a surrogate pair", "invalid_json")]
    [InlineData("\"input\":\"Hi\",\"metadata\":{\"\\ud800\":1}", "'metadata.\\ud800' has half a surrogate pair", "invalid_json")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":\"\\\\ud800\"},[[],{\"x\":[1,\"\\ud83d\\ud83d\\ude00\"]}]]", "'input[1][1].x[1]' has half a surrogate pair", "invalid_json")]
    public async Task What_cannot_be_meant_is_refused(string request, string message, string code)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", "http://127.0.0.1:1/v1")));
        using var response = await world.PostAsync($$"""{"model":"m",{{request}}}""", Path);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, "invalid_request_error", code), (error.Status, error.Type, error.Code));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
