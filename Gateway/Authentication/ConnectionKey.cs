using Microsoft.AspNetCore.Connections.Features;

namespace Orrery.Gateway.Authentication;

/// <summary>A connection sends the same key with every request: hashed once, it is compared afterwards. Nothing outlives the connection.</summary>
internal sealed class ConnectionKey
{
    private static readonly object Item = new();
    private readonly char[] _token;
    private readonly KeyHash _hash;

    private ConnectionKey(ReadOnlySpan<char> token, KeyHash hash) => (_token, _hash) = (token.ToArray(), hash);

    public static KeyHash HashOf(HttpContext http, ReadOnlySpan<char> token)
    {
        // Requests of an HTTP/2 connection come side by side, which its items do not bear.
        if (!HttpProtocol.IsHttp11(http.Request.Protocol) || http.Features.Get<IConnectionItemsFeature>()?.Items is not { } items)
        {
            return KeyHash.Of(token);
        }

        if (items.TryGetValue(Item, out var item) && item is ConnectionKey seen && token.SequenceEqual(seen._token))
        {
            return seen._hash;
        }

        var hash = KeyHash.Of(token);
        items[Item] = new ConnectionKey(token, hash);
        return hash;
    }
}
