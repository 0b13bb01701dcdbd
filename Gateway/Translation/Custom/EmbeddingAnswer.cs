using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Api;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Vectors → OpenAI's list of embeddings, in the encoding that the client asked for: its own clients ask for base64.</summary>
internal static class EmbeddingAnswer
{
    public static SendError? Write(Exchange exchange, Candidate candidate, CompiledOperation operation, in Value body, in Value usage, IBufferWriter<byte> output)
    {
        var wish = EmbeddingWish.Read(exchange.Call.Body.Span);
        if (VectorResult.Read(body, usage, wish.Inputs, out var counted, out var fault) is not { } vectors)
        {
            return TransformFault.OfAnswer(candidate, operation, fault!);
        }

        using var json = new Utf8JsonWriter(output, OpenAiErrors.Readable);
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var i = 0; i < vectors.Count; i++)
        {
            if (VectorResult.Numbers(vectors[i], i, out fault) is not { } numbers)
            {
                return TransformFault.OfAnswer(candidate, operation, fault!);
            }

            WriteVector(json, vectors[i], numbers, i, wish.IsBase64);
        }

        json.WriteEndArray();
        json.WriteString("model", candidate.Model.Id);
        if (TokenBooks.CountPrompt(exchange, candidate, counted) is { } told)
        {
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", told.Prompt);
            json.WriteNumber("total_tokens", told.Total);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        return null;
    }

    private static void WriteVector(Utf8JsonWriter json, in Value vector, float[] numbers, int index, bool isBase64)
    {
        json.WriteStartObject();
        json.WriteString("object", "embedding");
        json.WriteNumber("index", index);
        json.WritePropertyName("embedding");
        if (isBase64)
        {
            json.WriteBase64StringValue(MemoryMarshal.AsBytes<float>(numbers));
        }
        else
        {
            vector.WriteTo(json);
        }

        json.WriteEndObject();
    }
}

/// <summary>What a request for embeddings says of its answer.</summary>
internal readonly record struct EmbeddingWish(int Inputs, bool IsBase64)
{
    /// <param name="body">A request that has been read before.</param>
    public static EmbeddingWish Read(ReadOnlySpan<byte> body)
    {
        var (inputs, isBase64) = (1, false);
        var reader = JsonBytes.Reader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("encoding_format"u8))
            {
                reader.Read();
                isBase64 = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("base64"u8);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("input"u8))
            {
                reader.Read();
                inputs = Count(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new EmbeddingWish(inputs, isBase64);
    }

    /// <summary>A list of numbers is one input, in tokens.</summary>
    private static int Count(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return 1;
        }

        var (count, areTokens) = (0, false);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            areTokens |= reader.TokenType == JsonTokenType.Number;
            count++;
            reader.Skip();
        }

        return areTokens ? 1 : count;
    }
}
