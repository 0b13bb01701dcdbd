using System.Globalization;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary><c>8000</c>, <c>8000-8010</c>, <c>53/udp</c>.</summary>
internal sealed record ExposedPorts(int First, int Last, string Protocol)
{
    public bool Contains(int port) => port >= First && port <= Last;

    /// <summary><c>null</c> where the text is none.</summary>
    public static ExposedPorts? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var (ports, protocol) = slash < 0 ? (text, "tcp") : (text[..slash], text[(slash + 1)..].ToLowerInvariant());
        var dash = ports.IndexOf('-', StringComparison.Ordinal);
        var first = Number(dash < 0 ? ports : ports[..dash]);
        var last = dash < 0 ? first : Number(ports[(dash + 1)..]);
        return first is null || last is null || last < first || protocol is not ("" or "tcp" or "udp" or "sctp")
            ? null
            : new ExposedPorts(first.Value, last.Value, protocol.Length == 0 ? "tcp" : protocol);
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 65535 ? number : null;
}
