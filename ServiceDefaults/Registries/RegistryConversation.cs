using System.Security.Cryptography;
using System.Text.Json;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>One question to one registry: which digest an image has now.</summary>
/// <param name="image">With all written out.</param>
internal sealed class RegistryConversation(RegistrySession session, ImageReference image)
{
    private const string DigestHeader = "Docker-Content-Digest";

    private readonly Uri _url = session.UrlOf($"manifests/{image.Tag}");

    private string Server => session.Server;

    private string Shown => $"{session.Repository}:{image.Tag}";

    public async Task<string> FindDigestAsync(CancellationToken cancellationToken)
    {
        var head = await AskAsync(HttpMethod.Head, _url, cancellationToken);
        if (head.Status == 200 && IsManifest(head.ContentType) && DigestOf(head) is { } named)
        {
            return named;
        }

        if (head.Status == 429)
        {
            throw session.Faults.RateLimited(head);
        }

        var reply = await AskAsync(HttpMethod.Get, _url, cancellationToken);
        return reply.Status == 404 && RegistryFaults.IsRegistrysError(reply.Body) ? throw await UnknownAsync(cancellationToken) : Derive(reply);
    }

    /// <summary>A missing repository's manifest is as unknown as a missing tag's: the list of tags tells them apart.</summary>
    private async Task<RemoteFailure> UnknownAsync(CancellationToken cancellationToken)
    {
        var tags = await AskAsync(HttpMethod.Get, session.UrlOf("tags/list?n=1"), cancellationToken);
        return tags.Status == 404
            ? Failure(RegistryCauses.UnknownImage, $"{Server} has no image '{session.Repository}'", "Is the name right, and was it pushed there?")
            : Failure(RegistryCauses.UnknownTag, $"{Server} has no '{image.Tag}' of '{session.Repository}'", "Is the tag right, and was it deleted since?");
    }

    private Task<EgressReply> AskAsync(HttpMethod method, Uri url, CancellationToken cancellationToken) =>
        session.AskAsync(new EgressRequest(method, url) { Accept = RegistryReader.Accepted }, OciManifest.LongestBytes + 1, cancellationToken);

    private string Derive(EgressReply reply)
    {
        switch (reply.Status)
        {
            case 200 when reply.Body.Length <= OciManifest.LongestBytes && HasManifest(reply.Body):
                var derived = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(reply.Body));
                return DigestOf(reply) is { } named && named.StartsWith("sha256:", StringComparison.Ordinal) && named != derived
                    ? throw Failure(RegistryCauses.DigestMismatch, $"{Server} names {named} for '{Shown}' and sends a manifest of {derived}", "Does something on the way change answers? Nothing was taken.")
                    : derived;
            case 200:
                throw Failure(
                    RegistryCauses.NoManifest, $"what {Server} sends for '{Shown}' is no manifest of an image ({RegistryFaults.Type(reply)})",
                    "Is it a registry of images in OCI's or Docker's second format, and no web page?");
            case 401 or 403:
                throw session.Faults.Denied(RegistryFaults.Manifest);
            case 404:
                throw Failure(RemoteCauses.NotFound, $"{Server} answers 404 for '{Shown}', and not as registries do", "Is it a registry? A mirror's path stands in Registries:Mirrors.");
            case 429:
                throw session.Faults.RateLimited(reply);
            default:
                throw RegistryFaults.Unexpected(reply, RegistryFaults.Manifest, Server);
        }
    }

    private static RemoteFailure Failure(string cause, string message, string remedy) => RegistryFaults.Failure(RegistryFaults.Manifest, cause, message, remedy);

    private static bool IsManifest(string? type) => type is not null && RegistryReader.Accepted.Split(", ").Contains(type);

    /// <summary>The header, where it is a digest.</summary>
    private static string? DigestOf(EgressReply reply) => OciDigest.IsOne(reply.Header(DigestHeader)) ? reply.Header(DigestHeader) : null;

    private static bool HasManifest(byte[] body)
    {
        using var document = RegistryFaults.Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("schemaVersion", out var version) && version is { ValueKind: JsonValueKind.Number } && version.TryGetInt32(out var number) && number == 2
            && ((root.TryGetProperty("manifests", out var list) && list.ValueKind == JsonValueKind.Array) || (root.TryGetProperty("layers", out var layers) && layers.ValueKind == JsonValueKind.Array));
    }
}
