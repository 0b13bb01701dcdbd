using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Builder.SupplyChain;
using Orrery.Builder.SupplyChain.Parts;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.ServiceDefaults.Egress;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.SupplyChain;

/// <summary>Lists of parts of images in a real registry, whose layers a test writes.</summary>
public sealed class ImageSbomTests : IAsyncLifetime
{
    private const string Gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    private const string Plain = "application/vnd.oci.image.layer.v1.tar";

    private const string Status =
        """
        Package: libc6
        Status: install ok installed
        Architecture: amd64
        Source: glibc (2.36-9)
        Version: 2.36-9+deb12u10
        Description: GNU C Library
         Version: 0 is part of a description.

        Package: old
        Status: deinstall ok config-files
        Version: 1

        Package: tzdata
        Status: install ok installed
        Architecture: all
        Version: 1:2024a-0+deb12u1
        """;

    private readonly EgressWorld _world = new("Gateway:Egress:AllowLoopback=true");
    private readonly Shelf _shelf = new();
    private RegistryServer _registry = null!;
    private RegistryRepository _repository = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await RegistryServer.StartAsync();
        _repository = _world.Registry.Open(ImageReference.Parse($"{_registry.Address}/team/image")!, null, RegistryAccess.Push);
    }

    public async ValueTask DisposeAsync()
    {
        _world.Dispose();
        await _registry.DisposeAsync();
    }

    private static byte[] Layer(bool isPacked, params (string Path, string Content)[] files)
    {
        using var stream = new MemoryStream();
        using (Stream packed = isPacked ? new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true) : stream)
        using (var writer = new TarWriter(packed, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (path, content) in files)
            {
                writer.WriteEntry(content.StartsWith("->", StringComparison.Ordinal)
                    ? new PaxTarEntry(TarEntryType.HardLink, path) { LinkName = content[2..] }
                    : new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
            }

            writer.Dispose();
            return isPacked ? Closed(packed, stream) : stream.ToArray();
        }

        static byte[] Closed(Stream packed, MemoryStream stream)
        {
            packed.Dispose();
            return stream.ToArray();
        }
    }

    private async Task<OciDescriptor> Push(params (byte[] Content, string Type)[] layers)
    {
        var config = BlobSource.Of("{}"u8.ToArray());
        await _repository.WriteBlobAsync(config, null, Cancelled);
        foreach (var (content, _) in layers)
        {
            await _repository.WriteBlobAsync(BlobSource.Of(content), null, Cancelled);
        }

        var manifest = RegistryManifest.Of(new OciManifest { MediaType = OciTypes.Manifest, Config = config.As(OciTypes.Config), Layers = [.. layers.Select(layer => BlobSource.Of(layer.Content).As(layer.Type))] });
        await _repository.WriteManifestAsync("1.2", manifest, Cancelled);
        return manifest.Descriptor;
    }

    private Task<WrittenSbom> Sbom(string digest, string platform = "linux/amd64") => new ImageSbom(_repository, _shelf).WriteAsync(digest, platform, Cancelled);

    private static List<string> Urls(WrittenSbom sbom) => [.. JsonNode.Parse(sbom.Document)!["components"]!.AsArray().Select(one => (string?)one!["purl"]).OfType<string>()];

    [Fact]
    public async Task Packages_of_all_kinds_are_listed_with_what_they_say_of_themselves()
    {
        var image = await Push(
            (Layer(true, ("./var/lib/dpkg/status", Status), ("./usr/lib/os-release", "NAME=\"Debian\"\nID=debian\n\nVERSION_ID=\"12\"\n")), Gzip),
            (Layer(
                false,
                ("lib/apk/db/installed", "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\n\nP:musl-utils\nV:1.2.5-r0\nA:x86_64\nL:MIT AND BSD-2-Clause\no:musl\n"),
                ("opt/venv/lib/python3.12/site-packages/Torch_Audio-2.4.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Torch_Audio\nVersion: 2.4.0+cu124\nLicense: BSD-3-Clause\nClassifier: License :: OSI Approved :: BSD License\n\nName: not this\n"),
                ("opt/venv/lib/python3.12/site-packages/old.egg-info/PKG-INFO", "Name: old\nVersion: 1.0\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n"),
                ("opt/conda/pkgs/x/METADATA", "Name: nowhere\nVersion: 1\n"),
                ("app/node_modules/@scope/name/package.json", "{\"name\":\"@scope/name\",\"version\":\"3.1.0\",\"license\":\"ISC\"}"),
                ("app/node_modules/left/node_modules/right/package.json", "{\"name\":\"right\",\"version\":\"1.0.0\",\"license\":{\"type\":\"My own\"}}"),
                ("app/copy/node_modules/right/package.json", "->app/node_modules/left/node_modules/right/package.json"),
                ("app/node_modules/broken/package.json", "{"),
                ("app/package.json", "{\"name\":\"app\",\"version\":\"0\"}")), Plain));
        var sbom = await Sbom(image.Digest);
        Assert.Empty(sbom.NotRead);
        Assert.Equal(
            [
                "pkg:apk/debian/musl-utils@1.2.5-r0?arch=x86_64&distro=debian-12&upstream=musl",
                "pkg:apk/debian/musl@1.2.5-r0?arch=x86_64&distro=debian-12",
                "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12&upstream=glibc",
                "pkg:deb/debian/tzdata@1%3A2024a-0%2Bdeb12u1?arch=all&distro=debian-12",
                "pkg:npm/%40scope/name@3.1.0",
                "pkg:npm/right@1.0.0",
                "pkg:pypi/old@1.0",
                "pkg:pypi/torch-audio@2.4.0%2Bcu124",
            ],
            Urls(sbom));
        var document = JsonNode.Parse(sbom.Document)!;
        Assert.Equal(("CycloneDX", "1.6", 1), ((string?)document["bomFormat"], (string?)document["specVersion"], (int)document["version"]!));
        var subject = document["metadata"]!["component"]!;
        Assert.Equal(("container", $"{_registry.Address}/team/image", image.Digest), ((string?)subject["type"], (string?)subject["name"], (string?)subject["version"]));
        Assert.Equal(
            ["""{"expression":"MIT AND BSD-2-Clause"}""", """{"license":{"id":"MIT"}}""", """{"license":{"id":"ISC"}}""", """{"license":{"name":"My own"}}""", """{"license":{"name":"MIT License"}}""", """{"license":{"id":"BSD-3-Clause"}}"""],
            document["components"]!.AsArray().Select(one => one!["licenses"]?[0]!.ToJsonString()).OfType<string>());
        Assert.Equal(
            ["/app/copy/node_modules/right/package.json", "/app/node_modules/left/node_modules/right/package.json"],
            document["components"]!.AsArray().Single(one => (string?)one!["name"] == "right")!["evidence"]!["occurrences"]!.AsArray().Select(one => (string?)one!["location"]));
    }

    [Fact]
    public async Task The_same_image_gives_the_same_bytes_and_is_attached_once_and_layers_are_read_once()
    {
        var image = await Push((Layer(true, ("var/lib/dpkg/status", Status)), Gzip));
        var first = await Sbom(image.Digest);
        Assert.Equal(1, _shelf.Kept);
        var again = await Sbom(image.Digest);
        Assert.Equal((first.Document, 1), (again.Document, _shelf.Kept), (one, two) => one.Item1.SequenceEqual(two.Item1) && one.Item2 == two.Item2);
        var other = await new ImageSbom(_repository, new Shelf()).WriteAsync(image.Digest, "linux/amd64", Cancelled);
        Assert.Equal(first.Document, other.Document);
        await new ImageSbom(_repository, _shelf).AttachAsync(image, first, Cancelled);
        await new ImageSbom(_repository, _shelf).AttachAsync(image, again, Cancelled);
        var attached = Assert.Single(await _repository.Referrers.ListAsync(image.Digest, "application/vnd.cyclonedx+json", Cancelled));
        var manifest = OciManifest.Read((await _repository.ReadManifestAsync(attached.Digest, Cancelled))!.Body)!;
        Assert.Equal(first.Document, await _repository.ReadBlobAsync(manifest.Layers![0], 1 << 20, Cancelled));
    }

    [Fact]
    public async Task What_upper_layers_remove_is_not_listed()
    {
        var image = await Push(
            (Layer(true, ("a/node_modules/one/package.json", Module("one")), ("b/node_modules/two/package.json", Module("two")), ("c/node_modules/three/package.json", Module("three")), ("d/node_modules/four/package.json", Module("four"))), Gzip),
            (Layer(true, ("b/node_modules/.wh.two", ""), ("c/.wh..wh..opq", ""), ("c/node_modules/five/package.json", Module("five")), ("d/node_modules/four/package.json", Module("four-new"))), Gzip),
            (Layer(true, (".wh.a", "")), Gzip),
            (Layer(true, ("ab/node_modules/six/package.json", Module("six"))), Gzip));
        Assert.Equal(["pkg:npm/five@1.0.0", "pkg:npm/four-new@1.0.0", "pkg:npm/six@1.0.0"], Urls(await Sbom(image.Digest)));

        static string Module(string name) => $"{{\"name\":\"{name}\",\"version\":\"1.0.0\"}}";
    }

    [Fact]
    public async Task What_is_not_read_is_named_and_makes_the_list_incomplete()
    {
        var broken = Layer(true, ("var/lib/dpkg/status", Status))[..^30];
        var image = await Push(
            (Layer(true, ("var/lib/rpm/rpmdb.sqlite", "x"), ("app/node_modules/x/package.json", "->store/abc")), Gzip),
            ("zstd"u8.ToArray(), "application/vnd.oci.image.layer.v1.tar+zstd"),
            ("else"u8.ToArray(), "application/vnd.in-toto+json"),
            (broken, Gzip));
        var sbom = await Sbom(image.Digest);
        string[] layers = [.. OciManifest.Read((await _repository.ReadManifestAsync(image.Digest, Cancelled))!.Body)!.Layers!.Select(layer => layer.Digest)];
        Assert.Equal(
            [
                $"the layer {layers[1]}: it is packed with zstd, which is not read",
                $"the layer {layers[2]}: it is of a type that is not read",
                $"the layer {layers[3]}: it ends in the middle of an entry",
                "/app/node_modules/x/package.json is a link to a file of another name",
                "/var/lib/rpm/rpmdb.sqlite is an RPM database, which is not read",
            ],
            sbom.NotRead);
        var document = JsonNode.Parse(sbom.Document)!;
        Assert.Equal(sbom.NotRead, document["metadata"]!["properties"]!.AsArray().Select(property => (string?)property!["value"]));
        Assert.Equal("incomplete", (string?)document["compositions"]![0]!["aggregate"]);
    }

    [Fact]
    public async Task A_layer_that_is_not_what_its_digest_says_is_a_fault_and_not_kept()
    {
        var layer = Layer(false, ("var/lib/dpkg/status", Status));
        var image = await Push((layer, Plain));
        var digest = OciDigest.Of(layer);
        layer[^1] ^= 1; // After all that is read of it.
        await File.WriteAllBytesAsync(Path.Combine(_registry.Storage, "docker/registry/v2/blobs/sha256", digest[7..9], digest[7..], "data"), layer, Cancelled);
        Assert.Equal("digest_mismatch", (await Assert.ThrowsAsync<RemoteFailure>(() => Sbom(image.Digest))).Fault.Cause);
        Assert.Equal(0, _shelf.Kept);
    }

    [Fact]
    public async Task Of_an_index_the_image_for_the_platform_is_read()
    {
        var (one, two) = (await Push((Layer(true, ("node_modules/one/package.json", "{\"name\":\"one\",\"version\":\"1\"}")), Gzip)), await Push((Layer(true, ("node_modules/two/package.json", "{\"name\":\"two\",\"version\":\"1\"}")), Gzip)));
        var index = RegistryManifest.Of(new OciManifest
        {
            MediaType = OciTypes.Index,
            Manifests = [one with { Platform = new OciPlatform("amd64", "linux") }, two with { Platform = new OciPlatform("arm64", "linux") }, one with { Platform = new OciPlatform("unknown", "unknown") }],
        });
        await _repository.WriteManifestAsync("all", index, Cancelled);
        Assert.Equal(["pkg:npm/two@1"], Urls(await Sbom(index.Digest, "linux/arm64")));
        Assert.Equal(["pkg:npm/one@1"], Urls(await Sbom(index.Digest)));
        Assert.StartsWith($"the index {index.Digest}", (await Assert.ThrowsAsync<SupplyChainException>(() => Sbom(index.Digest, "linux/s390x"))).Message, StringComparison.Ordinal);
        var missing = OciDigest.Of([1]);
        Assert.StartsWith($"there is no image {missing}", (await Assert.ThrowsAsync<SupplyChainException>(() => Sbom(missing))).Message, StringComparison.Ordinal);
    }

    /// <summary>Keeps facts as a store does: written and read again.</summary>
    private sealed class Shelf : ILayerFactsStore
    {
        private readonly Dictionary<string, byte[]> _facts = [];

        public int Kept { get; private set; }

        public Task<LayerFacts?> FindAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(_facts.TryGetValue(digest, out var json) ? LayerFacts.Read(json) : null);

        public Task KeepAsync(string digest, LayerFacts facts, CancellationToken cancellationToken)
        {
            (_facts[digest], Kept) = (facts.Write(), Kept + 1);
            return Task.CompletedTask;
        }
    }
}
