using System.Net;
using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation;

/// <summary>
/// What goes out to an engine. Of the client's headers only those named here travel: its key, its cookies and whatever
/// else it sends are between the client and us.
/// </summary>
internal static class EngineRequest
{
    public static HttpRequestMessage Create(Exchange exchange, EndpointLease lease, string traceparent)
    {
        var candidate = lease.Candidate;
        var request = new HttpRequestMessage(HttpMethod.Post, lease.Endpoint.AddressOf(exchange.Operation))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = exchange.Call.Form is { } form ? new FormContent(form, candidate.UpstreamId) : Spliced(exchange.Call, candidate),
        };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        headers.TryAddWithoutValidation("traceparent", traceparent);
        headers.TryAddWithoutValidation(OrreryHeaders.RequestId, exchange.RequestId);
        if (candidate.Provider.Authorization is { } authorization)
        {
            headers.TryAddWithoutValidation("Authorization", authorization);
        }

        var sent = exchange.Http.Request.Headers;
        if (sent.TraceState.Count > 0)
        {
            headers.TryAddWithoutValidation("tracestate", sent.TraceState.ToString());
        }

        if (candidate.Provider.Spec.Simulated && sent.TryGetValue(OrreryHeaders.Fault, out var fault))
        {
            headers.TryAddWithoutValidation(OrreryHeaders.Fault, fault.ToString());
        }

        return request;
    }

    private static SplicedContent Spliced(Call call, Candidate candidate)
    {
        var edits = new EditList();
        candidate.Provider.Adapter.EditBody(call, candidate, ref edits);
        return new SplicedContent(call.Body, edits);
    }

    /// <summary>The client's bytes with our splices, written without making a second copy.</summary>
    private sealed class SplicedContent : HttpContent
    {
        private readonly ReadOnlyMemory<byte> _body;
        private readonly EditList _edits;

        public SplicedContent(ReadOnlyMemory<byte> body, EditList edits)
        {
            (_body, _edits) = (body, edits);
            Headers.TryAddWithoutValidation("Content-Type", "application/json");
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _edits.LengthAfter(_body.Length);
            return true;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var done = 0;
            for (var i = 0; i < _edits.Count; i++)
            {
                var edit = _edits[i];
                await stream.WriteAsync(_body[done..edit.Range.Start], cancellationToken);
                await stream.WriteAsync(edit.Replacement, cancellationToken);
                done = edit.Range.End;
            }

            await stream.WriteAsync(_body[done..], cancellationToken);
        }
    }
}
