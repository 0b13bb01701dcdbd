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
/// requests that are recorded, so what it costs is paid by nobody else. Never throws: what cannot be read is left out, and <see cref="Fault"/> says so.
/// </summary>
internal sealed class Recording(int most, TextMasks masks)
{
    private const int MostAnswers = 16;
    private const int MostCalls = 64;
    private const int MostParts = 256;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly SortedDictionary<int, RecordedAnswer> _answers = [];
    private int _heard;

    /// <summary>Why something is missing; <c>null</c> when nothing is.</summary>
    public string? Fault { get; private set; }

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
            foreach (var choice in document.RootElement.Items("choices"))
            {
                Hear(choice);
            }

            foreach (var words in SaidWords.In(document.RootElement))
            {
                Hear(words);
            }
        }
        catch (Exception error)
        {
            Fault = $"a part of the answer cannot be read: {error.Message}";
        }
    }

    /// <summary><c>gen_ai.input.messages</c>. The last texts count most: what does not fit is cut from the first.</summary>
    public string? Input(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 1_000 });
            var root = document.RootElement;
            var messages = root.TryGetProperty("messages", out var list) && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray().TakeLast(MostParts).Select(message => (Role: message.Text("role") ?? "user", Parts: RecordedPart.Of(message).TakeLast(MostParts).ToList())).ToList()
                : [("user", [.. Inputs(root).TakeLast(MostParts)])];
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
        catch (Exception error)
        {
            Fault = $"the request cannot be read: {error.Message}";
            return null;
        }
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

    /// <returns><c>null</c>: there are too many.</returns>
    private RecordedAnswer? AnswerAt(int index) =>
        _answers.TryGetValue(index, out var answer) ? answer
        : _answers.Count == MostAnswers ? null
        : _answers[index] = new();

    private void Hear(SaidWords words)
    {
        if (AnswerAt(0) is not { } answer)
        {
            return;
        }

        answer.Finish = words.Finish ?? answer.Finish;
        Add(answer.Content, words.Content);
        Add(answer.Reasoning, words.Reasoning);
        if (words.Call is { } place && answer.CallAt(place) is { } call)
        {
            Hear(call, words.CallId, words.CallName, words.Arguments);
        }
    }

    private void Hear(JsonElement choice)
    {
        if (AnswerAt(choice.Number("index") ?? 0) is not { } answer)
        {
            return;
        }

        answer.Finish = choice.Text("finish_reason") ?? answer.Finish;
        Add(answer.Content, choice.Text("text"));
        var said = choice.Member("delta") ?? choice.Member("message");
        if (said is not { } words)
        {
            return;
        }

        Add(answer.Reasoning, words.Text("reasoning_content") ?? words.Text("reasoning"));
        Add(answer.Content, words.Text("content") ?? words.Text("refusal"));
        foreach (var call in words.Items("tool_calls"))
        {
            if (answer.CallAt(call.Number("index") ?? answer.Calls.Count) is { } known)
            {
                Hear(known, call.Text("id"), call.Member("function")?.Text("name"), call.Member("function")?.Text("arguments"));
            }
        }
    }

    private void Hear(ToolCall call, string? id, string? name, string? arguments)
    {
        call.Id = id ?? call.Id;
        call.Name = name ?? call.Name;
        Add(call.Arguments, arguments);
    }

    private void Add(StringBuilder text, string? more)
    {
        if (more is null)
        {
            return;
        }

        var room = Math.Max(0, most + RecordedPart.Beyond - _heard);
        text.Append(more.AsSpan(0, Math.Min(more.Length, room)));
        _heard += Math.Min(more.Length, int.MaxValue - _heard);
    }

    /// <summary>A prompt, or what is to be embedded. Token ids are no text.</summary>
    private static IEnumerable<RecordedPart> Inputs(JsonElement root) => (root.Member("prompt") ?? root.Member("input")) switch
    {
        { ValueKind: JsonValueKind.String } => [RecordedPart.OfText(root.Text("prompt") ?? root.Text("input"))],
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => RecordedPart.OfText(one.Text())),
        _ => [],
    };

    private void Write(Utf8JsonWriter writer, string role, IEnumerable<RecordedPart> parts, string? finish)
    {
        writer.WriteStartObject();
        writer.WriteString("role", RecordedPart.Short(role, masks));
        writer.WriteStartArray("parts");
        foreach (var part in parts)
        {
            part.Write(writer, masks);
        }

        writer.WriteEndArray();
        if (finish is not null)
        {
            writer.WriteString("finish_reason", RecordedPart.Short(finish, masks));
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

    private sealed class RecordedAnswer
    {
        public StringBuilder Content { get; } = new();

        public StringBuilder Reasoning { get; } = new();

        public SortedDictionary<int, ToolCall> Calls { get; } = [];

        public string? Finish { get; set; }

        /// <returns><c>null</c>: there are too many.</returns>
        public ToolCall? CallAt(int place) =>
            Calls.TryGetValue(place, out var call) ? call
            : Calls.Count == MostCalls ? null
            : Calls[place] = new();

        public IEnumerable<RecordedPart> Parts()
        {
            if (Reasoning.Length > 0)
            {
                yield return new("reasoning", "content", Reasoning.ToString());
            }

            if (Content.Length > 0)
            {
                yield return RecordedPart.OfText(Content.ToString());
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
