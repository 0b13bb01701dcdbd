using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>
/// An API that clients may speak besides OpenAI's chat completions. Its requests go through the gateway as chat requests, by the same rules, limits and routes, and
/// are answered in its own words. A provider that speaks it too gets the client's own bytes.
/// </summary>
internal interface IClientProtocol
{
    /// <summary>Below <c>/v1/</c>.</summary>
    string Path { get; }

    /// <summary>What its requests ask of a model.</summary>
    Operation Operation => Operation.Chat;

    /// <summary>Says a client's request as a chat request, in <see cref="TranslatedBody.Chat"/>.</summary>
    ValueTask<ClientReading> ReadAsync(Exchange exchange, TranslatedBody body, int maxDepth);

    /// <summary>What the protocol's clients look for on every answer.</summary>
    void AddHeaders(HttpResponse response, string requestId);

    /// <summary>A refusal as the protocol's error object.</summary>
    void WriteError(Utf8JsonWriter json, Refusal refusal, string requestId);
}

/// <summary>A request that was read.</summary>
/// <param name="Refusal">What is wrong with it, in the protocol's own names.</param>
/// <param name="Dialogue">There where nothing is.</param>
internal readonly record struct ClientReading(Refusal? Refusal, IDialogue? Dialogue = null);

/// <summary>One request in a client's protocol, and how its answer is told.</summary>
internal interface IDialogue
{
    /// <summary>The request as it came, where <paramref name="candidate"/> speaks the protocol itself; else <c>null</c>.</summary>
    INativeDialogue? NativeAt(Candidate candidate);

    /// <summary>What a chat request has no words for and would change the answer; <c>null</c>: nothing. Only who speaks the protocol itself is asked then.</summary>
    Refusal? Inexpressible => null;

    /// <summary>What answers the client at once, where the request is to go on without it.</summary>
    IBackground? Background => null;

    /// <summary>The answer is to go on from the assistant's own last message, as not every engine can.</summary>
    bool ContinuesAnswer => false;

    /// <summary>Headers on an answer that was translated: what of the request <paramref name="candidate"/> was not told.</summary>
    void Mark(HttpResponse response, Candidate candidate);

    /// <summary>Turns a stream of chat chunks into the protocol's events.</summary>
    /// <param name="chat">Makes the chunks of what the engine sends.</param>
    StreamTranslator Tell(Exchange exchange, Candidate candidate, StreamTranslator chat);

    /// <summary>Writes a whole chat completion in the protocol's words; what is left of it writes <see cref="EndAsync"/>.</summary>
    void WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> completion, IBufferWriter<byte> output);

    /// <summary>Writes what is only said once the answer is whole, and has lasted where it is to last.</summary>
    ValueTask EndAsync(Exchange exchange, Candidate candidate, IBufferWriter<byte> output) => ValueTask.CompletedTask;

    /// <summary>Writes an answer where no engine has one, without which the refusal stands.</summary>
    /// <returns>Whether there is such an answer.</returns>
    bool TryAnswerAlone(Exchange exchange, IBufferWriter<byte> output) => false;

    /// <summary>Writes the event that says why a stream ends here.</summary>
    void WriteBreak(Refusal refusal, string requestId, IBufferWriter<byte> output);
}

/// <summary>A request that goes on without its client.</summary>
internal interface IBackground
{
    /// <returns><see cref="Refusal.Answered"/>, or why there is nothing to answer.</returns>
    ValueTask<Refusal> AnswerAsync(Exchange exchange);
}

/// <summary>A request in the words of an engine that speaks the client's protocol: nothing is lost on the way.</summary>
internal interface INativeDialogue
{
    /// <summary>Below the provider's base URL.</summary>
    string Path { get; }

    ReadOnlyMemory<byte> Body { get; }

    /// <summary>Adds what must change in the body: the model's name, and what is for us alone.</summary>
    void EditBody(Exchange exchange, Candidate candidate, ref EditList edits);

    /// <summary>Headers of the client that the engine is to see, if they came.</summary>
    IReadOnlyList<string> Headers { get; }

    StreamTranslator ReadStream(Exchange exchange, Candidate candidate);

    /// <summary>Writes an answer of status 200 with the model's public id and counts it.</summary>
    Sending.SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, IBufferWriter<byte> output);
}
