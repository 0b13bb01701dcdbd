using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Http.Headers;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>A server with an API of its own, spoken by the transforms of its provider.</summary>
/// <remarks>One for each provider and snapshot: the addresses that it keeps are those of its models and no others.</remarks>
internal sealed class CustomAdapter : ITranslatingAdapter
{
    private readonly CompiledTransforms _transforms;
    private readonly ConcurrentDictionary<(Endpoint Endpoint, string Model, CompiledOperation Operation, bool Stream), CustomAddress> _addresses = new();

    public CustomAdapter(SnapshotProvider provider)
    {
        var errors = new FieldErrors();
        _transforms = provider.Transforms is { } transforms ? CompiledTransforms.Compile(transforms, errors) : new CompiledTransforms();
        Fault = errors.All is [var first, ..] ? $"its transforms cannot be used: {first.Path}: expected {first.Expectation}" : null;
    }

    /// <summary>Why nothing can be sent; a Catalogue of this release accepts no such transforms.</summary>
    public string? Fault { get; }

    public string ProviderName => "custom";

    public Uri? AddressOf(Exchange exchange, Candidate candidate, Endpoint endpoint, out SendError? error)
    {
        error = null;
        if (OperationOf(exchange.Operation) is not { } operation)
        {
            return null;
        }

        var address = AddressOf(operation, candidate, endpoint, Streams(exchange, operation));
        error = address.Fault is { } fault ? TransformFault.OfRequest(candidate, fault.Field, fault.Text) : null;
        return address.Url;
    }

    public HttpMethod MethodOf(Operation operation) => OperationOf(operation) is { Method: "PUT" } ? HttpMethod.Put : HttpMethod.Post;

    public void AddHeaders(HttpRequestHeaders headers)
    {
        // Those of a transform depend on the request: see below.
    }

    public void AddHeaders(Exchange exchange, Candidate candidate, Endpoint endpoint, HttpRequestHeaders headers)
    {
        if (OperationOf(exchange.Operation) is not { } operation)
        {
            return; // A video is asked for without transforms.
        }

        foreach (var (name, value) in AddressOf(operation, candidate, endpoint, Streams(exchange, operation)).Headers)
        {
            if (!headers.NonValidated.Contains(name))
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    public SendError? WriteBody(Exchange exchange, Candidate candidate, IBufferWriter<byte> body) =>
        CustomRequest.Write(exchange, candidate, OperationOf(exchange.Operation)!, body);

    public bool IsAnswer(int status) => status is >= 200 and < 300;

    /// <summary>How a request's answer is followed to its result, where it is a job.</summary>
    public CompiledJob? JobOf(Operation operation) => OperationOf(operation)?.Job;

    /// <param name="contentType">What the engine says that its answer is.</param>
    public AnswerForm FormOf(Exchange exchange, string contentType)
    {
        var operation = OperationOf(exchange.Operation)!;
        if (operation.Shape == RequestShape.Speech)
        {
            return contentType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) ? AnswerForm.Whole : AnswerForm.Bytes;
        }

        if (!exchange.Call.Stream || !exchange.Operation.HasStreamOptions)
        {
            return AnswerForm.Whole;
        }

        var isEvents = contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
        return operation.Stream is null || isEvents == (operation.Stream.Format == StreamFormats.Sse) ? AnswerForm.Stream : AnswerForm.NotTheStream;
    }

    public StreamTranslator ReadStream(Exchange exchange, Candidate candidate, byte[]? reasoningName)
    {
        var operation = OperationOf(exchange.Operation)!;
        return operation.Stream is { } stream
            ? new CustomStream(exchange, candidate, _transforms, operation, stream, reasoningName)
            : new WholeStream(exchange, candidate, _transforms, operation, reasoningName);
    }

    public SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, byte[]? reasoningName, IBufferWriter<byte> output) =>
        CustomAnswer.Write(exchange, candidate, _transforms, OperationOf(exchange.Operation)!, answer, reasoningName, output);

    public SendError ReadError(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter) =>
        CustomErrors.Read(candidate, _transforms.Error, status, body, retryAfter);

    /// <summary>What an answer of a job says that is neither failed nor done.</summary>
    public SendError? FindError(Candidate candidate, System.Text.Json.JsonElement answer) => CustomErrors.Find(candidate, _transforms.Error, answer);

    /// <remarks>The body is not the client's.</remarks>
    void IEngineAdapter.EditBody(Call call, Candidate candidate, ref EditList edits)
    {
    }

    bool IEngineAdapter.KeepsUsage(Call call, bool isUsageChunk) => call.StreamOptions.IncludeUsage;

    private static bool Streams(Exchange exchange, CompiledOperation operation) => exchange.Call.Stream && operation.Stream is not null;

    private CompiledOperation? OperationOf(Operation operation) =>
        operation == Operation.Chat ? _transforms.Chat
        : operation == Operation.Completion ? _transforms.Completions
        : operation == Operation.Embeddings ? _transforms.Embeddings
        : operation == Operation.ImageGeneration ? _transforms.Images
        : operation == Operation.Speech ? _transforms.Speech
        : null;

    private CustomAddress AddressOf(CompiledOperation operation, Candidate candidate, Endpoint endpoint, bool stream) =>
        _addresses.GetOrAdd((endpoint, candidate.UpstreamId, operation, stream), static key => CustomAddress.Make(key.Endpoint, key.Model, key.Operation, key.Stream));
}

/// <summary>How an answer is read.</summary>
internal enum AnswerForm
{
    Whole,
    Stream,

    /// <summary>Sent on as they come.</summary>
    Bytes,

    /// <summary>A stream was asked for, and something else has come.</summary>
    NotTheStream,
}
