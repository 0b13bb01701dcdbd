namespace Orrery.Contracts;

/// <summary>How a proxy is written.</summary>
public static class ProxyAddress
{
    /// <summary>No proxy, whatever the operator has set.</summary>
    public const string None = "none";

    public const string Expectation = "a proxy's URL such as http://proxy.internal:3128, without user, password and path";

    /// <summary>What was expected; <c>null</c> when <paramref name="url"/> is that.</summary>
    public static string? Check(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri is { UserInfo: "", PathAndQuery: "/", Fragment: "", Port: > 0 }
        && EgressHost.Of(uri.Host).Kind is not (HostKind.Invalid or HostKind.Metadata)
            ? null
            : Expectation;
}
