using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary><c>chat.completion</c> and its chunks, in vLLM's shape.</summary>
internal sealed class ChatAnswer(ChatRequest request, string id, long created) : IAnswer
{
    public IReadOnlyList<Output> Outputs => request.Outputs;

    public int ChoicesPerPrompt => request.Outputs.Count;

    public int PromptTokens => request.Prompt.Length;

    public bool HasOpening(int choice) => true;

    public bool IsVisible(int choice, int position)
    {
        var token = Outputs[choice].Tokens[position];
        return token.Text.Length > 0 || token.OpensToolCall || position == Outputs[choice].Tokens.Length - 1;
    }

    public void WriteOpening(Utf8JsonWriter json, int choice, Usage? usage)
    {
        BeginChunk(json, choice);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteNull("finish_reason"u8);
        EndChunk(json, usage);
    }

    public void WriteToken(Utf8JsonWriter json, int choice, int position, Usage? usage)
    {
        var output = Outputs[choice];
        var token = output.Tokens[position];
        BeginChunk(json, choice);
        if (token.ToolCall >= 0 && (token.OpensToolCall || token.Text.Length > 0))
        {
            WriteToolDelta(json, output, token);
        }
        else
        {
            json.WriteString("content"u8, token.Text);
        }

        json.WriteEndObject();
        ChatLogprobs.Write(json, output, position, 1, token.Id == Tokenizer.EndOfText ? null : request.TopLogprobs);
        WriteFinish(json, output, isLast: position == output.Tokens.Length - 1);
        EndChunk(json, usage);
    }

    public void WriteUsage(Utf8JsonWriter json, Usage usage)
    {
        BeginObject(json, "chat.completion.chunk"u8);
        json.WriteEndArray();
        json.WriteString("system_fingerprint"u8, JsonFormat.SystemFingerprint);
        usage.Write(json);
        json.WriteEndObject();
    }

    public void WriteWhole(Utf8JsonWriter json, Usage? usage)
    {
        BeginObject(json, "chat.completion"u8);
        for (var choice = 0; choice < Outputs.Count; choice++)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, choice);
            WriteMessage(json, Outputs[choice]);
            ChatLogprobs.Write(json, Outputs[choice], 0, Outputs[choice].Tokens.Length, request.TopLogprobs);
            WriteFinish(json, Outputs[choice], isLast: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("system_fingerprint"u8, JsonFormat.SystemFingerprint);
        usage?.Write(json);
        json.WriteEndObject();
    }

    private void BeginObject(Utf8JsonWriter json, ReadOnlySpan<byte> kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, created);
        json.WriteString("model"u8, request.Model.Id);
        json.WriteStartArray("choices"u8);
    }

    private void BeginChunk(Utf8JsonWriter json, int choice)
    {
        BeginObject(json, "chat.completion.chunk"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("delta"u8);
    }

    private static void EndChunk(Utf8JsonWriter json, Usage? usage)
    {
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("system_fingerprint"u8, JsonFormat.SystemFingerprint);
        usage?.Write(json);
        json.WriteEndObject();
    }

    private static void WriteToolDelta(Utf8JsonWriter json, Output output, OutputToken token)
    {
        var call = output.ToolCalls[token.ToolCall];
        json.WriteStartArray("tool_calls"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, token.ToolCall);
        if (token.OpensToolCall)
        {
            json.WriteString("id"u8, call.Id);
            json.WriteString("type"u8, "function"u8);
        }

        json.WriteStartObject("function"u8);
        if (token.OpensToolCall)
        {
            json.WriteString("name"u8, call.Name);
        }

        json.WriteString("arguments"u8, token.Text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteMessage(Utf8JsonWriter json, Output output)
    {
        var calls = output.OpenedToolCalls.ToList();
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        if (output.ToolCalls.Count > 0)
        {
            json.WriteNull("content"u8);
        }
        else
        {
            json.WriteString("content"u8, output.Content);
        }

        json.WriteNull("refusal"u8);
        json.WriteNull("reasoning_content"u8);
        json.WriteStartArray("tool_calls"u8);
        foreach (var (index, call) in calls)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, call.Id);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.Name);
            json.WriteString("arguments"u8, output.Arguments(index));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFinish(Utf8JsonWriter json, Output output, bool isLast)
    {
        if (!isLast)
        {
            json.WriteNull("finish_reason"u8);
            return;
        }

        json.WriteString("finish_reason"u8, output.FinishReason);
        StopReason.Write(json, output);
    }
}
