using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Tokens;
using Orrery.Gateway.Translation.Anthropic;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>
/// A question for the tokens of a prompt. Anthropic's own servers and vLLM's are asked; where none can answer, the tokens are estimated and the answer's header
/// <see cref="OrreryHeaders.Estimated"/> says so.
/// </summary>
internal sealed class CountDialogue(ReadOnlyMemory<byte> body, Refusal? inexpressible) : IDialogue
{
    private INativeDialogue? _native;

    public Refusal? Inexpressible => inexpressible;

    public INativeDialogue? NativeAt(Candidate candidate) => candidate.Provider.Adapter is AnthropicAdapter ? _native ??= new Native(body) : null;

    public void Mark(HttpResponse response, Candidate candidate)
    {
    }

    public StreamTranslator Tell(Exchange exchange, Candidate candidate, StreamTranslator chat) => throw new InvalidOperationException("A count is no stream.");

    public void WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> completion, IBufferWriter<byte> output)
    {
        if (CountIn(completion) is { } count)
        {
            Write(count, output);
        }
        else
        {
            TryAnswerAlone(exchange, output);
        }
    }

    public bool TryAnswerAlone(Exchange exchange, IBufferWriter<byte> output)
    {
        var candidate = exchange.Candidate ?? exchange.Plan.Candidates[0];
        var estimate = TokenEstimator.OfRequest(exchange.Call.Body.Span, TokenFamilies.Of(candidate.UpstreamId), exchange.Call.MaxDepth);
        exchange.Http.Response.Headers[OrreryHeaders.Estimated] = "true";
        Write(estimate.Likely, output);
        return true;
    }

    public void WriteBreak(Refusal refusal, string requestId, IBufferWriter<byte> output) => throw new InvalidOperationException("A count is no stream.");

    private static void Write(long count, IBufferWriter<byte> output) =>
        output.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"input_tokens\":{count}}}")));

    /// <summary>What vLLM's <c>/tokenize</c> says.</summary>
    private static long? CountIn(ReadOnlySpan<byte> answer)
    {
        var reader = JsonBytes.Reader(answer);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("count"u8) && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count))
            {
                return count;
            }

            reader.Skip();
        }

        return null;
    }

    private sealed class Native(ReadOnlyMemory<byte> body) : MessagesNative(body)
    {
        public override string Path => "messages/count_tokens";

        public override SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
        {
            output.Write(answer);
            return null;
        }
    }
}
