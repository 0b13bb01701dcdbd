using System.Net;
using System.Net.Http.Headers;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Probing;

/// <summary>Asks one endpoint, over the connection that the steps before have made and, when that is used up, over further ones of the same kind.</summary>
internal sealed class EndpointClient : IDisposable
{
    private const int LongestAnswer = 4 << 20;

    private readonly HttpMessageInvoker _client;
    private readonly TestedProvider _provider;
    private Stream? _prepared;

    public EndpointClient(TestedProvider provider, EgressDialer dialer, Stream prepared)
    {
        (_provider, _prepared) = (provider, prepared);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = (context, cancellationToken) =>
                Interlocked.Exchange(ref _prepared, null) is { } stream ? new(stream) : dialer.ConnectAsync(context, cancellationToken),
        });
    }

    public Task<Reply> GetAsync(string url, CancellationToken cancellationToken) => GetAsync(url, _provider.Credential, cancellationToken);

    /// <param name="credential">Another than the provider's first, or <c>null</c> for none at all.</param>
    public Task<Reply> GetAsync(string url, string? credential, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, url), isKnown: credential is not null || _provider.Credential is null, credential, cancellationToken);

    public Task<Reply> PostAsync(string url, byte[] json, CancellationToken cancellationToken) =>
        SendAsync(
            new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } },
            isKnown: true,
            _provider.Credential,
            cancellationToken);

    /// <summary>A request of an API of its own.</summary>
    /// <param name="json">Its body; <c>null</c>: it has none.</param>
    public Task<Reply> SendAsync(string method, string url, byte[]? json, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), url);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return SendAsync(request, isKnown: true, _provider.Credential, cancellationToken);
    }

    public void Dispose()
    {
        _client.Dispose();
        _prepared?.Dispose();
    }

    private async Task<Reply> SendAsync(HttpRequestMessage request, bool isKnown, string? credential, CancellationToken cancellationToken)
    {
        using var sent = request;
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.TryAddWithoutValidation("User-Agent", "orrery-test");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        if (isKnown)
        {
            _provider.Authorize(request, credential);
        }

        using var response = await _client.SendAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int read; body.Length < LongestAnswer && (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        var location = response.Headers.Location is { IsAbsoluteUri: true } target ? target : null;
        return new Reply((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, body.ToArray(), location?.IdnHost, location?.Scheme == Uri.UriSchemeHttps);
    }
}

/// <param name="RedirectHost">Of a redirection's target only this is kept, and <paramref name="IsRedirectHttps"/>.</param>
internal sealed record Reply(int Status, string? ContentType, byte[] Body, string? RedirectHost, bool IsRedirectHttps);
