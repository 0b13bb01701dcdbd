using Orrery.Contracts;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>Our headers on an engine's answer. The engine's own stay with us.</summary>
internal static class AnswerHead
{
    public static void ForStream(Exchange exchange, Candidate candidate)
    {
        var response = exchange.Http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx in front would gather tokens into pages.
        Mark(exchange, candidate);
    }

    public static void ForWhole(Exchange exchange, Candidate candidate, int length)
    {
        var response = exchange.Http.Response;
        response.ContentType = "application/json";
        response.ContentLength = length;
        Mark(exchange, candidate);
    }

    /// <param name="contentType">The engine's own; <c>null</c> where it gave none. One that cannot be sent is none.</param>
    /// <param name="length">As the engine announced it; <c>null</c>: it is known at the end.</param>
    /// <param name="isEmpty">There is no content.</param>
    public static void ForBytes(Exchange exchange, Candidate candidate, string? contentType, long? length, bool isEmpty)
    {
        var response = exchange.Http.Response;
        response.ContentType = PlainHeader.IsPlain(contentType) ? contentType : isEmpty ? null : "application/octet-stream";
        response.ContentLength = length;
        Mark(response, candidate.Provider, exchange.IsSimulated);
    }

    private static void Mark(Exchange exchange, Candidate candidate)
    {
        Mark(exchange.Http.Response, candidate.Provider, exchange.IsSimulated);
        if (exchange.Dialogue is { } dialogue && dialogue.NativeAt(candidate) is null)
        {
            dialogue.Mark(exchange.Http.Response, candidate);
        }
    }

    /// <summary>Who answers; on an error, who was tried last.</summary>
    public static void Mark(HttpResponse response, Candidate candidate) => Mark(response, candidate.Provider);

    public static void Mark(HttpResponse response, ProviderRoute provider) => Mark(response, provider, provider.Spec.Simulated);

    /// <summary>Says that a simulator made what is sent, or takes back that one before did.</summary>
    public static void Mark(HttpResponse response, bool isSimulated)
    {
        if (isSimulated)
        {
            response.Headers[OrreryHeaders.Simulated] = "true";
        }
        else
        {
            response.Headers.Remove(OrreryHeaders.Simulated);
        }
    }

    private static void Mark(HttpResponse response, ProviderRoute provider, bool isSimulated)
    {
        response.Headers[OrreryHeaders.Provider] = provider.Name;
        Mark(response, isSimulated);
    }
}
