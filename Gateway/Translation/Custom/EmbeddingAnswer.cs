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
        var field = operation.Field + ".response.body";
        var results = new Results();
        var counted = results.Usage(usage);
        var vectors = body;
        if (body.Kind == ValueKind.Map)
        {
            results.Require(body.AsMap(), ["embeddings", "usage"], "a map");
            vectors = Results.Of(body.AsMap(), "embeddings");
            counted ??= results.Usage(Results.Of(body.AsMap(), "usage"));
        }

        var wish = EmbeddingWish.Read(exchange.Call.Body.Span);
        if (results.Fault is null && (vectors.Kind != ValueKind.List || vectors.AsList().Count != wish.Inputs))
        {
            results.Fail(vectors.Kind != ValueKind.List
                ? $"gives {Results.Name(vectors)}; expected a list of vectors, or a map of embeddings and usage"
                : $"gives {vectors.AsList().Count} vectors; expected one for each of {wish.Inputs} inputs");
        }

        if (results.Fault is { } fault)
        {
            return TransformFault.OfAnswer(candidate, field, fault);
        }

        using var json = new Utf8JsonWriter(output, OpenAiErrors.Readable);
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        var list = vectors.AsList();
        for (var i = 0; i < list.Count; i++)
        {
            if (WriteVector(json, list[i], i, wish.IsBase64) is { } wrong)
            {
                return TransformFault.OfAnswer(candidate, field, wrong);
            }
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

    private static string? WriteVector(Utf8JsonWriter json, in Value vector, int index, bool isBase64)
    {
        if (vector.Kind != ValueKind.List || vector.AsList().Count == 0)
        {
            return $"gives {Results.Name(vector)} as vector {index}; expected a list of numbers";
        }

        var numbers = vector.AsList();
        var floats = new float[numbers.Count];
        for (var i = 0; i < floats.Length; i++)
        {
            var number = numbers[i];
            if (number.Kind is not (ValueKind.Double or ValueKind.Int))
            {
                return $"gives {Results.Name(number)} in vector {index}; expected a number";
            }

            floats[i] = number.Kind == ValueKind.Int ? number.AsInt() : (float)number.AsDouble();
        }

        json.WriteStartObject();
        json.WriteString("object", "embedding");
        json.WriteNumber("index", index);
        json.WritePropertyName("embedding");
        if (isBase64)
        {
            json.WriteBase64StringValue(MemoryMarshal.AsBytes<float>(floats));
        }
        else
        {
            vector.WriteTo(json);
        }

        json.WriteEndObject();
        return null;
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
