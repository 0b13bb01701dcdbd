using System.Net;

namespace Orrery.Tests.Simulator;

public sealed class BadInputTests
{
    public static TheoryData<string, string, int, string> Cases => new()
    {
        { "chat", "{", 400, "The body is not JSON" },
        { "chat", "[]", 400, "The body is not a JSON object." },
        { "chat", "", 400, "The body is not JSON" },
        { "chat", """{"model":"nobody","messages":[{"role":"user","content":"hi"}]}""", 404, "The model `nobody` does not exist." },
        { "chat", """{"model":"embed","messages":[{"role":"user","content":"hi"}]}""", 400, "The model `embed` does not support the Chat Completions API." },
        { "embeddings", """{"model":"chat","input":"x"}""", 400, "The model `chat` does not support the Embeddings API." },
        { "chat", """{"model":7,"messages":[{"role":"user","content":"hi"}]}""", 400, "model: expected a string, got 7." },
        { "chat", """{"model":"chat"}""", 400, "messages: expected a list of at least one message; the field is missing." },
        { "chat", """{"model":"chat","messages":[]}""", 400, "messages: expected a list of at least one message, got an empty one." },
        { "chat", """{"model":"chat","messages":"hi"}""", 400, "messages: expected an array, got \"hi\"." },
        { "chat", """{"model":"chat","messages":[{"role":"king","content":"hi"}]}""", 400, "messages[0].role: expected one of system, developer, user, assistant, tool, got \"king\"." },
        { "chat", """{"model":"chat","messages":[{"role":"user"}]}""", 400, "messages[0].content: expected a string or a list of parts; the field is missing." },
        { "chat", """{"model":"chat","messages":[{"role":"user","content":"\ud800"}]}""", 400, "The body holds half of a surrogate pair or bytes that are not UTF-8." },
        { "chat", """{"model":"chat","messages":[{"role":"user","content":[{"type":"video"}]}]}""", 400, "messages[0].content[0].type: expected one of text, image_url" },
        { "chat", """{"model":"chat","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}]}""", 400, "messages[0].content[0].image_url.url: expected an http(s) URL" },
        { "chat", Chat("\"n\":0"), 400, "n: expected an integer from 1 to 128, got 0." },
        { "chat", Chat("\"n\":2,\"temperature\":0"), 400, "n: expected 1 when temperature is 0 (greedy sampling), got 2." },
        { "chat", Chat("\"temperature\":2.5"), 400, "temperature: expected a number from 0 to 2, got 2.5." },
        { "chat", Chat("\"top_p\":\"all\""), 400, "top_p: expected a number from 0 to 1, got \"all\"." },
        { "chat", Chat("\"frequency_penalty\":-3"), 400, "frequency_penalty: expected a number from -2 to 2, got -3." },
        { "chat", Chat("\"max_tokens\":0"), 400, "max_tokens: expected an integer from 1" },
        { "chat", Chat("\"max_tokens\":1.5"), 400, "max_tokens: expected an integer from 1" },
        { "chat", Chat("\"max_tokens\":5,\"min_tokens\":6"), 400, "min_tokens: expected at most max_tokens=5, got 6." },
        { "chat", Chat("\"max_tokens\":40000"), 400, "'max_tokens' or 'max_completion_tokens' is too large: 40000. This model's maximum context length is 32768 tokens" },
        { "chat", Chat("\"stop\":[\"\"]"), 400, "stop: expected texts of at least one character, got an empty one." },
        { "chat", Chat("\"stop\":[1]"), 400, "stop: expected a string or a list of at most 64 strings, got [1]." },
        { "chat", Chat("\"stream\":\"yes\""), 400, "stream: expected true or false, got \"yes\"." },
        { "chat", Chat("\"stream_options\":{\"include_usage\":true}"), 400, "stream_options: expected stream_options only together with stream: true." },
        { "chat", Chat("\"top_logprobs\":3"), 400, "top_logprobs: expected logprobs: true beside it." },
        { "chat", Chat("\"logprobs\":true,\"top_logprobs\":21"), 400, "top_logprobs: expected an integer from 0 to 20, got 21." },
        { "chat", Chat("\"tool_choice\":\"required\""), 400, "tool_choice: expected tools to be set when it is required." },
        { "chat", Chat("\"tools\":[{\"type\":\"function\"}]"), 400, "tools[0].function.name: expected the function's name." },
        { "chat", Chat("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}"), 400, "tool_choice: expected none, auto, required, or the function of one of the tools" },
        { "chat", Chat("\"response_format\":{\"type\":\"xml\"}"), 400, "response_format.type: expected one of text, json_object, json_schema, got \"xml\"." },
        { "chat", Chat("\"response_format\":{\"type\":\"json_schema\"}"), 400, "response_format.json_schema.schema: expected a JSON Schema object." },
        { "chat", Chat("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"enum\":[]}}}"), 400, "response_format.json_schema.schema: the schema $ has an enum without values." },
        { "chat", Chat("\"guided_regex\":\"(\""), 400, "guided_regex: expected a pattern" },
        { "chat", Chat("\"structured_outputs\":{\"json\":3}"), 400, "structured_outputs.json: expected a JSON Schema, got 3." },
        { "completions", """{"model":"chat"}""", 400, "prompt: expected a string, a list of strings" },
        { "completions", """{"model":"chat","prompt":""}""", 400, "prompt: expected at least one token, got none." },
        { "completions", """{"model":"chat","prompt":[1,-5]}""", 400, "prompt: expected token ids of this model's vocabulary (see /tokenize), got -5." },
        { "completions", """{"model":"chat","prompt":"x","suffix":"y"}""", 400, "suffix is not currently supported" },
        { "completions", """{"model":"chat","prompt":"x","logprobs":true}""", 400, "logprobs: expected an integer from 0 to 20, got true." },
        { "embeddings", """{"model":"embed","input":[]}""", 400, "input: expected a string, a list of strings" },
        { "embeddings", """{"model":"embed","input":"x","encoding_format":"hex"}""", 400, "encoding_format: expected float or base64, got \"hex\"." },
        { "embeddings", """{"model":"embed","input":"x","dimensions":65}""", 400, "dimensions: expected an integer from 1 to 64, got 65." },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Bad_input_is_refused_with_a_message_that_names_the_field(string api, string body, int status, string message)
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(api == "chat" ? "/v1/chat/completions" : $"/v1/{api}", body, (HttpStatusCode)status);
        var error = answer.GetProperty("error");
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(status == 404 ? "NotFoundError" : "BadRequestError", error.GetProperty("type").GetString());
        Assert.Equal(status, error.GetProperty("code").GetInt32());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, error.GetProperty("param").ValueKind);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_window_is_refused_in_vllms_words()
    {
        await using var server = await SimulatorServer.StartAsync([("Models:0:ContextWindow", "64")]);
        var words = string.Join(' ', Enumerable.Repeat("word", 100));
        var answer = await server.JsonAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"WORDS"}]}""".Replace("WORDS", words, StringComparison.Ordinal), HttpStatusCode.BadRequest);
        Assert.Matches(@"^This model's maximum context length is 64 tokens\. However, your request has \d+ input tokens\.", answer.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task All_faults_of_a_request_are_told_at_once()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync("/v1/chat/completions", Chat("\"n\":\"two\",\"top_p\":7"), HttpStatusCode.BadRequest);
        Assert.Equal(
            "n: expected an integer from 1 to 128, got \"two\". top_p: expected a number from 0 to 1, got 7.", answer.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task No_field_of_any_kind_makes_the_server_fail()
    {
        string[] fields =
        [
            "model", "messages", "prompt", "input", "tools", "tool_choice", "response_format", "structured_outputs", "guided_json", "guided_regex", "stop",
            "stop_token_ids", "n", "max_tokens", "min_tokens", "temperature", "seed", "logprobs", "top_logprobs", "echo", "dimensions", "cache_salt", "tokens",
        ];
        string[] values =
        [
            "null", "true", "0", "-1", "1e999", "9223372036854775808", "1.5", "\"\"", "\"\\ud800\"", "[]", "[[]]", "[null]", "[1,-1]", "{}", "[{}]",
            "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"allOf\":[3]}}}", "{\"\\udfff\":1}", "{\"json\":{\"$ref\":\"#\"}}",
            "[{\"role\":\"user\",\"content\":[null]}]", "[{\"function\":{\"name\":\"f\",\"parameters\":{\"items\":[1],\"properties\":[]}}}]",
        ];
        await using var server = await SimulatorServer.StartAsync();
        foreach (var path in (string[])["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/tokenize", "/detokenize"])
        {
            foreach (var (field, value) in fields.SelectMany(field => values.Select(value => (field, value))))
            {
                var body = new Dictionary<string, string>
                {
                    ["messages"] = "[{\"role\":\"user\",\"content\":\"hi\"}]",
                    ["prompt"] = "\"hi\"",
                    ["input"] = "\"hi\"",
                    ["max_tokens"] = "3",
                    [field] = value,
                };
                using var response = await server.PostAsync(path, "{" + string.Join(',', body.Select(pair => $"\"{pair.Key}\":{pair.Value}")) + "}");
                Assert.True((int)response.StatusCode is 200 or 400 or 404, $"{(int)response.StatusCode} for {field}: {value} at {path}");
            }
        }
    }

    private static string Chat(string extra) => """{"model":"chat","messages":[{"role":"user","content":"hi"}],""" + extra + "}";
}
