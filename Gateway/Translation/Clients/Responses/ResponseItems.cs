using System.Buffers;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>The items of a response as they grow: thoughts, one message, function calls. What is heard is told as events, and kept for the response at the end.</summary>
internal sealed class ResponseItems(ResponseIds ids)
{
    private readonly ArrayBufferWriter<byte> _done = new();
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly HashSet<int> _calls = [];
    private Item _open;
    private byte[] _id = [];
    private byte[] _callId = [];
    private byte[] _name = [];
    private int _call;
    private int _count;
    private int _events;

    private enum Item
    {
        None,
        Reasoning,
        Text,
        Refusal,
        Call,
    }

    /// <summary>The items that are whole, with commas between them.</summary>
    public ReadOnlySpan<byte> Done => _done.WrittenSpan;

    /// <summary>The engine has sent what nobody can tell: the end of a sentence about it.</summary>
    public string? Fault { get; private set; }

    public void Hear(in ChatWords words, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        Say(Item.Reasoning, words.Reasoning.In(chunk), output);
        Say(Item.Text, words.Content.In(chunk), output);
        Say(Item.Refusal, words.Refusal.In(chunk), output);
        foreach (var call in words.Calls)
        {
            Hear(call, chunk, output);
        }
    }

    /// <param name="isWhole">The answer came to its own end.</param>
    public void Close(bool isWhole, IBufferWriter<byte> output) => End(isWhole, output);

    /// <summary>An event's lines up to its own members.</summary>
    public void WriteEvent(ReadOnlySpan<byte> name, IBufferWriter<byte> output)
    {
        output.Write("event: "u8);
        output.Write(name);
        output.Write("\ndata: {\"type\":\""u8);
        output.Write(name);
        output.Write("\",\"sequence_number\":"u8);
        AnswerWords.Put(_events++, output);
    }

    private void Say(Item kind, ReadOnlySpan<byte> words, IBufferWriter<byte> output)
    {
        if (words.IsEmpty)
        {
            return;
        }

        if (_open != kind)
        {
            Begin(kind, output);
        }

        _text.Write(words[1..^1]);
        WritePlace(DeltaOf(kind), output);
        output.Write(",\"delta\":"u8);
        output.Write(words);
        output.Write(kind == Item.Text ? ",\"logprobs\":[]}\n\n"u8 : "}\n\n"u8);
    }

    private void Hear(in CallWords call, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        if (_open != Item.Call || _call != call.Place)
        {
            if (!call.Name.IsPresent || !_calls.Add(call.Place))
            {
                Fault ??= call.Name.IsPresent ? "began a tool call twice" : "went on with a tool call that it had not begun, or had left for another";
                return;
            }

            End(isWhole: true, output); // Before the call's own names are kept.
            _call = call.Place;
            _name = call.Name.In(chunk).ToArray();
            _callId = call.Id.IsPresent ? call.Id.In(chunk).ToArray() : ids.OfOutput("call_", call.Place);
            Begin(Item.Call, output);
        }

        if (call.Arguments.IsPresent)
        {
            var words = call.Arguments.In(chunk);
            _text.Write(words[1..^1]);
            WritePlace("response.function_call_arguments.delta"u8, output);
            output.Write(",\"delta\":"u8);
            output.Write(words);
            output.Write("}\n\n"u8);
        }
    }

    private void Begin(Item kind, IBufferWriter<byte> output)
    {
        End(isWhole: true, output);
        _open = kind;
        _id = ids.OfOutput(kind switch { Item.Reasoning => "rs_", Item.Call => "fc_", _ => "msg_" }, _count);
        WriteEvent("response.output_item.added"u8, output);
        output.Write(",\"output_index\":"u8);
        AnswerWords.Put(_count, output);
        output.Write(",\"item\":"u8);
        WriteItem("in_progress"u8, hasText: false, output);
        output.Write("}\n\n"u8);
        if (kind != Item.Call)
        {
            WritePlace("response.content_part.added"u8, output);
            output.Write(",\"part\":"u8);
            WritePart(hasText: false, output);
            output.Write("}\n\n"u8);
        }
    }

    private void End(bool isWhole, IBufferWriter<byte> output)
    {
        if (_open == Item.None)
        {
            return;
        }

        WritePlace(DoneOf(_open), output);
        output.Write(_open switch { Item.Call => ",\"arguments\":\""u8, Item.Refusal => ",\"refusal\":\""u8, _ => ",\"text\":\""u8 });
        output.Write(_text.WrittenSpan);
        output.Write(_open == Item.Text ? "\",\"logprobs\":[]"u8 : "\""u8);
        if (_open == Item.Call)
        {
            output.Write(",\"name\":"u8);
            output.Write(_name);
        }

        output.Write("}\n\n"u8);
        if (_open != Item.Call)
        {
            WritePlace("response.content_part.done"u8, output);
            output.Write(",\"part\":"u8);
            WritePart(hasText: true, output);
            output.Write("}\n\n"u8);
        }

        var start = _done.WrittenCount;
        _done.Write(start > 0 ? ","u8 : default);
        WriteItem(isWhole ? "completed"u8 : "incomplete"u8, hasText: true, _done);
        WriteEvent("response.output_item.done"u8, output);
        output.Write(",\"output_index\":"u8);
        AnswerWords.Put(_count++, output);
        output.Write(",\"item\":"u8);
        output.Write(_done.WrittenSpan[(start > 0 ? start + 1 : 0)..]);
        output.Write("}\n\n"u8);
        _text.ResetWrittenCount();
        _open = Item.None;
    }

    private void WriteItem(ReadOnlySpan<byte> status, bool hasText, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":"u8);
        output.Write(_id);
        output.Write(_open switch
        {
            Item.Reasoning => ",\"type\":\"reasoning\",\"summary\":[],\"status\":\""u8,
            Item.Call => ",\"type\":\"function_call\",\"status\":\""u8,
            _ => ",\"type\":\"message\",\"role\":\"assistant\",\"status\":\""u8,
        });
        output.Write(status);
        if (_open == Item.Call)
        {
            output.Write("\",\"call_id\":"u8);
            output.Write(_callId);
            output.Write(",\"name\":"u8);
            output.Write(_name);
            output.Write(",\"arguments\":\""u8);
            output.Write(hasText ? _text.WrittenSpan : default);
            output.Write("\"}"u8);
            return;
        }

        output.Write("\",\"content\":["u8);
        if (hasText)
        {
            WritePart(hasText, output);
        }

        output.Write("]}"u8);
    }

    private void WritePart(bool hasText, IBufferWriter<byte> output)
    {
        output.Write(_open switch
        {
            Item.Reasoning => "{\"type\":\"reasoning_text\",\"text\":\""u8,
            Item.Refusal => "{\"type\":\"refusal\",\"refusal\":\""u8,
            _ => "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\""u8,
        });
        output.Write(hasText ? _text.WrittenSpan : default);
        output.Write("\"}"u8);
    }

    private void WritePlace(ReadOnlySpan<byte> name, IBufferWriter<byte> output)
    {
        WriteEvent(name, output);
        output.Write(",\"item_id\":"u8);
        output.Write(_id);
        output.Write(",\"output_index\":"u8);
        AnswerWords.Put(_count, output);
        output.Write(_open == Item.Call ? default : ",\"content_index\":0"u8);
    }

    private static ReadOnlySpan<byte> DeltaOf(Item kind) => kind switch
    {
        Item.Reasoning => "response.reasoning_text.delta"u8,
        Item.Refusal => "response.refusal.delta"u8,
        _ => "response.output_text.delta"u8,
    };

    private static ReadOnlySpan<byte> DoneOf(Item kind) => kind switch
    {
        Item.Reasoning => "response.reasoning_text.done"u8,
        Item.Refusal => "response.refusal.done"u8,
        Item.Call => "response.function_call_arguments.done"u8,
        _ => "response.output_text.done"u8,
    };
}
