using System.Net;
using System.Net.Http.Headers;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>A manifest as it lies in the registry, to the byte.</summary>
public sealed record RegistryManifest(string MediaType, byte[] Body)
{
    public string Digest { get; } = OciDigest.Of(Body);

    public OciDescriptor Descriptor => new(MediaType, Digest, Body.Length);

    public static RegistryManifest Of(OciManifest manifest) => new(manifest.MediaType!, manifest.Write());
}

/// <summary>One repository of a registry. What is idempotent is tried again where that may help; what comes to nothing is thrown as <see cref="RemoteFailure"/>.</summary>
public sealed class RegistryRepository
{
    private const string DigestHeader = "Docker-Content-Digest";
    private const string SubjectHeader = "OCI-Subject";
    private const int LongestAnswer = 64 << 10;
    private const int MostEdits = 8;

    /// <summary>From here on a registry is asked whether it wants a blob before it is sent.</summary>
    private const int AskFirstBytes = 256 << 10;

    private readonly EgressClient _client;
    private readonly RegistrySession _session;
    private readonly RegistryOptions _options;
    private readonly SemaphoreSlim[] _edits;
    private readonly TimeProvider _time;
    private readonly RegistryRetries _retries;

    internal RegistryRepository(EgressClient client, RegistrySession session, RegistryOptions options, ImageReference name, SemaphoreSlim[] edits, TimeProvider time)
    {
        (_client, _session, _options, Name, _edits, _time, _retries) = (client, session, options, name, edits, time, new RegistryRetries(time));
        Referrers = new RegistryReferrers(this, session);
    }

    /// <summary>Registry and repository, as the image is named.</summary>
    public ImageReference Name { get; }

    /// <summary>What says something of a manifest here.</summary>
    public RegistryReferrers Referrers { get; }

    /// <summary>Type, digest and size of a manifest without itself; <c>null</c>: there is none.</summary>
    /// <param name="reference">A tag or a digest.</param>
    public async Task<OciDescriptor?> FindManifestAsync(string reference, CancellationToken cancellationToken)
    {
        var found = await StepAsync(
            async limit =>
            {
                using var response = await _session.OpenAsync(new EgressRequest(HttpMethod.Head, ManifestUrl(reference)) { Accept = RegistryReader.Accepted }, limit);
                var digest = response.Headers.TryGetValues(DigestHeader, out var values) ? values.FirstOrDefault() : null;
                return (Status: (int)response.StatusCode, Digest: digest, response.Content.Headers.ContentType?.MediaType, Size: response.Content.Headers.ContentLength);
            },
            cancellationToken);
        return found is { Status: 200, MediaType: { } type, Size: { } size } && OciDigest.IsOne(found.Digest) && (!OciDigest.IsOne(reference) || found.Digest == reference)
            ? new OciDescriptor(type, found.Digest!, size)
            : found.Status == 404 ? null
            : (await ReadManifestAsync(reference, cancellationToken))?.Descriptor; // What HEAD does not say, or not well, the manifest itself does.
    }

    /// <returns><c>null</c>: there is none.</returns>
    /// <param name="reference">A tag or a digest; what comes is held against the latter.</param>
    public async Task<RegistryManifest?> ReadManifestAsync(string reference, CancellationToken cancellationToken)
    {
        var reply = await AskAsync(new EgressRequest(HttpMethod.Get, ManifestUrl(reference)) { Accept = RegistryReader.Accepted }, OciManifest.LongestBytes + 1, cancellationToken);
        if (reply.Status == 404)
        {
            return null;
        }

        if (reply.Status != 200)
        {
            throw _session.Faults.NotTaken(reply, RegistryFaults.Manifest, $"the question for '{_session.Repository}' {reference}");
        }

        var named = OciDigest.IsOne(reference) ? reference : reply.Header(DigestHeader);
        if (reply.Body.Length > OciManifest.LongestBytes || reply.ContentType is null || OciManifest.Read(reply.Body) is null)
        {
            throw RegistryFaults.Failure(
                RegistryFaults.Manifest, RegistryCauses.NoManifest, $"what {_session.Server} sends for '{_session.Repository}' {reference} is no manifest ({RegistryFaults.Type(reply)})",
                "Is it a registry of images in OCI's or Docker's second format, and no web page?");
        }

        return OciDigest.IsOne(named) && OciDigest.Of(reply.Body, named!) is var derived && derived != named
            ? throw RegistryFaults.Failure(
                RegistryFaults.Manifest, RegistryCauses.DigestMismatch, $"{_session.Server} names {named} for '{_session.Repository}' and sends a manifest of {derived}",
                "Does something on the way change answers? Nothing was taken.")
            : new RegistryManifest(reply.ContentType, reply.Body);
    }

    /// <returns>Its digest, and whether the registry keeps it among what refers to its subject.</returns>
    public async Task<(string Digest, bool IsReferrer)> WriteManifestAsync(string reference, RegistryManifest manifest, CancellationToken cancellationToken)
    {
        var asked = new EgressRequest(HttpMethod.Put, ManifestUrl(reference))
        {
            Content = () => new ByteArrayContent(manifest.Body) { Headers = { ContentType = new MediaTypeHeaderValue(manifest.MediaType) } },
        };
        return await StepAsync(
            async limit =>
            {
                var reply = await _session.AskAsync(asked, LongestAnswer, limit);
                return reply.Status is >= 200 and < 300
                    ? (manifest.Digest, reply.Header(SubjectHeader) is not null)
                    : throw _session.Faults.NotTaken(reply, RegistryFaults.Manifest, $"the manifest {manifest.Digest}");
            },
            cancellationToken);
    }

    /// <returns>Whether it was there.</returns>
    public async Task<bool> DeleteManifestAsync(string digest, CancellationToken cancellationToken)
    {
        var reply = await AskAsync(new EgressRequest(HttpMethod.Delete, ManifestUrl(digest)), LongestAnswer, cancellationToken);
        return reply.Status switch
        {
            >= 200 and < 300 => true,
            404 => false,
            _ => throw _session.Faults.NotTaken(reply, RegistryFaults.Manifest, $"the manifest {digest}"),
        };
    }

    /// <summary>
    /// Changes what a tag names: reads it, writes it as <paramref name="change"/> has it, and looks whether that stayed. The protocol knows no condition on a
    /// write, so that another writer elsewhere can still undo it in the moment between.
    /// </summary>
    /// <param name="change">From what is there (<c>null</c>: nothing) to what is to be there; <c>null</c> where that is as it should be.</param>
    public async Task EditTagAsync(string tag, Func<RegistryManifest?, Task<RegistryManifest?>> change, CancellationToken cancellationToken)
    {
        var turn = _edits[(uint)StringComparer.Ordinal.GetHashCode($"{Name}:{tag}") % _edits.Length];
        await turn.WaitAsync(cancellationToken);
        try
        {
            for (var i = 0; i < MostEdits; i++)
            {
                if (await change(await ReadManifestAsync(tag, cancellationToken)) is not { } next)
                {
                    return;
                }

                await WriteManifestAsync(tag, next, cancellationToken);
            }
        }
        finally
        {
            turn.Release();
        }

        throw RegistryFaults.Failure(
            RegistryFaults.Manifest, RegistryCauses.Conflict, $"what was written {MostEdits} times to '{_session.Repository}:{tag}' at {_session.Server} was not there afterwards",
            "Do others write the same tag all the time, or does the registry refuse to overwrite tags (immutable)?");
    }

    public Task<bool> HasBlobAsync(string digest, CancellationToken cancellationToken) => StepAsync(limit => AskForBlobAsync(digest, limit), cancellationToken);

    /// <summary>A blob as it comes. What is read is what the digest names only when the end was reached without a <see cref="RemoteFailure"/>.</summary>
    public Task<Stream> ReadBlobAsync(OciDescriptor blob, CancellationToken cancellationToken) => StepAsync(limit => OpenBlobAsync(blob, limit), cancellationToken);

    /// <summary>A small blob, whole.</summary>
    /// <param name="longest">What is said to be larger is refused.</param>
    public async Task<byte[]> ReadBlobAsync(OciDescriptor blob, int longest, CancellationToken cancellationToken)
    {
        if (blob.Size > longest)
        {
            throw RegistryFaults.Failure(
                RegistryFaults.Blob, RegistryCauses.TooLarge, $"the blob {blob.Digest} of '{_session.Repository}' has {blob.Size} bytes, and {longest} are the most", "Is it what it is said to be?");
        }

        return await ReadBlobAsync(
            blob,
            async content =>
            {
                using var whole = new MemoryStream();
                await content.CopyToAsync(whole, cancellationToken);
                return whole.ToArray();
            },
            cancellationToken);
    }

    /// <summary>Reads a blob with <paramref name="read"/>, from its beginning again where the connection breaks. What is left of it is read too: only then is the digest known to be right.</summary>
    public Task<T> ReadBlobAsync<T>(OciDescriptor blob, Func<Stream, Task<T>> read, CancellationToken cancellationToken) => _retries.RunAsync(
        async () =>
        {
            await using var content = await OnceAsync(limit => OpenBlobAsync(blob, limit), cancellationToken);
            var found = await read(content);
            await content.CopyToAsync(Stream.Null, cancellationToken);
            return found;
        },
        cancellationToken);

    /// <summary>Sees to it that the blob is there: nothing is sent where it is already, or where the registry can take it from <paramref name="mountFrom"/>.</summary>
    /// <param name="mountFrom">Another repository of the same registry that has it; <c>null</c>: none is known.</param>
    /// <exception cref="BlobSourceException">What is to be sent cannot be read.</exception>
    public Task WriteBlobAsync(BlobSource source, string? mountFrom, CancellationToken cancellationToken) => _retries.RunAsync(
        async () => await OnceAsync(limit => AskForBlobAsync(source.Digest, limit), cancellationToken)
            || await OnceAsync(limit => BeginAsync(source, mountFrom, limit), cancellationToken) is not { } place
            || await UploadAsync(source, place, cancellationToken),
        cancellationToken);

    private Uri ManifestUrl(string reference) => OciDigest.IsOne(reference) || ImageReference.Parse("x:" + reference) is { Digest: null }
        ? _session.UrlOf("manifests/" + reference)
        : throw new ArgumentException($"'{reference}' is neither a tag nor a digest.", nameof(reference));

    private Uri BlobUrl(string digest) => OciDigest.IsOne(digest) ? _session.UrlOf("blobs/" + digest) : throw new ArgumentException($"'{digest}' is no digest.", nameof(digest));

    private async Task<Stream> OpenBlobAsync(OciDescriptor blob, CancellationToken cancellationToken)
    {
        var response = await _session.OpenAsync(new EgressRequest(HttpMethod.Get, BlobUrl(blob.Digest)), cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return new CheckedBlob(_session, blob, response, await response.Content.ReadAsStreamAsync(cancellationToken), _options.BlobIdleTimeout, _time);
        }

        using (response)
        {
            throw response.StatusCode == HttpStatusCode.NotFound
                ? RegistryFaults.Failure(
                    RegistryFaults.Blob, RemoteCauses.NotFound, $"{_session.Server} has no blob {blob.Digest} in '{_session.Repository}'", "Was the image deleted in part? Push it again.")
                : _session.Faults.NotTaken(await _session.ReadAsync(response, LongestAnswer, cancellationToken), RegistryFaults.Blob, $"the question for the blob {blob.Digest}");
        }
    }

    private async Task<bool> AskForBlobAsync(string digest, CancellationToken cancellationToken)
    {
        using var response = await _session.OpenAsync(new EgressRequest(HttpMethod.Head, BlobUrl(digest)), cancellationToken);
        return (int)response.StatusCode switch
        {
            200 => true,
            404 => false,
            _ => throw _session.Faults.NotTaken(await _session.ReadAsync(response, LongestAnswer, cancellationToken), RegistryFaults.Blob, $"the question for the blob {digest}"),
        };
    }

    /// <returns>Where to upload to; <c>null</c>: it is there, the registry has it from another repository.</returns>
    private async Task<Uri?> BeginAsync(BlobSource source, string? mountFrom, CancellationToken cancellationToken)
    {
        var uploads = _session.UrlOf("blobs/uploads/");
        var url = mountFrom is null ? uploads : new Uri(uploads, $"?mount={Uri.EscapeDataString(source.Digest)}&from={Uri.EscapeDataString(mountFrom)}");
        var reply = await _session.AskAsync(new EgressRequest(HttpMethod.Post, url) { Content = static () => new ByteArrayContent([]) }, LongestAnswer, cancellationToken);
        return reply.Status switch
        {
            201 when mountFrom is not null => null,
            202 when reply.Headers.Location is { } place => PlaceOf(new Uri(url, place), source.Digest),
            _ when mountFrom is not null && reply.Status is >= 400 and < 500 and not 429 => await BeginAsync(source, null, cancellationToken), // Mounting is a favour.
            _ => throw _session.Faults.NotTaken(reply, RegistryFaults.Blob, $"the blob {source.Digest}"),
        };
    }

    private Uri PlaceOf(Uri place, string digest) => place.Scheme == Uri.UriSchemeHttp && _session.UrlOf("").Scheme == Uri.UriSchemeHttps
        ? throw RegistryFaults.Failure(
            RegistryFaults.Blob, EgressCauses.HttpsRequired, $"{_session.Server} sends uploads to '{place.Authority.Cut(253)}' over plain http",
            "Let the proxy before it pass X-Forwarded-Proto on, or set the registry's own address (http.host).")
        : new UriBuilder(place) { Query = $"{place.Query.TrimStart('?')}{(place.Query.Length > 1 ? "&" : "")}digest={Uri.EscapeDataString(digest)}" }.Uri;

    private async Task<bool> UploadAsync(BlobSource source, Uri place, CancellationToken cancellationToken)
    {
        using var clock = new IdleClock(_options.BlobIdleTimeout, _time, cancellationToken);
        var asked = new EgressRequest(HttpMethod.Put, place) { Content = () => new BlobContent(source, clock.Progressed), AsksFirst = source.Size >= AskFirstBytes };
        try
        {
            var reply = await _session.AskAsync(asked, LongestAnswer, clock.Token);
            return reply.Status is >= 200 and < 300 ? true : throw _session.Faults.NotTaken(reply, RegistryFaults.Blob, $"the blob {source.Digest}");
        }
        catch (Exception error) when (error is HttpRequestException { InnerException: BlobSourceException })
        {
            throw error.InnerException!;
        }
        catch (Exception error) when (EgressClient.FaultOf(error, _session.Server, clock.Idle, cancellationToken) is { } fault)
        {
            throw new RemoteFailure(fault.Cause != RemoteCauses.ConnectionClosed ? RegistryFaults.Remedied(fault) : fault with
            {
                Stage = RegistryFaults.Blob,
                Message = $"{_session.Server} closed the connection while the blob {source.Digest} of {source.Size} bytes was sent",
                Remedy = "Does something on the way limit sizes or times? Does the registry's log say why it hung up: is its disk full?",
            });
        }
    }

    /// <summary>A question whose answer is told by its status, unless it may be another the next time.</summary>
    internal Task<EgressReply> AskAsync(EgressRequest asked, int longest, CancellationToken cancellationToken) => StepAsync(
        async limit =>
        {
            var reply = await _session.AskAsync(asked, longest, limit);
            return reply.Status is 429 or >= 500 ? throw _session.Faults.NotTaken(reply, RegistryFaults.Manifest, $"a question for '{_session.Repository}'") : reply;
        },
        cancellationToken);

    private Task<T> StepAsync<T>(Func<CancellationToken, Task<T>> step, CancellationToken cancellationToken) => _retries.RunAsync(() => OnceAsync(step, cancellationToken), cancellationToken);

    private async Task<T> OnceAsync<T>(Func<CancellationToken, Task<T>> step, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.RunAsync(_session.Server, _options.Timeout, step, cancellationToken);
        }
        catch (RemoteFailure failure)
        {
            throw new RemoteFailure(RegistryFaults.Remedied(failure.Fault));
        }
    }
}
