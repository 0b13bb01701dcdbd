using System.Text.RegularExpressions;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>
/// What refers to a manifest: signatures, lists of parts, statements of origin. A registry that keeps them itself (OCI distribution 1.1) is asked; for one that
/// does not there is an index under a tag made of the digest, which clients keep.
/// </summary>
public sealed partial class RegistryReferrers
{
    private const int MostPages = 64;

    private static readonly BlobSource Nothing = BlobSource.Of("{}"u8.ToArray());

    private readonly RegistryRepository _repository;
    private readonly RegistrySession _session;

    internal RegistryReferrers(RegistryRepository repository, RegistrySession session) => (_repository, _session) = (repository, session);

    /// <param name="digest">Of the manifest that is referred to. It need not be there.</param>
    /// <param name="artifactType">Those of one type; <c>null</c>: all.</param>
    public async Task<IReadOnlyList<OciDescriptor>> ListAsync(string digest, string? artifactType, CancellationToken cancellationToken)
    {
        var found = await ListKeptAsync(digest, artifactType, cancellationToken)
            ?? ManifestsIn(await _repository.ReadManifestAsync(OciDigest.TagOf(digest), cancellationToken), digest);
        return [.. found.Where(referrer => artifactType is null || referrer.ArtifactType == artifactType).DistinctBy(referrer => referrer.Digest)];
    }

    /// <summary>Attaches content to a manifest. The same content is the same artifact: attaching it again changes nothing.</summary>
    /// <returns>The artifact's own manifest.</returns>
    public async Task<OciDescriptor> AttachAsync(
        OciDescriptor subject, string artifactType, string mediaType, byte[] content, IReadOnlyDictionary<string, string>? annotations, CancellationToken cancellationToken)
    {
        var blob = BlobSource.Of(content);
        await _repository.WriteBlobAsync(Nothing, null, cancellationToken);
        await _repository.WriteBlobAsync(blob, null, cancellationToken);
        var manifest = RegistryManifest.Of(new OciManifest
        {
            MediaType = OciTypes.Manifest,
            ArtifactType = artifactType,
            Config = Nothing.As(OciTypes.Empty),
            Layers = [blob.As(mediaType)],
            Subject = new OciDescriptor(subject.MediaType, subject.Digest, subject.Size),
            Annotations = annotations,
        });
        return await WriteAsync(manifest, cancellationToken);
    }

    /// <summary>Puts a manifest there that says itself what it refers to, and sees to it that it is listed. Its parts have to be there.</summary>
    public async Task<OciDescriptor> WriteAsync(RegistryManifest manifest, CancellationToken cancellationToken)
    {
        var written = OciManifest.Read(manifest.Body);
        var subject = written?.Subject ?? throw new ArgumentException($"{manifest.Digest} refers to nothing.", nameof(manifest));
        var referrer = manifest.Descriptor with { ArtifactType = written.ArtifactType ?? written.Config?.MediaType, Annotations = written.Annotations };
        if (!(await _repository.WriteManifestAsync(manifest.Digest, manifest, cancellationToken)).IsReferrer)
        {
            await _repository.EditTagAsync(OciDigest.TagOf(subject.Digest), found => Task.FromResult(With(found, referrer, subject.Digest)), cancellationToken);
        }

        return referrer;
    }

    private RegistryManifest? With(RegistryManifest? found, OciDescriptor referrer, string digest)
    {
        var known = ManifestsIn(found, digest);
        if (known.Any(one => one.Digest == referrer.Digest))
        {
            return null;
        }

        var index = (found is null ? null : OciManifest.Read(found.Body)) ?? new OciManifest();
        return RegistryManifest.Of(index with { MediaType = OciTypes.Index, Manifests = [.. known, referrer] });
    }

    /// <returns><c>null</c>: the registry keeps none (404).</returns>
    private async Task<List<OciDescriptor>?> ListKeptAsync(string digest, string? artifactType, CancellationToken cancellationToken)
    {
        var found = new List<OciDescriptor>();
        var url = _session.UrlOf($"referrers/{digest}{(artifactType is null ? "" : "?artifactType=" + Uri.EscapeDataString(artifactType))}");
        for (var page = 0; page < MostPages; page++)
        {
            var reply = await _repository.AskAsync(new EgressRequest(HttpMethod.Get, url) { Accept = OciTypes.Index }, OciManifest.LongestBytes + 1, cancellationToken);
            if (reply.Status == 404 && page == 0)
            {
                return null;
            }

            if (reply.Status != 200)
            {
                throw _session.Faults.NotTaken(reply, RegistryFaults.Manifest, $"the question what refers to {digest}");
            }

            found.AddRange(OciManifest.Read(reply.Body) is { Manifests: { } listed }
                ? listed
                : throw RegistryFaults.Failure(
                    RegistryFaults.Manifest, RemoteCauses.UnexpectedAnswer, $"{_session.Server} sends no index of what refers to {digest} ({RegistryFaults.Type(reply)})",
                    "Is it a registry, and does a proxy before it answer in its place?"));
            if (reply.Header("Link") is not { } link || NextLink.Match(link) is not { Success: true } next || !Uri.TryCreate(url, next.Groups["url"].Value, out var following)
                || following.Authority != url.Authority || following.Scheme != url.Scheme)
            {
                return found;
            }

            url = following;
        }

        return found;
    }

    /// <summary>What the fallback's index lists; what stands there and is no index is another's, and is left.</summary>
    private IReadOnlyList<OciDescriptor> ManifestsIn(RegistryManifest? found, string digest) => found is null ? []
        : OciManifest.Read(found.Body) is { Manifests: { } listed } ? listed
        : throw RegistryFaults.Failure(
            RegistryFaults.Manifest, RegistryCauses.Conflict, $"'{_session.Repository}:{OciDigest.TagOf(digest)}' at {_session.Server} is no index ({found.MediaType.Cut(80, "…")})",
            "The tag belongs to what refers to that digest (OCI distribution 1.1): delete what was pushed there.");

    [GeneratedRegex("""<(?<url>[^>]{1,4096})>\s*;\s*rel="?next"?""")]
    private static partial Regex NextLink { get; }
}
