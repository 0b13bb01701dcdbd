using System.Text;
using Microsoft.AspNetCore.Http;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>What refers to a manifest, with a registry that keeps no list of it (the real one here), and as one answers that does.</summary>
public sealed class RegistryReferrersTests : IDisposable
{
    private const string Bom = "application/vnd.cyclonedx+json";

    private readonly EgressWorld _world = new("Gateway:Egress:AllowLoopback=true");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    private RegistryRepository Open(string image) => _world.Registry.Open(ImageReference.Parse(image)!, null, RegistryAccess.Push);

    private static Task<OciDescriptor> Attach(RegistryRepository repository, OciDescriptor subject, string content, string type = Bom) =>
        repository.Referrers.AttachAsync(subject, type, type, Encoding.UTF8.GetBytes(content), null, Cancelled);

    [Fact]
    public async Task Where_the_registry_keeps_none_an_index_under_the_digests_tag_is_kept()
    {
        await using var registry = await RegistryServer.StartAsync();
        await registry.PushAsync("team/image", "1.2", "one");
        var repository = Open($"{registry.Address}/team/image");
        var subject = (await repository.FindManifestAsync("1.2", Cancelled))!;
        Assert.Empty(await repository.Referrers.ListAsync(subject.Digest, null, Cancelled));

        var attached = await repository.Referrers.AttachAsync(subject, Bom, Bom, "{\"a\":1}"u8.ToArray(), new Dictionary<string, string> { ["made.by"] = "tests" }, Cancelled);
        var found = Assert.Single(await repository.Referrers.ListAsync(subject.Digest, null, Cancelled));
        Assert.Equal((attached.Digest, Bom, "tests"), (found.Digest, found.ArtifactType, found.Annotations!["made.by"]));
        var manifest = OciManifest.Read((await repository.ReadManifestAsync(found.Digest, Cancelled))!.Body)!;
        Assert.Equal((subject.Digest, subject.MediaType, Bom), (manifest.Subject!.Digest, manifest.Subject.MediaType, manifest.ArtifactType));
        Assert.Equal("{\"a\":1}"u8.ToArray(), await repository.ReadBlobAsync(Assert.Single(manifest.Layers!), 1000, Cancelled));

        var index = (await repository.ReadManifestAsync(OciDigest.TagOf(subject.Digest), Cancelled))!;
        Assert.Equal(OciTypes.Index, index.MediaType);
        await repository.Referrers.AttachAsync(subject, Bom, Bom, "{\"a\":1}"u8.ToArray(), new Dictionary<string, string> { ["made.by"] = "tests" }, Cancelled);
        Assert.Equal(index.Digest, (await repository.FindManifestAsync(OciDigest.TagOf(subject.Digest), Cancelled))!.Digest);
    }

    [Fact]
    public async Task Many_that_attach_at_once_all_stay_and_what_others_wrote_stays_as_it_was()
    {
        await using var registry = await RegistryServer.StartAsync();
        await registry.PushAsync("team/image", "1.2", "one");
        var repository = Open($"{registry.Address}/team/image");
        var subject = (await repository.FindManifestAsync("1.2", Cancelled))!;
        var foreign = await Attach(repository, subject, "foreign");
        await repository.EditTagAsync(
            OciDigest.TagOf(subject.Digest),
            found => Task.FromResult(Encoding.UTF8.GetString(found!.Body) is var text && text.Contains("strange", StringComparison.Ordinal)
                ? null
                : new RegistryManifest(found.MediaType, Encoding.UTF8.GetBytes(text.Replace($"\"digest\":\"{foreign.Digest}\"", $"\"digest\":\"{foreign.Digest}\",\"strange\":[1,\"x\"]", StringComparison.Ordinal)))),
            Cancelled);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Attach(Open($"{registry.Address}/team/image"), subject, $"content {i}", i % 2 == 0 ? Bom : "application/vnd.in-toto+json")));
        Assert.Equal(13, (await repository.Referrers.ListAsync(subject.Digest, null, Cancelled)).Count);
        Assert.Equal(6, (await repository.Referrers.ListAsync(subject.Digest, "application/vnd.in-toto+json", Cancelled)).Count);
        Assert.Contains("\"strange\":[1,\"x\"]", Encoding.UTF8.GetString((await repository.ReadManifestAsync(OciDigest.TagOf(subject.Digest), Cancelled))!.Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_index_under_that_tag_is_not_overwritten()
    {
        await using var registry = await RegistryServer.StartAsync();
        await registry.PushAsync("team/image", "1.2", "one");
        var repository = Open($"{registry.Address}/team/image");
        var subject = (await repository.FindManifestAsync("1.2", Cancelled))!;
        var other = await registry.PushAsync("team/image", OciDigest.TagOf(subject.Digest), "an image");
        var fault = (await Assert.ThrowsAsync<RemoteFailure>(() => Attach(repository, subject, "x"))).Fault;
        Assert.Equal(
            ("conflict", $"'team/image:{OciDigest.TagOf(subject.Digest)}' at {registry.Address} is no index (application/vnd.oci.image.manifest.v1+json)"), (fault.Cause, fault.Message));
        Assert.Equal(other, (await repository.FindManifestAsync(OciDigest.TagOf(subject.Digest), Cancelled))!.Digest);
    }

    [Fact]
    public async Task A_registry_that_keeps_them_is_asked_page_by_page_and_gets_no_tag()
    {
        var digests = Enumerable.Range(0, 3).Select(i => OciDigest.Of([(byte)i])).ToArray();
        await using var server = await TlsServer.StartAsync(null, async http =>
        {
            var path = http.Request.Path.ToString();
            if (path.Contains("/referrers/", StringComparison.Ordinal))
            {
                var page = int.Parse(http.Request.Query["page"].FirstOrDefault() ?? "0", System.Globalization.CultureInfo.InvariantCulture);
                http.Response.ContentType = OciTypes.Index;
                http.Response.Headers.Append("OCI-Filters-Applied", "artifactType");
                if (page < 2)
                {
                    http.Response.Headers.Append("Link", $"<{path}?page={page + 1}>; rel=\"next\"");
                }

                await http.Response.WriteAsync($$"""{"schemaVersion":2,"mediaType":"{{OciTypes.Index}}","manifests":[{"mediaType":"{{OciTypes.Manifest}}","digest":"{{digests[page]}}","size":3,"artifactType":"{{Bom}}"}]}""");
            }
            else if (HttpMethods.IsPut(http.Request.Method) && path.Contains("/manifests/", StringComparison.Ordinal))
            {
                http.Response.Headers.Append("OCI-Subject", digests[0]);
                http.Response.StatusCode = 201;
            }
            else
            {
                http.Response.StatusCode = HttpMethods.IsHead(http.Request.Method) && path.Contains("/blobs/", StringComparison.Ordinal) ? 200 : 404;
            }
        });
        var repository = Open($"127.0.0.1:{server.Port}/team/image");
        Assert.Equal(digests, (await repository.Referrers.ListAsync(digests[0], Bom, Cancelled)).Select(found => found.Digest));
        await Attach(repository, new OciDescriptor(OciTypes.Manifest, digests[0], 3), "x");
        Assert.DoesNotContain(server.Requests, request => request.Contains("/manifests/sha256-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(404, "NAME_UNKNOWN", "blob name_refused: HOST has no place for 'team/image' (404 NAME_UNKNOWN)")]
    [InlineData(400, "NAME_INVALID", "blob name_refused: HOST has no place for 'team/image' (400 NAME_INVALID)")]
    [InlineData(403, "DENIED", "blob access_denied: HOST lets nobody push to 'team/image' whom it does not know")]
    [InlineData(405, "UNSUPPORTED", "blob unsupported: HOST does not do this with the blob sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 (405 UNSUPPORTED)")]
    [InlineData(418, "sk-secret", "blob unexpected_answer: HOST answers 418 (application/json), and not as registries do")]
    public async Task A_push_that_is_refused_is_told_in_words(int status, string code, string expected)
    {
        await using var server = await TlsServer.StartAsync(null, async http =>
        {
            http.Response.StatusCode = HttpMethods.IsHead(http.Request.Method) ? 404 : status;
            http.Response.ContentType = "application/json";
            if (!HttpMethods.IsHead(http.Request.Method))
            {
                await http.Response.WriteAsync($$"""{"errors":[{"code":"{{code}}","message":"m"}]}""");
            }
        });
        var fault = (await Assert.ThrowsAsync<RemoteFailure>(() => Open($"127.0.0.1:{server.Port}/team/image").WriteBlobAsync(BlobSource.Of("x"u8.ToArray()), null, Cancelled))).Fault;
        Assert.Equal(expected, $"{fault.Stage} {fault.Cause}: {fault.Message}".Replace($"127.0.0.1:{server.Port}", "HOST", StringComparison.Ordinal));
    }
}
