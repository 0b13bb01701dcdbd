using System.Buffers;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>Turns an engine's stream into the client's, event by event, and knows how far it has come.</summary>
internal abstract class StreamTranslator
{
    private EventSearch _search;

    /// <summary>The end has come, as the engine's protocol says it.</summary>
    public bool IsDone { get; protected set; }

    /// <summary>Something has come that makes the answer this engine's: content, a finish reason or the end.</summary>
    public bool HasBegun { get; protected set; }

    public bool HasContent { get; protected set; }

    /// <summary>Each answer asked for has its finish reason: what follows is book-keeping.</summary>
    public bool HasFinished { get; protected set; }

    /// <summary>Its events name their type (<see cref="TypedEvent"/>), so no <c>[DONE]</c> is to be expected.</summary>
    public bool IsTyped { get; protected set; }

    /// <summary>A stream that ends here is whole, although its end was not announced.</summary>
    public virtual bool MayEnd => HasFinished;

    /// <summary>Nothing is known of the answer before all of it has come: none of it may be let go.</summary>
    public virtual bool IsWhole => false;

    /// <summary>The engine has failed inside its stream, or sent what is no event of its protocol.</summary>
    public SendError? Error { get; protected set; }

    /// <summary>An event is a line, and no blank one follows.</summary>
    protected virtual bool EndsAtLine => false;

    /// <summary>The length of the first event in <paramref name="bytes"/>, with what ends it; 0 while it is not complete: then the next call is with the same bytes and more.</summary>
    /// <param name="isEnd">Nothing follows.</param>
    public virtual int EventLength(ReadOnlySpan<byte> bytes, bool isEnd) => EndsAtLine ? _search.LineLength(bytes) : _search.EventLength(bytes);

    /// <summary>Writes what the client is to see of one event.</summary>
    /// <param name="sse">The event with its blank line.</param>
    public abstract void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output);

    /// <summary>Writes what the client still misses of an answer that is whole although its stream ended early.</summary>
    public virtual void End(IBufferWriter<byte> output) => output.Write("data: [DONE]\n\n"u8);
}
