using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Api;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>The response object: what the request asked for is said again in it.</summary>
internal sealed class ResponseWords
{
    /// <summary>A member of ours at the end, so that a response that is read again is told from a model's.</summary>
    private static ReadOnlySpan<byte> SimulatedEnd => ",\"simulated\":true}"u8;

    private readonly byte[] _asked;
    private readonly byte[] _id;
    private readonly byte[] _previousId;
    private readonly bool _isBackground;
    private readonly TimeProvider _time;

    public ResponseWords(JsonElement request, ResponseIds ids, bool isBackground, TimeProvider time)
    {
        (Ids, _isBackground, _time) = (ids, isBackground, time);
        _id = ModelResolution.JsonText.Quote(ids.Response);
        _previousId = request.GetText("previous_response_id"u8) is { } previous ? previous.Raw().ToArray() : "null"u8.ToArray();
        var asked = new ArrayBufferWriter<byte>();
        foreach (var (name, otherwise) in new[]
        {
            ("instructions", "null"), ("max_output_tokens", "null"), ("max_tool_calls", "null"), ("metadata", "{}"), ("parallel_tool_calls", "true"), ("temperature", "1"), ("top_p", "1"),
            ("text", """{"format":{"type":"text"}}"""), ("tool_choice", "\"auto\""), ("tools", "[]"), ("truncation", "\"disabled\""), ("reasoning", """{"effort":null,"summary":null}"""),
            ("service_tier", "\"default\""), ("user", ""),
        })
        {
            var value = request.TryGetProperty(name, out var said) && said.ValueKind != JsonValueKind.Null ? said.Raw() : System.Text.Encoding.UTF8.GetBytes(otherwise);
            if (value.IsEmpty)
            {
                continue; // There or not: the document knows no null here.
            }

            asked.Write(",\""u8);
            asked.Write(System.Text.Encoding.UTF8.GetBytes(name));
            asked.Write("\":"u8);
            if (name == "tools" && request.Get("tools"u8) is { ValueKind: JsonValueKind.Array } tools)
            {
                WriteTools(tools, asked);
            }
            else
            {
                asked.Write(value);
            }
        }

        _asked = asked.WrittenSpan.ToArray();
    }

    public ResponseIds Ids { get; }

    /// <summary>Why an answer with this finish reason is not whole; empty where it is.</summary>
    public static ReadOnlySpan<byte> IncompleteBy(ReadOnlySpan<byte> finish) =>
        finish.SequenceEqual("\"length\""u8) ? "max_output_tokens"u8
        : finish.SequenceEqual("\"content_filter\""u8) ? "content_filter"u8
        : default;

    /// <param name="model">Its name as JSON.</param>
    /// <param name="items">Those that are whole; in JSON, with commas between them.</param>
    /// <param name="incomplete">As of <see cref="IncompleteBy"/>.</param>
    public void Write(
        Exchange exchange, ReadOnlySpan<byte> model, ReadOnlySpan<byte> status, ReadOnlySpan<byte> items, Refusal? error, ReadOnlySpan<byte> incomplete, bool isStored, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":"u8);
        output.Write(_id);
        output.Write(",\"object\":\"response\",\"created_at\":"u8);
        AnswerWords.Put(exchange.StartedAt.ToUnixTimeSeconds(), output);
        output.Write(",\"status\":\""u8);
        output.Write(status);
        var isAtEnd = !status.SequenceEqual("queued"u8) && !status.SequenceEqual("in_progress"u8);
        output.Write("\",\"completed_at\":"u8);
        if (status.SequenceEqual("completed"u8))
        {
            AnswerWords.Put(_time.GetUtcNow().ToUnixTimeSeconds(), output);
        }
        else
        {
            output.Write("null"u8);
        }

        output.Write(_isBackground ? ",\"background\":true,\"error\":"u8 : ",\"background\":false,\"error\":"u8);
        WriteFault(error, output);
        output.Write(",\"incomplete_details\":"u8);
        output.Write(incomplete.IsEmpty ? "null"u8 : "{\"reason\":\""u8);
        output.Write(incomplete);
        output.Write(incomplete.IsEmpty ? default : "\"}"u8);
        output.Write(",\"model\":"u8);
        output.Write(model);
        output.Write(_asked);
        output.Write(isStored ? ",\"store\":true,\"previous_response_id\":"u8 : ",\"store\":false,\"previous_response_id\":"u8);
        output.Write(_previousId);
        output.Write(",\"output\":["u8);
        output.Write(items);
        output.Write("]"u8);
        if (isAtEnd)
        {
            output.Write(",\"usage\":"u8);
            WriteUsage(exchange.Meter.Read(exchange.Call.Body.Length).Tokens, output);
        }

        output.Write(exchange.IsSimulated ? SimulatedEnd : "}"u8);
    }

    /// <summary>Whether a response object says of itself that a simulator made it.</summary>
    public static bool IsSimulated(ReadOnlySpan<byte> response) => response.EndsWith(SimulatedEnd);

    /// <summary>A response that has just begun, and that only simulators can answer.</summary>
    public static byte[] Simulated(ReadOnlySpan<byte> response) => IsSimulated(response) ? response.ToArray() : [.. response[..^1], .. SimulatedEnd];

    /// <summary>The members of an <c>error</c> event; those of OpenAI's clients look for <c>error</c>, the specification's are beside it.</summary>
    public static void WriteError(Refusal refusal, IBufferWriter<byte> output)
    {
        WriteMembers(refusal, output);
        output.Write(",\"error\":{\"type\":"u8);
        output.Write(Quoted(RefusalTypes.Upstream));
        WriteMembers(refusal, output);
        output.Write("}"u8);
    }

    /// <summary>As they were sent, with what functions may leave out there and have here.</summary>
    private static void WriteTools(JsonElement tools, IBufferWriter<byte> output)
    {
        output.Write("["u8);
        var place = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            output.Write(place++ > 0 ? ","u8 : default);
            if (tool.Type() != "function")
            {
                output.Write(tool.Raw());
                continue;
            }

            output.Write(tool.TryGetProperty("strict"u8, out _) ? "{"u8 : "{\"strict\":null,"u8);
            output.Write(tool.TryGetProperty("parameters"u8, out _) ? default : "\"parameters\":null,"u8);
            output.Write(tool.Raw()[1..]);
        }

        output.Write("]"u8);
    }

    private static void WriteMembers(Refusal refusal, IBufferWriter<byte> output)
    {
        output.Write(",\"code\":"u8);
        output.Write(Quoted(refusal.Code));
        output.Write(",\"message\":"u8);
        output.Write(Quoted(refusal.Message));
        output.Write(",\"param\":"u8);
        output.Write(Quoted(refusal.Param));
    }

    /// <remarks>The specification has a closed list of codes; ours that are not in it are told in the <c>error</c> event.</remarks>
    private static void WriteFault(Refusal? error, IBufferWriter<byte> output)
    {
        if (error is null)
        {
            output.Write("null"u8);
            return;
        }

        output.Write(error.Status == StatusCodes.Status429TooManyRequests ? "{\"code\":\"rate_limit_exceeded\",\"message\":"u8 : "{\"code\":\"server_error\",\"message\":"u8);
        output.Write(Quoted(error.Message));
        output.Write("}"u8);
    }

    private static void WriteUsage(TokenUsage tokens, IBufferWriter<byte> output)
    {
        output.Write("{\"input_tokens\":"u8);
        AnswerWords.Put(tokens.Prompt, output);
        output.Write(",\"input_tokens_details\":{\"cached_tokens\":"u8);
        AnswerWords.Put(tokens.Cached, output);
        output.Write(",\"cache_write_tokens\":"u8);
        AnswerWords.Put(tokens.CacheWritten, output);
        output.Write("},\"output_tokens\":"u8);
        AnswerWords.Put(tokens.Completion, output);
        output.Write(",\"output_tokens_details\":{\"reasoning_tokens\":"u8);
        AnswerWords.Put(tokens.Reasoning, output);
        output.Write("},\"total_tokens\":"u8);
        AnswerWords.Put(tokens.Total, output);
        output.Write("}"u8);
    }

    private static byte[] Quoted(string? text) => text is null ? "null"u8.ToArray() : [.. "\""u8, .. JsonEncodedText.Encode(text, OpenAiErrors.Readable.Encoder).EncodedUtf8Bytes, .. "\""u8];
}
