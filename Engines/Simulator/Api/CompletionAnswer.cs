using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary><c>text_completion</c> and its chunks, in vLLM's shape.</summary>
internal sealed class CompletionAnswer(CompletionRequest request, string id, long created) : IAnswer
{
    public IReadOnlyList<Output> Outputs => request.Outputs;

    public int ChoicesPerPrompt => request.ChoicesPerPrompt;

    public int PromptTokens => request.Prompts.Sum(prompt => prompt.Length);

    public bool HasOpening(int choice) => request.Echoes;

    public bool IsVisible(int choice, int position) =>
        Outputs[choice].Tokens[position].Text.Length > 0 || position == Outputs[choice].Tokens.Length - 1;

    public void WriteOpening(Utf8JsonWriter json, int choice, Usage? usage)
    {
        BeginObject(json);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteString("text"u8, Tokenizer.Decode(request.PromptOf(choice)));
        json.WriteNull("logprobs"u8);
        json.WriteNull("finish_reason"u8);
        json.WriteEndObject();
        End(json, usage);
    }

    public void WriteToken(Utf8JsonWriter json, int choice, int position, Usage? usage)
    {
        var output = Outputs[choice];
        BeginObject(json);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteString("text"u8, output.Tokens[position].Text);
        WriteLogprobs(json, choice, position, 1, withPrompt: false);
        if (position == output.Tokens.Length - 1)
        {
            json.WriteString("finish_reason"u8, output.FinishReason);
            StopReason.Write(json, output);
        }
        else
        {
            json.WriteNull("finish_reason"u8);
        }

        json.WriteEndObject();
        End(json, usage);
    }

    public void WriteUsage(Utf8JsonWriter json, Usage usage)
    {
        BeginObject(json);
        End(json, usage);
    }

    public void WriteWhole(Utf8JsonWriter json, Usage? usage)
    {
        BeginObject(json);
        for (var choice = 0; choice < Outputs.Count; choice++)
        {
            var output = Outputs[choice];
            json.WriteStartObject();
            json.WriteNumber("index"u8, choice);
            json.WriteString("text"u8, (request.Echoes ? Tokenizer.Decode(request.PromptOf(choice)) : "") + output.Content);
            WriteLogprobs(json, choice, 0, output.Tokens.Length, request.Echoes);
            json.WriteString("finish_reason"u8, output.FinishReason);
            StopReason.Write(json, output);
            json.WriteEndObject();
        }

        End(json, usage);
    }

    private void BeginObject(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, "text_completion"u8);
        json.WriteNumber("created"u8, created);
        json.WriteString("model"u8, request.Model.Id);
        json.WriteStartArray("choices"u8);
    }

    private static void End(Utf8JsonWriter json, Usage? usage)
    {
        json.WriteEndArray();
        json.WriteString("system_fingerprint"u8, JsonFormat.SystemFingerprint);
        usage?.Write(json);
        json.WriteEndObject();
    }

    /// <summary>Four lists of one entry a token; the first token of an echoed prompt has no probability.</summary>
    private void WriteLogprobs(Utf8JsonWriter json, int choice, int start, int count, bool withPrompt)
    {
        if (request.Logprobs is not { } top)
        {
            json.WriteNull("logprobs"u8);
            return;
        }

        var tokens = TokensOf(choice, start, count, withPrompt);
        var offset = request.Echoes && !withPrompt ? Tokenizer.Decode(request.PromptOf(choice)).Length : 0;
        offset += Outputs[choice].Tokens.Take(start).Sum(token => token.Text.Length);
        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("text_offset"u8);
        foreach (var token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += Tokenizer.Decode(token.Id).Length;
        }

        json.WriteEndArray();
        WriteList(json, "tokens"u8, tokens, token => json.WriteStringValue(Tokenizer.Decode(token.Id)));
        WriteList(json, "token_logprobs"u8, tokens, token => WriteNumber(json, token.Logprob));
        WriteList(json, "top_logprobs"u8, tokens, token => WriteTop(json, token, top));
        json.WriteEndObject();
    }

    private List<(int Id, int Position, ulong Hash, double? Logprob)> TokensOf(int choice, int start, int count, bool withPrompt)
    {
        var output = Outputs[choice];
        var tokens = new List<(int Id, int Position, ulong Hash, double? Logprob)>();
        foreach (var (position, token) in withPrompt ? request.PromptOf(choice).Index() : [])
        {
            tokens.Add((token, position, output.Hash + 1, position == 0 ? null : Logprobs.Of(output.Hash + 1, position)));
        }

        for (var position = start; position < start + count; position++)
        {
            if (output.Tokens[position].Id != Tokenizer.EndOfText)
            {
                tokens.Add((output.Tokens[position].Id, position, output.Hash, Logprobs.Of(output.Hash, position)));
            }
        }

        return tokens;
    }

    private static void WriteList<T>(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        items.ForEach(write);
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, double? number)
    {
        if (number is { } value)
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void WriteTop(Utf8JsonWriter json, (int Id, int Position, ulong Hash, double? Logprob) token, int top)
    {
        if (token.Logprob is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        foreach (var (alternative, logprob) in Logprobs.Top(token.Hash, token.Position, token.Id, Math.Max(top, 1)))
        {
            json.WriteNumber(Tokenizer.Decode(alternative), logprob);
        }

        json.WriteEndObject();
    }
}
