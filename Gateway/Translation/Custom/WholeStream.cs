using System.Buffers;
using Orrery.Contracts.Transforms;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>The whole answer of an engine that does not stream, told as a stream to a client that asked for one. Nothing is told before it is whole.</summary>
internal sealed class WholeStream(Exchange exchange, Candidate candidate, CompiledTransforms transforms, CompiledOperation operation, byte[]? reasoningName)
    : PieceStream(exchange, candidate, transforms, operation, reasoningName)
{
    public override bool IsWhole => true;

    public override int EventLength(ReadOnlySpan<byte> bytes, bool isEnd) => isEnd ? bytes.Length : 0;

    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        using var document = CustomAnswer.TryParse(sse);
        if (document is null)
        {
            Error = SendError.Of(Candidate, SendErrorKind.Malformed, "answered with what is not JSON");
            return;
        }

        TextResult? result = null;
        Error = CustomErrors.Find(Candidate, Transforms.Error, document.RootElement) ?? CustomAnswer.Read(Candidate, Operation, document.RootElement, out result);
        if (Error is null)
        {
            Tell(result!, output);
            Close(output);
        }
    }
}
