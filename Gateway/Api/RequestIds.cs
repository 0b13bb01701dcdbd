using System.Buffers;
using Microsoft.Extensions.Primitives;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Api;

/// <summary>Gives every request its id: the client's where it is 1 to 128 visible ASCII characters, else a new one.</summary>
internal static class RequestIds
{
    private const int Longest = 128;
    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)]);

    public static void Assign(HttpContext http, Dice dice, TimeProvider time)
    {
        var id = TakeOver(http.Request.Headers) ?? string.Concat("req_", dice.NextUuid(time.GetUtcNow()).ToString("N"));
        http.TraceIdentifier = id;
        http.Response.Headers[OrreryHeaders.RequestId] = new StringValues(id);
    }

    private static string? TakeOver(IHeaderDictionary headers) =>
        headers.TryGetValue(OrreryHeaders.RequestId, out var sent)
        && sent.Count == 1
        && sent[0] is { Length: > 0 and <= Longest } id
        && !id.AsSpan().ContainsAnyExcept(Visible)
            ? id
            : null;
}
