using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Usage;

/// <summary>Decides whose texts are recorded.</summary>
internal sealed class Recorder(IOptions<RecordingOptions> options)
{
    private readonly RecordingOptions _options = options.Value;
    private readonly TextMasks _masks = new(options.Value.Masks);

    /// <summary><c>null</c> where the namespace's texts are nobody's business.</summary>
    public Recording? Begin(string @namespace) => _options.Namespaces.GetValueOrDefault(@namespace) ? new(_options.MaxCharacters, _masks) : null;
}

/// <summary>
/// The texts of one request and of its answer, masked and cut, in the form of OpenTelemetry's <c>gen_ai.input.messages</c> and <c>gen_ai.output.messages</c>. Only for
/// requests that are recorded, so what it costs is paid by nobody else.
/// </summary>
internal sealed class Recording(int most, TextMasks masks)
{
    /// <summary>Read beyond what is kept, so that what is masked is seen whole at the cut.</summary>
    private const int Beyond = 1_024;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly SortedDictionary<int, Answer> _answers = [];
    private int _heard;

    /// <summary>An attempt begins: what the one before it said has reached nobody.</summary>
    public void BeginAnswer()
    {
        _answers.Clear();
        _heard = 0;
    }

    /// <summary>Takes in an answer, or a chunk of one.</summary>
    public void Hear(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            foreach (var choice in Items(document.RootElement, "choices"))
            {
                Hear(choice);
            }
        }
        catch (JsonException)
        {
            // The relay has said what it is.
        }
    }

    /// <summary><c>gen_ai.input.messages</c>. The last texts count most: what does not fit is cut from the first.</summary>
    public string Input(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 1_000 });
        var root = document.RootElement;
        var messages = root.TryGetProperty("messages", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(message => (Role: Text(message, "role") ?? "user", Parts: Parts(message).ToList())).ToList()
            : [("user", [.. Inputs(root)])];
        var left = most;
        foreach (var part in Enumerable.Reverse(messages).SelectMany(message => Enumerable.Reverse(message.Parts)))
        {
            part.Cut(masks, ref left);
        }

        return Json(writer =>
        {
            foreach (var (role, parts) in messages)
            {
                Write(writer, role, parts, finish: null);
            }
        });
    }

    /// <summary><c>gen_ai.output.messages</c>; <c>null</c> where nothing was said.</summary>
    public string? Output()
    {
        if (_answers.Count == 0)
        {
            return null;
        }

        var left = most;
        return Json(writer =>
        {
            foreach (var answer in _answers.Values)
            {
                var parts = answer.Parts().ToList();
                foreach (var part in parts)
                {
                    part.Cut(masks, ref left);
                }

                Write(writer, "assistant", parts, answer.Finish);
            }
        });
    }

    private void Hear(JsonElement choice)
    {
        var index = choice.TryGetProperty("index", out var number) && number.TryGetInt32(out var value) ? value : 0;
        if (!_answers.TryGetValue(index, out var answer))
        {
            _answers[index] = answer = new();
        }

        answer.Finish = Text(choice, "finish_reason") ?? answer.Finish;
        Add(answer.Content, Text(choice, "text"));
        if (!choice.TryGetProperty("delta", out var said) && !choice.TryGetProperty("message", out said))
        {
            return;
        }

        Add(answer.Reasoning, Text(said, "reasoning_content") ?? Text(said, "reasoning"));
        Add(answer.Content, Text(said, "content") ?? Text(said, "refusal"));
        foreach (var call in Items(said, "tool_calls"))
        {
            var place = call.TryGetProperty("index", out var at) && at.TryGetInt32(out var where) ? where : answer.Calls.Count;
            if (!answer.Calls.TryGetValue(place, out var known))
            {
                answer.Calls[place] = known = new();
            }

            known.Id = Text(call, "id") ?? known.Id;
            if (call.TryGetProperty("function", out var function))
            {
                known.Name = Text(function, "name") ?? known.Name;
                Add(known.Arguments, Text(function, "arguments"));
            }
        }
    }

    private void Add(StringBuilder text, string? more)
    {
        if (more is null)
        {
            return;
        }

        var room = Math.Max(0, most + Beyond - _heard);
        text.Append(more.AsSpan(0, Math.Min(more.Length, room)));
        _heard += more.Length;
    }

    private static IEnumerable<Part> Parts(JsonElement message)
    {
        if (Text(message, "tool_call_id") is { } answered)
        {
            yield return new("tool_call_response", "response", string.Concat(Texts(message)), ("id", answered));
            yield break;
        }

        foreach (var part in Items(message, "content"))
        {
            yield return Text(part, "text") is { } text ? new Part("text", "content", text) : new Part(Text(part, "type") ?? "unknown", null, null);
        }

        if (Text(message, "content") is { } content)
        {
            yield return new Part("text", "content", content);
        }

        foreach (var call in Items(message, "tool_calls"))
        {
            call.TryGetProperty("function", out var function);
            yield return new("tool_call", "arguments", Text(function, "arguments"), ("id", Text(call, "id")), ("name", Text(function, "name")));
        }
    }

    private static IEnumerable<string> Texts(JsonElement message) =>
        Text(message, "content") is { } text ? [text] : Items(message, "content").Select(part => Text(part, "text")).OfType<string>();

    /// <summary>A prompt, or what is to be embedded. Token ids are no text.</summary>
    private static IEnumerable<Part> Inputs(JsonElement root)
    {
        var input = root.TryGetProperty("prompt", out var prompt) ? prompt : root.TryGetProperty("input", out var other) ? other : default;
        return input.ValueKind switch
        {
            JsonValueKind.String => [new("text", "content", input.GetString())],
            JsonValueKind.Array => input.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => new Part("text", "content", one.GetString())),
            _ => [],
        };
    }

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void Write(Utf8JsonWriter writer, string role, IEnumerable<Part> parts, string? finish)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteStartArray("parts");
        foreach (var part in parts)
        {
            part.Write(writer);
        }

        writer.WriteEndArray();
        if (finish is not null)
        {
            writer.WriteString("finish_reason", finish);
        }

        writer.WriteEndObject();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Readable))
        {
            writer.WriteStartArray();
            write(writer);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>One part of a message, as OpenTelemetry names it.</summary>
    private sealed class Part(string type, string? field, string? text, params (string Name, string? Value)[] more)
    {
        private string? _text = text;

        public void Cut(TextMasks masks, ref int left)
        {
            if (_text is not { } all)
            {
                return;
            }

            var seen = masks.Apply(all.Length > left + Beyond ? all[..(left + Beyond)] : all);
            var kept = Math.Min(seen.Length, left);
            kept -= kept > 0 && kept < seen.Length && char.IsHighSurrogate(seen[kept - 1]) ? 1 : 0;
            _text = kept == seen.Length && all.Length <= left + Beyond ? seen : $"{seen[..kept]}… ({all.Length} characters in all)";
            left -= kept;
        }

        public void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            foreach (var (name, value) in more)
            {
                if (value is not null)
                {
                    writer.WriteString(name, value);
                }
            }

            if (_text is not null)
            {
                writer.WriteString(field!, _text);
            }

            writer.WriteEndObject();
        }
    }

    private sealed class Answer
    {
        public StringBuilder Content { get; } = new();

        public StringBuilder Reasoning { get; } = new();

        public SortedDictionary<int, ToolCall> Calls { get; } = [];

        public string? Finish { get; set; }

        public IEnumerable<Part> Parts()
        {
            if (Reasoning.Length > 0)
            {
                yield return new("reasoning", "content", Reasoning.ToString());
            }

            if (Content.Length > 0)
            {
                yield return new("text", "content", Content.ToString());
            }

            foreach (var call in Calls.Values)
            {
                yield return new("tool_call", "arguments", call.Arguments.ToString(), ("id", call.Id), ("name", call.Name));
            }
        }
    }

    private sealed class ToolCall
    {
        public string? Id { get; set; }

        public string? Name { get; set; }

        public StringBuilder Arguments { get; } = new();
    }
}
