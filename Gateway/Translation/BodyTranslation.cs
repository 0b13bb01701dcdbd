using System.Net;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>Makes the bodies of engines that do not take the client's. They are taken from the same budget as the clients' own.</summary>
internal sealed class BodyTranslation(BufferPool pool, BodyBudget budget)
{
    /// <returns>The body, or <c>null</c> and why there is none.</returns>
    public HttpContent? Translate(Exchange exchange, Candidate candidate, ITranslatingAdapter adapter, out SendError? error) =>
        Translate(exchange, candidate, body => adapter.WriteBody(exchange, candidate, body), out error);

    /// <param name="write">Writes the body, or says why there is none.</param>
    public HttpContent? Translate(Exchange exchange, Candidate candidate, Func<HeldBytes, SendError?> write, out SendError? error)
    {
        var size = exchange.Call.Body.Length;
        if (!budget.TryTake(size))
        {
            error = SendError.Of(candidate, SendErrorKind.Unavailable, "has to wait: the gateway holds as many request bodies as it may (Gateway:MaxBufferedBytes)");
            return null;
        }

        var content = new TranslatedContent(pool, budget, size);
        error = write(content.Bytes);
        if (error is null)
        {
            return content;
        }

        content.Dispose();
        return null;
    }

    private sealed class TranslatedContent : HttpContent
    {
        private readonly BodyBudget _budget;
        private int _taken;

        public TranslatedContent(BufferPool pool, BodyBudget budget, int taken)
        {
            (Bytes, _budget, _taken) = (new HeldBytes(pool), budget, taken);
            Headers.TryAddWithoutValidation("Content-Type", "application/json");
        }

        public HeldBytes Bytes { get; }

        protected override bool TryComputeLength(out long length)
        {
            length = Bytes.Length;
            return true;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            stream.WriteAsync(Bytes.WrittenMemory, cancellationToken).AsTask();

        protected override void Dispose(bool disposing)
        {
            _budget.GiveBack(Interlocked.Exchange(ref _taken, 0));
            Bytes.Dispose();
            base.Dispose(disposing);
        }
    }
}
