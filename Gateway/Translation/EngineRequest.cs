using System.Net;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation.Clients;
using Orrery.Gateway.Translation.Videos;

namespace Orrery.Gateway.Translation;

/// <summary>
/// What goes out to an engine. Of the client's headers only those named here travel: its key, its cookies and whatever
/// else it sends are between the client and us.
/// </summary>
internal static class EngineRequest
{
    /// <returns>The request, or <c>null</c> and why this engine cannot be asked for it.</returns>
    public static HttpRequestMessage? Create(Exchange exchange, EndpointLease lease, string traceparent, BodyTranslation translation, out SendError? error)
    {
        var candidate = lease.Candidate;
        error = null;
        Uri? address;
        HttpContent? content;
        var translating = candidate.Provider.Adapter as ITranslatingAdapter;
        var native = exchange.Dialogue?.NativeAt(candidate);
        if (native is not null)
        {
            address = lease.Endpoint.AddressOf(native.Path);
            content = Spliced(exchange, candidate, native);
        }
        else if (exchange.Dialogue?.Inexpressible is { } refusal)
        {
            error = SendError.Of(candidate, SendErrorKind.Untranslatable, refusal.Message) with { Status = refusal.Status, Code = refusal.Code, Param = refusal.Param };
            return null;
        }
        else if (exchange.Operation == Operation.VideoGeneration)
        {
            if (!VideoRequest.IsServedBy(candidate.Provider.Spec))
            {
                error = NotServed(exchange, candidate);
                return null;
            }

            address = lease.Endpoint.AddressOfOwn((candidate.Provider.Spec.Videos ?? VideoRequest.Usual).EffectiveCreate);
            content = VideoRequest.IsTranslatedFor(candidate.Provider.Spec) ? VideoRequest.Translate(exchange, candidate, translation, out error)
                : exchange.Call.Form is { } videoForm ? new FormContent(videoForm, candidate.UpstreamId)
                : Spliced(exchange, candidate);
            if (content is null)
            {
                return null;
            }
        }
        else if (translating is null)
        {
            address = candidate.Provider.Adapter.AddressOf(candidate, lease.Endpoint, exchange.Operation);
            if (address is null)
            {
                error = NotServed(exchange, candidate);
                return null;
            }

            content = exchange.Call.Form is { } form ? new FormContent(form, candidate.UpstreamId) : Spliced(exchange, candidate);
        }
        else if ((address = translating.AddressOf(exchange, candidate, lease.Endpoint, out error)) is null)
        {
            error ??= NotServed(exchange, candidate);
            return null;
        }
        else if ((content = translation.Translate(exchange, candidate, translating, out error)) is null)
        {
            return null;
        }

        var request = Further(exchange, candidate, native is null && translating is not null && exchange.Operation != Operation.VideoGeneration ? translating.MethodOf(exchange.Operation) : HttpMethod.Post, address, traceparent);
        request.Content = content;
        var headers = request.Headers;
        var sent = exchange.Http.Request.Headers;
        foreach (var name in native?.Headers ?? [])
        {
            if (sent.TryGetValue(name, out var value) && PlainHeader.IsPlain(value) && !headers.NonValidated.Contains(name))
            {
                headers.TryAddWithoutValidation(name, value.ToString());
            }
        }

        translating?.AddHeaders(exchange, candidate, lease.Endpoint, headers);

        if (sent.TraceState.Count > 0 && sent.TraceState.ToString() is var state && PlainHeader.IsPlain(state))
        {
            headers.TryAddWithoutValidation("tracestate", state);
        }

        if (candidate.Provider.Spec.Simulated && sent.TryGetValue(OrreryHeaders.Fault, out var fault) && PlainHeader.IsPlain(fault))
        {
            headers.TryAddWithoutValidation(OrreryHeaders.Fault, fault.ToString());
        }

        return request;
    }

    /// <summary>A request of the same attempt, as yet without content: with the provider's credential and headers, and ours.</summary>
    public static HttpRequestMessage Further(Exchange exchange, Candidate candidate, HttpMethod method, Uri? address, string traceparent)
    {
        var request = new HttpRequestMessage(method, address) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        headers.TryAddWithoutValidation("traceparent", traceparent);
        headers.TryAddWithoutValidation(OrreryHeaders.RequestId, exchange.RequestId);
        candidate.Provider.Access.AddTo(headers, exchange.ProviderKey);
        return request;
    }

    private static SendError NotServed(Exchange exchange, Candidate candidate) =>
        SendError.Of(
            candidate, SendErrorKind.Untranslatable,
            $"The provider '{candidate.Provider.Name}' (engine {candidate.Provider.Spec.Engine}) has nothing like /v1/{exchange.Operation.Path}. Use /v1/{Operation.Chat.Path}, or a model of another provider.") with
        {
            Status = StatusCodes.Status400BadRequest,
            Code = "unsupported_operation",
            Param = "model",
        };

    private static SplicedContent Spliced(Exchange exchange, Candidate candidate)
    {
        var edits = new EditList();
        candidate.Provider.Adapter.EditBody(exchange.Call, candidate, ref edits);
        AnswerBound.Add(exchange, candidate, ref edits);
        if (exchange.Dialogue is not null)
        {
            AnswerBound.Rename(exchange, candidate, ref edits);
        }

        return new SplicedContent(exchange.Call.Body, edits);
    }

    private static SplicedContent Spliced(Exchange exchange, Candidate candidate, INativeDialogue native)
    {
        var edits = new EditList();
        native.EditBody(exchange, candidate, ref edits);
        return new SplicedContent(native.Body, edits);
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
