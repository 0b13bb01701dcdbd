using System.Buffers;
using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Api;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>A client's request → what its transform makes of it.</summary>
internal static class CustomRequest
{
    private static readonly JsonWriterOptions WriterOptions = OpenAiErrors.Readable with { SkipValidation = true };

    /// <returns><c>null</c>, or why nothing can be sent.</returns>
    public static SendError? Write(Exchange exchange, Candidate candidate, CompiledOperation operation, IBufferWriter<byte> output)
    {
        var call = exchange.Call;
        if (HalfCharacters.Find(call.Body.Span, call.MaxDepth) is { } half)
        {
            return TransformFault.HalfCharacter(candidate, half);
        }

        using var document = JsonDocument.Parse(call.Body, new JsonDocumentOptions { MaxDepth = call.MaxDepth });
        var request = new TransformRequest(operation.Shape, document.RootElement, call.MaxTokens ?? AnswerBound.Of(exchange, candidate) ?? candidate.MaxOutputTokens);
        var field = operation.Field + ".request.body";
        var result = operation.Body.Evaluate(operation.Shape.Type.Of(request), candidate.UpstreamId, call.Stream && operation.Stream is not null);
        if (request.Unsaid is var (param, expected))
        {
            return TransformFault.Unsaid(candidate, operation, param, expected);
        }

        if (result.Error is { } error)
        {
            return TransformFault.OfRequest(candidate, field, error);
        }

        if (result.Value.Kind is not (ValueKind.Map or ValueKind.List))
        {
            return TransformFault.OfRequest(candidate, field, $"gives {ResultReader.Name(result.Value)}, expected a map or a list");
        }

        using var json = new Utf8JsonWriter(output, WriterOptions);
        return result.Value.WriteTo(json, leavesOutNulls: true) is { } unwritten ? TransformFault.OfRequest(candidate, field, unwritten) : null;
    }
}
