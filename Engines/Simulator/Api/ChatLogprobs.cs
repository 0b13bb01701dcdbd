using System.Text;
using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary><c>logprobs</c> as chat completions write them.</summary>
internal static class ChatLogprobs
{
    /// <param name="top">Alternatives a token; null: log probabilities were not asked for.</param>
    public static void Write(Utf8JsonWriter json, Output output, int start, int count, int? top)
    {
        if (top is not { } alternatives)
        {
            json.WriteNull("logprobs"u8);
            return;
        }

        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("content"u8);
        for (var position = start; position < start + count; position++)
        {
            if (output.Tokens[position].Id != Tokenizer.EndOfText)
            {
                WriteToken(json, output, position, alternatives);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, Output output, int position, int top)
    {
        var token = output.Tokens[position].Id;
        WriteStart(json, token, Logprobs.Of(output.Hash, position));
        json.WriteStartArray("top_logprobs"u8);
        foreach (var (alternative, logprob) in Logprobs.Top(output.Hash, position, token, top))
        {
            WriteStart(json, alternative, logprob);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteStart(Utf8JsonWriter json, int token, double logprob)
    {
        var text = Tokenizer.Decode(token);
        json.WriteStartObject();
        json.WriteString("token"u8, text);
        json.WriteNumber("logprob"u8, logprob);
        json.WriteStartArray("bytes"u8);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
