using System.Buffers;
using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>A whole answer → what its transform reads out of it, as OpenAI's answer.</summary>
internal static class CustomAnswer
{
    public static SendError? Write(
        Exchange exchange, Candidate candidate, CompiledTransforms transforms, CompiledOperation operation, ReadOnlySpan<byte> answer, byte[]? reasoningName, IBufferWriter<byte> output)
    {
        using var document = TryParse(answer);
        if (document is null)
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered with what is not JSON");
        }

        if (CustomErrors.Find(candidate, transforms.Error, document.RootElement) is { } error)
        {
            return error;
        }

        if (operation.Response is not { } response)
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered with JSON where bytes were expected");
        }

        return Evaluate(candidate, operation, document.RootElement, out var body, out var usage) ?? (
            operation.Shape == RequestShape.Embeddings ? EmbeddingAnswer.Write(exchange, candidate, operation, body, usage, output)
            : operation.Shape == RequestShape.Images ? ImageAnswer.Write(exchange, candidate, operation, body, usage, output)
            : WriteText(exchange, candidate, operation, body, usage, reasoningName, output));
    }

    /// <summary>What the transform says of an answer of chat or completions.</summary>
    public static SendError? Read(Candidate candidate, CompiledOperation operation, JsonElement answer, out TextResult? result)
    {
        result = null;
        if (Evaluate(candidate, operation, answer, out var body, out var usage) is { } error)
        {
            return error;
        }

        result = TextResult.Read(body, usage, operation.Shape == RequestShape.Chat, out var fault);
        return result is null ? TransformFault.OfAnswer(candidate, operation, fault!) : null;
    }

    /// <returns><c>null</c> where <paramref name="json"/> is no JSON.</returns>
    public static JsonDocument? TryParse(ReadOnlySpan<byte> json)
    {
        JsonDocument? document = null;
        try
        {
            var reader = JsonBytes.Reader(json);
            document = JsonDocument.ParseValue(ref reader);
            if (!reader.Read())
            {
                return document;
            }
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            // Told by the caller.
        }

        document?.Dispose();
        return null;
    }

    private static SendError? Evaluate(Candidate candidate, CompiledOperation operation, JsonElement answer, out Value body, out Value usage)
    {
        (body, usage) = (default, default);
        var response = Value.Json(answer);
        var result = operation.Response!.Evaluate(response, candidate.UpstreamId);
        if (result.Error is { } error)
        {
            return TransformFault.OfAnswer(candidate, operation.Field + ".response.body", error);
        }

        body = result.Value;
        if (operation.Usage is null)
        {
            return null;
        }

        var counted = operation.Usage.Evaluate(response, candidate.UpstreamId);
        usage = counted.Value;
        return counted.Error is { } uncounted ? TransformFault.OfAnswer(candidate, operation.Field + ".response.usage", uncounted) : null;
    }

    private static SendError? WriteText(
        Exchange exchange, Candidate candidate, CompiledOperation operation, in Value body, in Value usage, byte[]? reasoningName, IBufferWriter<byte> output)
    {
        if (TextResult.Read(body, usage, operation.Shape == RequestShape.Chat, out var fault) is not { } result)
        {
            return TransformFault.OfAnswer(candidate, operation, fault!);
        }

        var told = TokenBooks.Count(exchange, candidate, result.Usage, result.Choices.Sum(choice => choice.Bytes));
        new AnswerWriter(exchange, candidate, reasoningName).WriteWhole(result, told, output);
        return null;
    }
}
