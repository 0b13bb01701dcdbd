using System.Buffers;
using System.Net.Http.Headers;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation;

/// <summary>An engine that speaks a protocol of its own: path, headers, body and both kinds of answer are its adapter's.</summary>
internal interface ITranslatingAdapter : IEngineAdapter
{
    /// <summary>Where the request goes; <c>null</c> when the protocol has nothing like the operation, or <paramref name="error"/> says why not.</summary>
    Uri? AddressOf(Exchange exchange, Candidate candidate, Endpoint endpoint, out SendError? error);

    HttpMethod MethodOf(Operation operation) => HttpMethod.Post;

    /// <summary>Adds what the protocol demands of each request, unless the operator has set it.</summary>
    void AddHeaders(HttpRequestHeaders headers);

    /// <summary>The same, for one request.</summary>
    void AddHeaders(Exchange exchange, Candidate candidate, Endpoint endpoint, HttpRequestHeaders headers) => AddHeaders(headers);

    /// <summary>Writes the client's request in the engine's words.</summary>
    /// <returns><c>null</c>, or what cannot be said in them.</returns>
    SendError? WriteBody(Exchange exchange, Candidate candidate, IBufferWriter<byte> body);

    /// <param name="reasoningName">Under which name clients read reasoning, as JSON; <c>null</c>: the operator does not mind.</param>
    StreamTranslator ReadStream(Exchange exchange, Candidate candidate, byte[]? reasoningName);

    /// <summary>Writes an answer of status 200 in the client's words and counts it.</summary>
    /// <param name="reasoningName">As of <see cref="ReadStream"/>.</param>
    SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, byte[]? reasoningName, IBufferWriter<byte> output);
}
