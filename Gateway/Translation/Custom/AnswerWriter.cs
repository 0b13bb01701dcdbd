using System.Buffers;
using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Gateway.Api;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Writes what an expression said as OpenAI's objects: a whole answer, or chunks of one.</summary>
internal sealed class AnswerWriter(Exchange exchange, Candidate candidate, byte[]? reasoningName)
{
    private readonly ArrayBufferWriter<byte> _chunk = new();
    private readonly bool _isChat = exchange.Operation == Operation.Chat;
    private readonly string _reasoningName = reasoningName is null ? "reasoning_content" : System.Text.Encoding.UTF8.GetString(reasoningName)[1..^1];
    private Utf8JsonWriter? _json;

    private bool WantsUsage => exchange.Call.StreamOptions.IncludeUsage;

    public void WriteWhole(TextResult result, TokenUsage? usage, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, OpenAiErrors.Readable);
        json.WriteStartObject();
        WriteHead(json, _isChat ? "chat.completion" : "text_completion");
        json.WriteStartArray("choices");
        foreach (var choice in result.Choices.Count == 0 ? [new ChoiceResult()] : result.Choices)
        {
            json.WriteStartObject();
            json.WriteNumber("index", choice.Index);
            if (_isChat)
            {
                json.WriteStartObject("message");
                json.WriteString("role", "assistant");
                WriteText(json, "content", choice.Content);
                WriteText(json, "refusal", choice.Refusal);
                WriteReasoning(json, choice);
                WriteCalls(json, choice, firstCall: 0, isPiece: false);
                json.WriteEndObject();
            }
            else
            {
                json.WriteString("text", choice.Content ?? "");
            }

            json.WriteNull("logprobs");
            json.WriteString("finish_reason", FinishOf(choice.Finish, choice.Calls.Count > 0));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteUsage(json, usage);
        json.WriteEndObject();
    }

    /// <summary>One choice's next piece; of a chat's first the role comes with it.</summary>
    /// <param name="firstCall">How many calls of tools came before.</param>
    /// <param name="finish">Its last piece.</param>
    public void WriteChunk(ChoiceResult choice, bool isFirst, int firstCall, string? finish, IBufferWriter<byte> output)
    {
        var json = Begin();
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice.Index);
        if (_isChat)
        {
            WriteDelta(json, choice, isFirst, firstCall);
        }
        else
        {
            json.WriteString("text", choice.Content ?? "");
            json.WriteNull("logprobs");
        }

        WriteText(json, "finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
        if (WantsUsage)
        {
            json.WriteNull("usage");
        }

        End(json, output);
    }

    /// <summary>The chunk that OpenAI sends at the end to those who asked for it.</summary>
    public void WriteUsageChunk(TokenUsage? usage, IBufferWriter<byte> output)
    {
        if (!WantsUsage || usage is null)
        {
            return;
        }

        var json = Begin();
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json, usage);
        End(json, output);
    }

    /// <summary>Of an answer that calls tools the reason is that, whatever the engine calls it.</summary>
    public static string FinishOf(string? finish, bool callsTools) => finish is null or "stop" ? callsTools ? "tool_calls" : "stop" : finish;

    private Utf8JsonWriter Begin()
    {
        _chunk.ResetWrittenCount();
        if (_json is null)
        {
            _json = new Utf8JsonWriter(_chunk, OpenAiErrors.Readable);
        }
        else
        {
            _json.Reset(_chunk);
        }

        _json.WriteStartObject();
        WriteHead(_json, _isChat ? "chat.completion.chunk" : "text_completion");
        return _json;
    }

    private void End(Utf8JsonWriter json, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        json.Flush();
        exchange.Story?.Answered(_chunk.WrittenSpan);
        output.Write("data: "u8);
        output.Write(_chunk.WrittenSpan);
        output.Write("\n\n"u8);
    }

    private void WriteHead(Utf8JsonWriter json, string kind)
    {
        json.WriteString("id", exchange.RequestId);
        json.WriteString("object", kind);
        json.WriteNumber("created", exchange.StartedAt.ToUnixTimeSeconds());
        json.WriteString("model", candidate.Model.Id);
    }

    private void WriteDelta(Utf8JsonWriter json, ChoiceResult choice, bool isFirst, int firstCall)
    {
        json.WriteStartObject("delta");
        if (isFirst)
        {
            json.WriteString("role", "assistant");
        }

        if (choice.Content is { Length: > 0 } || isFirst)
        {
            json.WriteString("content", choice.Content ?? "");
        }

        if (choice.Refusal is not null)
        {
            json.WriteString("refusal", choice.Refusal);
        }

        WriteReasoning(json, choice);
        WriteCalls(json, choice, firstCall, isPiece: true);
        json.WriteEndObject();
    }

    private void WriteReasoning(Utf8JsonWriter json, ChoiceResult choice)
    {
        if (choice.Reasoning is { Length: > 0 })
        {
            json.WriteString(_reasoningName, choice.Reasoning);
        }
    }

    private void WriteCalls(Utf8JsonWriter json, ChoiceResult choice, int firstCall, bool isPiece)
    {
        if (choice.Calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        for (var i = 0; i < choice.Calls.Count; i++)
        {
            var call = choice.Calls[i];
            json.WriteStartObject();
            if (isPiece)
            {
                json.WriteNumber("index", call.Index ?? firstCall + i);
            }

            if (call.Name is not null)
            {
                json.WriteString("id", call.Id ?? $"call_{exchange.RequestId}_{choice.Index}_{firstCall + i}");
                json.WriteString("type", "function");
            }

            json.WriteStartObject("function");
            if (call.Name is not null)
            {
                json.WriteString("name", call.Name);
            }

            json.WriteString("arguments", call.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, text);
        }
    }

    /// <remarks>What the gateway only estimates is in the usage row, marked as that, and not told as if it were counted.</remarks>
    private static void WriteUsage(Utf8JsonWriter json, TokenUsage? usage)
    {
        if (usage is not { } counted)
        {
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", counted.Prompt);
        json.WriteNumber("completion_tokens", counted.Completion);
        json.WriteNumber("total_tokens", counted.Total);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", counted.Cached);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
