using Microsoft.AspNetCore.Http;

namespace Orrery.ServiceDefaults;

/// <summary>Values of the HTTP semantic conventions, without allocating.</summary>
internal static class HttpTags
{
    private static readonly object[] Statuses = [.. Enumerable.Range(0, 600).Select(status => (object)status)];

    /// <summary>The method, or <c>_OTHER</c>: what callers make up must not become a series each.</summary>
    public static string Method(string method) =>
        HttpMethods.GetCanonicalizedValue(method) is var known && ReferenceEquals(known, method) && !IsKnown(method) ? "_OTHER" : known;

    /// <summary><c>HTTP/1.1</c> is <c>1.1</c>, <c>HTTP/2</c> is <c>2</c>.</summary>
    public static string? Version(string protocol) =>
        HttpProtocol.IsHttp11(protocol) ? "1.1"
        : HttpProtocol.IsHttp2(protocol) ? "2"
        : HttpProtocol.IsHttp10(protocol) ? "1.0"
        : HttpProtocol.IsHttp3(protocol) ? "3"
        : null;

    public static object Status(int status) => (uint)status < (uint)Statuses.Length ? Statuses[status] : status;

    private static bool IsKnown(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method) || HttpMethods.IsPatch(method)
        || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method) || HttpMethods.IsConnect(method);
}
