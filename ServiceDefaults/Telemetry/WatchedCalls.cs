using System.Globalization;
using System.Net.Http.Headers;

namespace Orrery.ServiceDefaults;

/// <summary>Passes an exporter's calls on to the client that it would have used, and tells the destination how they ended.</summary>
internal sealed class WatchedCalls(HttpClient inner, TelemetryDestination destination) : HttpMessageHandler
{
    /// <summary>A client for an exporter, with the time limit and the certificates of <paramref name="inner"/>.</summary>
    public static HttpClient Client(HttpClient inner, TelemetryDestination destination) =>
        new(new WatchedCalls(inner, destination)) { Timeout = inner.Timeout, MaxResponseContentBufferSize = inner.MaxResponseContentBufferSize };

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Judged(request, inner.Send(Copy(request), cancellationToken));
        }
        catch (Exception error) when (Unreachable(request, error))
        {
            throw;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Judged(request, await inner.SendAsync(Copy(request), cancellationToken));
        }
        catch (Exception error) when (Unreachable(request, error))
        {
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // A client refuses a request that another has sent.
    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content, Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        return copy;
    }

    private HttpResponseMessage Judged(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            destination.Refused(Path(request), string.Create(CultureInfo.InvariantCulture, $"it answered {(int)response.StatusCode}"));
        }
        else if ((GrpcStatus(response.TrailingHeaders) ?? GrpcStatus(response.Headers)) is { } status and not "0")
        {
            destination.Refused(Path(request), $"it answered with gRPC status {status}");
        }
        else
        {
            destination.Delivered(Path(request));
        }

        return response;
    }

    /// <summary>Always false: the exception goes its way.</summary>
    private bool Unreachable(HttpRequestMessage request, Exception error)
    {
        destination.Unreachable(Path(request), error is OperationCanceledException ? "no answer in time" : error.Message);
        return false;
    }

    private static string Path(HttpRequestMessage request) => request.RequestUri!.AbsolutePath;

    private static string? GrpcStatus(HttpResponseHeaders headers) =>
        headers.NonValidated.TryGetValues("grpc-status", out var values) ? values.ToString() : null;
}
