using System.Net;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>What is asked of a server outside.</summary>
public sealed class EgressRequest(HttpMethod method, Uri url)
{
    public HttpMethod Method { get; } = method;

    public Uri Url { get; } = url;

    /// <summary>The header's value, which goes to the URL's own host and no further; <c>null</c>: none is sent.</summary>
    public string? Authorization { get; init; }

    public string Accept { get; init; } = "*/*";

    /// <summary>Further headers, which go wherever a redirection leads: no credential is among them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Makes the body, anew for every sending; <c>null</c>: there is none.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>Whether the server is asked if it wants the body before it is sent.</summary>
    public bool AsksFirst { get; init; }

    internal EgressRequest With(string? authorization) => new(Method, Url)
    {
        Authorization = authorization,
        Accept = Accept,
        Headers = Headers,
        Content = Content,
        AsksFirst = AsksFirst,
    };

    internal HttpRequestMessage For(Uri target)
    {
        var request = new HttpRequestMessage(Method, target) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = Content?.Invoke() };
        request.Headers.TryAddWithoutValidation("User-Agent", "orrery");
        request.Headers.TryAddWithoutValidation("Accept", Accept);
        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (AsksFirst)
        {
            request.Headers.ExpectContinue = true;
        }

        if (Authorization is not null && target.Scheme == Url.Scheme && target.Authority == Url.Authority)
        {
            request.Headers.TryAddWithoutValidation("Authorization", Authorization);
        }

        return request;
    }
}
