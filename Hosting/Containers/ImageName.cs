namespace Aspire.Hosting;

/// <summary>The parts of an image reference.</summary>
internal sealed record ImageName(string? Registry, string Image, string? Tag, string? SHA256)
{
    public static ImageName Parse(string reference)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        var (rest, digest) = Cut(reference, reference.IndexOf("@sha256:", StringComparison.Ordinal), "@sha256:".Length);

        // A colon before the last slash belongs to the registry's port.
        var colon = rest.LastIndexOf(':');
        var (name, tag) = Cut(rest, colon > rest.LastIndexOf('/') ? colon : -1, 1);
        var slash = name.IndexOf('/');
        var host = slash < 0 ? "" : name[..slash];
        return host.Contains('.', StringComparison.Ordinal) || host.Contains(':', StringComparison.Ordinal) || host == "localhost"
            ? new(host, name[(slash + 1)..], tag, digest)
            : new(null, name, tag, digest);
    }

    private static (string Before, string? After) Cut(string text, int at, int length) => at < 0 ? (text, null) : (text[..at], text[(at + length)..]);
}
