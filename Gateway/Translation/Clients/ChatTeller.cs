using System.Buffers;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>Hears a stream of chat chunks and tells it as another protocol's events, each as it comes.</summary>
/// <param name="chat">Makes the chunks of what the engine sends; how far it has come, this has.</param>
internal abstract class ChatTeller(Candidate candidate, StreamTranslator chat) : StreamTranslator
{
    private readonly ArrayBufferWriter<byte> _chunks = new();

    protected Candidate Candidate { get; } = candidate;

    public override bool MayEnd => chat.MayEnd;

    public override bool IsWhole => chat.IsWhole;

    public override int EventLength(ReadOnlySpan<byte> bytes, bool isEnd) => chat.EventLength(bytes, isEnd);

    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        chat.Translate(sse, _chunks);
        Tell(output);
        (HasBegun, HasContent, HasFinished) = (chat.HasBegun, chat.HasContent, chat.HasFinished);
        (IsDone, Error) = (chat.IsDone && (Error ?? chat.Error) is null, Error ?? chat.Error);
    }

    public override void End(IBufferWriter<byte> output)
    {
        chat.End(_chunks);
        Tell(output);
    }

    /// <summary>Another piece of the answer.</summary>
    protected abstract void Hear(in ChatWords words, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output);

    /// <summary>The answer is whole.</summary>
    protected abstract void Close(IBufferWriter<byte> output);

    /// <summary>The engine has sent what nobody can tell.</summary>
    /// <param name="detail">As the end of a sentence about the provider.</param>
    protected void Break(string detail) => Error ??= SendError.Of(Candidate, SendErrorKind.Malformed, detail);

    private void Tell(IBufferWriter<byte> output)
    {
        var chunks = _chunks.WrittenSpan;
        var position = 0;
        while (Error is null && SseReader.TryReadLine(chunks, ref position, out var line))
        {
            if (!SseReader.TryReadData(line, out var data) || data.IsEmpty)
            {
                continue;
            }

            if (data.SequenceEqual("[DONE]"u8))
            {
                Close(output);
            }
            else
            {
                Hear(ChatWords.Read(data), data, output);
            }
        }

        _chunks.ResetWrittenCount();
    }
}
