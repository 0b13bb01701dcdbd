using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Clients;
using Orrery.Gateway.Translation.Clients.Messages;
using Orrery.Gateway.Translation.Clients.Responses;

namespace Orrery.Tests.Gateway.Messages;

/// <summary>Whatever stands wherever in a request of another API, it is refused with a word, or becomes a chat request in whole JSON.</summary>
public sealed class TranslationFuzzTests
{
    private const int Rounds = 20_000;

    private const string Message = """{"model":"m","max_tokens":3,"stream":false,"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"a","input_schema":{"type":"object"}},{"type":"bash_20250124","name":"bash"}],"tool_choice":{"type":"auto"},"stop_sequences":["x"],"metadata":{"user_id":"u"},"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},{"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"}]}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":""},{"type":"text","text":"b"},{"type":"tool_use","id":"t","name":"a","input":{"x":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}]}]}]}""";

    private const string Response = """{"model":"m","max_output_tokens":3,"instructions":"x","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","image_url":"https://x.example/a.png","detail":"low"},{"type":"input_file","file_data":"data:,x"}]},{"type":"reasoning","summary":[]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},{"type":"function_call","call_id":"c","name":"a","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"1"}]}],"tools":[{"type":"function","name":"a","parameters":{}}],"tool_choice":{"type":"function","name":"a"},"text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{}}},"reasoning":{"effort":"low"},"metadata":{"a":"b"},"store":false,"stream":false,"temperature":1}""";

    private static readonly string[] Values =
        ["null", "true", "0", "-1", "1e308", "\"\"", "\"x\"", "\"text\"", "\"HALF\"", "\"\\n\\u00e9\"", "[]", "{}", "[[]]", "[null]", """{"type":"text"}""", """{"type":1}""", """{"type":"image"}""", """[{"type":"text","text":1}]""", """{"role":"user","content":"x"}"""];

    private static readonly string[] Names = ["n", "stream", "models", "routing", "type", "messages", "input", "max_tokens", "stream_options", "thinking", "tools", "x\"y"];

    [Theory]
    [InlineData(Message, 1)]
    [InlineData(Message, 2)]
    [InlineData(Response, 3)]
    [InlineData(Response, 4)]
    public async Task A_request_is_refused_or_becomes_whole_json(string request, int seed)
    {
        IClientProtocol protocol = request == Message ? new MessagesProtocol(countsOnly: seed == 2) : ProtocolReading.Services.GetRequiredService<ResponsesProtocol>();
        var random = new Random(seed);
        var translated = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var root = JsonNode.Parse(request)!;
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                Change(root, random);
            }

            var body = root.ToJsonString().Replace("HALF", "\\ud83d", StringComparison.Ordinal); // Which no writer writes.
            var ((refusal, dialogue), chat) = await ProtocolReading.ReadAsync(protocol, body);
            if (refusal is not null)
            {
                Assert.True(refusal is { Status: 400 or 503, Message.Length: > 10 } && dialogue is null, body);
                continue;
            }

            translated++;
            Assert.True(AnswerScan.IsJson(chat), $"{body}\nbecame {Encoding.UTF8.GetString(chat)}");
        }

        Assert.InRange(translated, Rounds / 50, Rounds - (Rounds / 50)); // Both happen.
    }

    private static void Change(JsonNode root, Random random)
    {
        var places = new List<JsonNode>();
        Collect(root, places);
        var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
        switch (places[random.Next(places.Count)])
        {
            case JsonObject @object when random.Next(5) == 0 || @object.Count == 0:
                @object[Names[random.Next(Names.Length)]] = value;
                break;
            case JsonObject @object:
                var name = @object.ElementAt(random.Next(@object.Count)).Key;
                if (random.Next(4) == 0)
                {
                    @object.Remove(name);
                }
                else
                {
                    @object[name] = value;
                }

                break;
            case JsonArray array:
                array.Insert(random.Next(array.Count + 1), value);
                break;
        }
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (node is JsonObject or JsonArray)
        {
            places.Add(node);
            foreach (var child in node is JsonObject members ? members.Select(member => member.Value) : node.AsArray())
            {
                Collect(child, places);
            }
        }
    }
}
