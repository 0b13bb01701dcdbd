using System.Diagnostics;
using System.Text;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>Writing to a real registry and reading from it: open, behind a password, behind a token server, behind TLS of one's own, behind a proxy, on a full disk.</summary>
public sealed class RegistryRepositoryTests : IDisposable
{
    private const string Loopback = "Gateway:Egress:AllowLoopback=true";

    private static readonly RegistryCredential Known = new(RegistryServer.User, RegistryServer.Password);

    private readonly EgressWorld _world = new(Loopback);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Assert.DoesNotContain(_world.Logged.Lines, line => line.Contains(RegistryServer.Password, StringComparison.Ordinal));
        _world.Dispose();
    }

    private RegistryRepository Open(string image, RegistryCredential? credential = null, RegistryAccess access = RegistryAccess.Push, EgressWorld? world = null) =>
        (world ?? _world).Registry.Open(ImageReference.Parse(image)!, credential, access);

    private static byte[] Bytes(int length, int seed = 1)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static async Task<byte[]> Read(RegistryRepository repository, OciDescriptor blob)
    {
        await using var stream = await repository.ReadBlobAsync(blob, Cancelled);
        using var whole = new MemoryStream();
        await stream.CopyToAsync(whole, Cancelled);
        return whole.ToArray();
    }

    private static async Task<RegistryManifest> PushImage(RegistryRepository repository, string tag, string content = "one")
    {
        var (config, layer) = (BlobSource.Of("{}"u8.ToArray()), BlobSource.Of(Encoding.UTF8.GetBytes(content)));
        await repository.WriteBlobAsync(config, null, Cancelled);
        await repository.WriteBlobAsync(layer, null, Cancelled);
        var manifest = RegistryManifest.Of(new OciManifest { MediaType = OciTypes.Manifest, Config = config.As(OciTypes.Config), Layers = [layer.As("application/vnd.oci.image.layer.v1.tar")] });
        await repository.WriteManifestAsync(tag, manifest, Cancelled);
        return manifest;
    }

    private static async Task<RemoteFault> FaultOf(Func<Task> act)
    {
        var fault = (await Assert.ThrowsAsync<RemoteFailure>(act)).Fault;
        Assert.NotEmpty(fault.Remedy);
        Assert.DoesNotContain(RegistryServer.Password, $"{fault}", StringComparison.Ordinal);
        return fault;
    }

    [Fact]
    public async Task What_was_written_is_read_and_is_sent_once()
    {
        await using var registry = await RegistryServer.StartAsync();
        var repository = Open($"{registry.Address}/team/image");
        var (content, opened) = (Bytes(9_000_001), 0);
        var source = BlobSource.Of(content) with
        {
            OpenAsync = _ =>
            {
                opened++;
                return ValueTask.FromResult<Stream>(new MemoryStream(content));
            },
        };
        Assert.False(await repository.HasBlobAsync(source.Digest, Cancelled));
        await repository.WriteBlobAsync(source, null, Cancelled);
        await repository.WriteBlobAsync(source, null, Cancelled);
        Assert.Equal(1, opened);
        Assert.True(await repository.HasBlobAsync(source.Digest, Cancelled));
        Assert.Equal(content, await Read(repository, source.As("application/octet-stream")));
        await repository.WriteBlobAsync(BlobSource.Of([]), null, Cancelled);
        Assert.Empty(await Read(repository, BlobSource.Of([]).As("application/octet-stream")));

        var other = Open($"{registry.Address}/team/other");
        await other.WriteBlobAsync(source, "team/image", Cancelled);
        Assert.True(await other.HasBlobAsync(source.Digest, Cancelled));
        Assert.Equal(1, opened);
        await Open($"{registry.Address}/team/third").WriteBlobAsync(source, "team/nowhere", Cancelled);
        Assert.Equal(2, opened);
    }

    [Fact]
    public async Task A_manifest_is_found_by_tag_and_digest_until_it_is_deleted()
    {
        await using var registry = await RegistryServer.StartAsync(deletes: true);
        var repository = Open($"{registry.Address}/team/image");
        Assert.Null(await repository.FindManifestAsync("1.2", Cancelled));
        Assert.Null(await repository.ReadManifestAsync("1.2", Cancelled));
        var manifest = await PushImage(repository, "1.2");
        Assert.Equal(manifest.Descriptor, await repository.FindManifestAsync("1.2", Cancelled));
        Assert.Equal(manifest.Descriptor, await repository.FindManifestAsync(manifest.Digest, Cancelled));
        Assert.Equal(manifest.Body, (await repository.ReadManifestAsync("1.2", Cancelled))!.Body);
        Assert.Equal(manifest.Body, (await repository.ReadManifestAsync(manifest.Digest, Cancelled))!.Body);
        Assert.True(await repository.DeleteManifestAsync(manifest.Digest, Cancelled));
        Assert.False(await repository.DeleteManifestAsync(manifest.Digest, Cancelled));
        Assert.Null(await repository.FindManifestAsync("1.2", Cancelled));
        await Assert.ThrowsAsync<ArgumentException>(() => repository.FindManifestAsync("../other", Cancelled));

        await using var keeping = await RegistryServer.StartAsync(registry.Storage);
        var kept = Open($"{keeping.Address}/team/image");
        await PushImage(kept, "1.2");
        var fault = await FaultOf(() => kept.DeleteManifestAsync(manifest.Digest, Cancelled));
        Assert.Equal(("unsupported", $"{keeping.Address} does not do this with the manifest {manifest.Digest} (405 UNSUPPORTED)"), (fault.Cause, fault.Message));
    }

    [Fact]
    public async Task What_the_registry_has_broken_is_not_taken()
    {
        await using var registry = await RegistryServer.StartAsync();
        var repository = Open($"{registry.Address}/team/image");
        var source = BlobSource.Of(Bytes(100_000));
        await repository.WriteBlobAsync(source, null, Cancelled);
        var data = Path.Combine(registry.Storage, "docker/registry/v2/blobs/sha256", source.Digest[7..9], source.Digest[7..], "data");
        var broken = await File.ReadAllBytesAsync(data, Cancelled);
        broken[50_000] ^= 1;
        await File.WriteAllBytesAsync(data, broken, Cancelled);
        var fault = await FaultOf(() => Read(repository, source.As("application/octet-stream")));
        Assert.Equal($"blob digest_mismatch: {registry.Address} sends for the blob {source.Digest} what has the digest {OciDigest.Of(broken)}", $"{fault.Stage} {fault.Cause}: {fault.Message}");
        fault = await FaultOf(() => Read(repository, source.As("application/octet-stream") with { Size = 99_999 }));
        Assert.EndsWith("more than the 99999 bytes that its manifest says", fault.Message, StringComparison.Ordinal);
        fault = await FaultOf(() => repository.ReadBlobAsync(source.As("application/octet-stream"), 1000, Cancelled));
        Assert.Equal("too_large", fault.Cause);
    }

    [Fact]
    public async Task A_password_lets_push_and_nothing_else_does()
    {
        await using var registry = await RegistryServer.StartAsync(auth: "htpasswd");
        var image = $"{registry.Address}/team/image";
        await PushImage(Open(image, Known), "1.2");
        var fault = await FaultOf(() => PushImage(Open(image, new RegistryCredential("tests", "wrong")), "1.2"));
        Assert.Equal(("blob", "access_denied", $"{registry.Address} does not let user 'tests' push to 'team/image'"), (fault.Stage, fault.Cause, fault.Message));
        fault = await FaultOf(() => PushImage(Open(image), "1.2"));
        Assert.Equal(("access_denied", $"{registry.Address} wants a user and a password, and none is set for it"), (fault.Cause, fault.Message));
    }

    [Fact]
    public async Task A_token_is_fetched_for_pushing_and_for_what_is_mounted_from_and_anew_when_it_has_ended()
    {
        await using var realm = await TokenRealm.StartAsync(isOpen: false);
        await using var registry = await RegistryServer.StartAsync(auth: realm.Auth);
        var first = Open($"{registry.Address}/team/image", Known);
        await PushImage(first, "1.2");
        Assert.Equal(["registry.tests repository:team/image:pull,push tests"], realm.Questions);

        realm.Questions.Clear();
        var second = Open($"{registry.Address}/team/second", Known);
        await second.WriteBlobAsync(BlobSource.Of("one"u8.ToArray()), "team/image", Cancelled);
        Assert.Equal(["registry.tests repository:team/second:pull,push tests", "registry.tests repository:team/second:pull,push,repository:team/image:pull tests"], realm.Questions);

        realm.Questions.Clear();
        realm.LastsNoLongerThanASecond = true;
        var third = Open($"{registry.Address}/team/image", Known);
        await Eventually.Holds(
            async () =>
            {
                Assert.NotNull(await third.FindManifestAsync("1.2", Cancelled));
                return realm.Questions.Count;
            },
            asked => asked == 2);

        var fault = await FaultOf(() => PushImage(Open($"{registry.Address}/team/image"), "1.3"));
        Assert.Equal(("token", "access_denied", $"{registry.Address} lets nobody push to 'team/image' whom it does not know"), (fault.Stage, fault.Cause, fault.Message));
    }

    [Fact]
    public async Task An_authority_of_ones_own_is_trusted_by_its_file()
    {
        using var certificates = new Certificates();
        using var others = new Certificates("Others");
        using var issued = certificates.Issue("127.0.0.1");
        await using var registry = await RegistryServer.StartAsync(certificate: issued);
        _world.Answer("registry.internal", "127.0.0.1");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"{others.Pem}\n{certificates.Pem}\n", Cancelled);
        using var named = certificates.Issue("registry.internal");
        await using var secure = await RegistryServer.StartAsync(certificate: named);
        using var trusting = new EgressWorld(Loopback, $"Registries:CaFile={file}");
        trusting.Answer("registry.internal", "127.0.0.1");
        var manifest = await PushImage(Open($"registry.internal:{secure.Port}/team/image", world: trusting), "1.2");
        Assert.Equal((manifest.Digest, null), await trusting.Registries.FindDigestAsync(ImageReference.Parse($"registry.internal:{secure.Port}/team/image:1.2")!, null, Cancelled));
        var fault = await FaultOf(() => PushImage(Open($"registry.internal:{secure.Port}/team/image"), "1.2"));
        Assert.Equal(("unknown_issuer", "Name its authority in Registries:CaFile. Does the server send its intermediate certificates?"), (fault.Cause, fault.Remedy));

        await File.WriteAllTextAsync(file, "nothing", Cancelled);
        using var wrong = new EgressWorld(Loopback, $"Registries:CaFile={file}");
        var error = Assert.ThrowsAny<Exception>(() => wrong.Registry);
        Assert.Contains($"Registries:CaFile is '{file}'; expected a PEM file with certificates: it holds no certificate.", error.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_broken_upload_is_begun_again_and_a_broken_download_is_told()
    {
        await using var registry = await RegistryServer.StartAsync();
        var content = Bytes(8_000_000);
        var source = BlobSource.Of(content);
        await using (var cutting = new CuttingRelay(registry.Port, after: 1_000_000, cuts: 1))
        {
            var repository = Open($"{cutting.Address}/team/image");
            await repository.WriteBlobAsync(source, null, Cancelled);
            Assert.Equal(0, cutting.CutsLeft);
            Assert.Equal(content, await Read(repository, source.As("application/octet-stream")));
        }

        await using var broken = new CuttingRelay(registry.Port, after: 1_000_000, cuts: 99);
        var fault = await FaultOf(() => Read(Open($"{broken.Address}/team/image"), source.As("application/octet-stream")));
        Assert.Equal(("blob", "connection_closed", true), (fault.Stage, fault.Cause, fault.MayPass));
        Assert.Matches($"^{broken.Address} closed the connection after [0-9]+ of the 8000000 bytes of the blob {source.Digest}$", fault.Message);
        fault = await FaultOf(() => Open($"{broken.Address}/team/image").WriteBlobAsync(BlobSource.Of(Bytes(8_000_000, seed: 2)), null, Cancelled));
        Assert.Equal(("blob", "connection_closed"), (fault.Stage, fault.Cause));
    }

    [Fact]
    public async Task Content_that_is_not_what_was_said_is_the_callers_fault()
    {
        await using var registry = await RegistryServer.StartAsync();
        var repository = Open($"{registry.Address}/team/image");
        var source = BlobSource.Of(Bytes(3_000_000));
        var error = await Assert.ThrowsAsync<BlobSourceException>(() => repository.WriteBlobAsync(source with { Size = 3_000_001 }, null, Cancelled));
        Assert.Equal($"The content of {source.Digest} ends 1 bytes before the 3000001 that it was said to have.", error.Message);
        await Assert.ThrowsAsync<BlobSourceException>(() => repository.WriteBlobAsync(source with { OpenAsync = _ => throw new FileNotFoundException("gone") }, null, Cancelled));
        var fault = await FaultOf(() => repository.WriteBlobAsync(source with { Digest = "sha256:" + new string('0', 64) }, null, Cancelled));
        Assert.Equal(("upload_broken", $"{registry.Address} got something else than the blob sha256:{new string('0', 64)} (400 DIGEST_INVALID)"), (fault.Cause, fault.Message));
    }

    [Fact]
    public async Task A_full_disk_is_the_registrys_failure()
    {
        Assert.SkipUnless((await Command.RunAsync("unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt")).Code == 0, "No disk can be mounted here.");
        await using var registry = await RegistryServer.StartAsync(disk: "2m");
        var fault = await FaultOf(() => Open($"{registry.Address}/team/image").WriteBlobAsync(BlobSource.Of(Bytes(6_000_000)), null, Cancelled));
        Assert.Equal(("blob", "server_error", true), (fault.Stage, fault.Cause, fault.MayPass));
        Assert.Contains("is its disk full?", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_takes_nothing_large_is_named_as_the_limit()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nginx"), "nginx is not installed.");
        await using var registry = await RegistryServer.StartAsync();
        var folder = Directory.CreateTempSubdirectory("orrery-nginx-").FullName;
        var port = RegistryServer.FreePort();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "nginx.conf"),
            $$"""
              daemon off; pid {{folder}}/pid; error_log {{folder}}/log; events {}
              http {
                access_log off; client_body_temp_path {{folder}}/b; proxy_temp_path {{folder}}/p; fastcgi_temp_path {{folder}}/f; uwsgi_temp_path {{folder}}/u; scgi_temp_path {{folder}}/s;
                server { listen 127.0.0.1:{{port}}; location / { proxy_pass http://{{registry.Address}}; proxy_set_header Host $http_host; } }
              }
              """,
            Cancelled);
        using var nginx = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-p", folder, "-c", "nginx.conf", "-e", Path.Combine(folder, "log")]))!;
        try
        {
            var repository = Open($"127.0.0.1:{port}/team/image");
            await Eventually.Holds(async () => await Record.ExceptionAsync(() => repository.HasBlobAsync(BlobSource.Of([]).Digest, Cancelled)), error => error is null);
            await PushImage(repository, "1.2");
            var source = BlobSource.Of(Bytes(3_000_000));
            var fault = await FaultOf(() => repository.WriteBlobAsync(source, null, Cancelled));
            Assert.Equal(("too_large", $"127.0.0.1:{port} takes nothing as large as the blob {source.Digest} (413)"), (fault.Cause, fault.Message));
            Assert.Contains("client_max_body_size", fault.Remedy, StringComparison.Ordinal);
        }
        finally
        {
            nginx.Kill(entireProcessTree: true);
            await nginx.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_mirror_is_read_from_and_never_written_to()
    {
        await using var mirror = await RegistryServer.StartAsync();
        using var world = new EgressWorld(Loopback, $"Registries:Mirrors:docker.io={mirror.Address}/hub");
        var mirrored = await PushImage(Open($"{mirror.Address}/hub/team/image"), "1.2", "mirrored");
        Assert.Equal(mirrored.Digest, (await Open("docker.io/team/image", access: RegistryAccess.Pull, world: world).FindManifestAsync("1.2", Cancelled))!.Digest);
        var fault = await FaultOf(() => PushImage(Open("docker.io/team/image", world: world), "1.2"));
        Assert.Equal("the name 'registry-1.docker.io' has no address", fault.Message);
    }
}
