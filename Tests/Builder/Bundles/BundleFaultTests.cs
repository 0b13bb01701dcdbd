using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Registries;
using static Orrery.Tests.Builder.Bundles.BundleWorld;

namespace Orrery.Tests.Builder.Bundles;

/// <summary>What a user meets when something is missing, broken, changed or cut off.</summary>
public sealed class BundleFaultTests : IAsyncLifetime
{
    private readonly BundleWorld _world = new();
    private RegistryServer _here = null!;

    public async ValueTask InitializeAsync() => _here = await RegistryServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _world.DisposeAsync();
    }

    private RegistryRepository Here => _world.Open(_here.Address, BundleWorld.Repository);

    private string Image => $"{_here.Address}/{BundleWorld.Repository}:1.2";

    private static byte[] Bytes(int length)
    {
        var content = new byte[length];
        new Random(1).NextBytes(content);
        return content;
    }

    private async Task<OciDescriptor> Export()
    {
        var image = await BundleWorld.PushAsync(Here, "1.2", "amd64", "one"u8.ToArray());
        await File.WriteAllTextAsync(_world.PathOf("one.yaml"), "kind: Model\n", Cancelled);
        await _world.DoAsync("export", "bundle", "--image", Image, "--entries", "one.yaml");
        return image;
    }

    private string BlobOf(string digest) => Path.Combine(_world.Bundle, "blobs/sha256", digest[7..]);

    /// <summary>Verifying tells the fault, and importing tells it and pushes nothing.</summary>
    private async Task Refused(params string[] faults)
    {
        await using var there = await RegistryServer.StartAsync();
        var verified = await _world.RunAsync("verify", "bundle");
        Assert.Equal(1, verified.Code);
        Assert.Equal(faults, verified.Output.Split('\n')[..^1]);
        var imported = await _world.RunAsync("import", "bundle", "--registry", there.Address, "--output", "imported");
        Assert.Equal((1, ""), (imported.Code, imported.Output));
        Assert.Contains("Nothing was imported: ", imported.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(there.Storage));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_world.PathOf("imported")));
    }

    [Fact]
    public async Task A_changed_blob_is_named_and_nothing_is_pushed()
    {
        var image = await Export();
        var layer = OciManifest.Read(await File.ReadAllBytesAsync(BlobOf(image.Digest), Cancelled))!.Layers![0];
        var content = await File.ReadAllBytesAsync(BlobOf(layer.Digest), Cancelled);
        content[600] ^= 1;
        await File.WriteAllBytesAsync(BlobOf(layer.Digest), content, Cancelled);
        var changed = RegistryServer.DigestOf(content);
        await Refused($"blobs/sha256/{layer.Digest[7..]}: its content is {changed}, and SHA256SUMS says {layer.Digest}", $"{layer.Digest} of {Image}: it is missing or broken");
        _world.Resum();
        await Refused($"blobs/sha256/{layer.Digest[7..]}: its content is {changed}", $"{layer.Digest} of {Image}: it is missing or broken");

        Assert.Contains("fetched", (await _world.DoAsync("export", "bundle", "--image", Image)).Error, StringComparison.Ordinal);
        await _world.DoAsync("verify", "bundle");
    }

    [Fact]
    public async Task What_is_missing_too_much_or_a_link_is_named()
    {
        var image = await Export();
        File.Delete(BlobOf(image.Digest));
        File.Delete(Path.Combine(_world.Bundle, "oci-layout"));
        File.CreateSymbolicLink(Path.Combine(_world.Bundle, "entries/passwd"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Combine(_world.Bundle, "charts"), "/etc");
        await File.WriteAllTextAsync(Path.Combine(_world.Bundle, "entries/more.yaml"), "x", Cancelled);
        await Refused(
            "charts: it is a link, and a bundle has none", "entries/passwd: it is a link, and a bundle has none",
            $"blobs/sha256/{image.Digest[7..]}: it is missing", "oci-layout: it is missing", "entries/more.yaml: it is not in SHA256SUMS",
            "oci-layout: it is missing", $"{image.Digest} of {Image}: it is missing or broken");
        File.Delete(Path.Combine(_world.Bundle, "SHA256SUMS"));
        Assert.StartsWith("charts: it is a link", (await _world.RunAsync("verify", "bundle")).Output, StringComparison.Ordinal);
        Assert.Contains("SHA256SUMS is missing: the bundle is not finished. Run 'bundle export' again.", (await _world.RunAsync("verify", "bundle")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paths_that_lead_out_of_the_bundle_are_refused()
    {
        await Export();
        var about = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_world.Bundle, "bundle.json"), Cancelled))!;
        about["entries"]!.AsArray().Add("entries/../../one.yaml");
        about["charts"]!.AsArray().Add("/etc/passwd");
        await File.WriteAllTextAsync(Path.Combine(_world.Bundle, "bundle.json"), about.ToJsonString(), Cancelled);
        _world.Resum();
        string[] faults = ["bundle.json: 'entries/../../one.yaml' is not in the bundle, or not below entries", "bundle.json: '/etc/passwd' is not in the bundle, or not below charts"];
        await Refused(faults);
        await File.AppendAllTextAsync(Path.Combine(_world.Bundle, "SHA256SUMS"), $"{new string('0', 64)}  ../one.yaml\nnonsense\n", Cancelled);
        var lines = (await File.ReadAllLinesAsync(Path.Combine(_world.Bundle, "SHA256SUMS"), Cancelled)).Length;
        await Refused([$"SHA256SUMS, line {lines - 1}: it leads out of the bundle, or is not written plainly", $"SHA256SUMS, line {lines}: it is no checksum and path", .. faults]);
    }

    [Fact]
    public async Task Documents_that_say_something_else_than_is_there_are_refused()
    {
        var image = await Export();
        var index = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_world.Bundle, "index.json"), Cancelled))!;
        await Change(index, named => named["annotations"]!["org.opencontainers.image.ref.name"] = "../../x:1\u001b[2J");
        await Refused(
            $"index.json: {image.Digest} is called '../../x:1?[2J', which is no image's name with its registry and a tag or a digest",
            $"bundle.json: '{Image}' is not in index.json with {image.Digest}");
        await Change(index, named => named["annotations"]!["org.opencontainers.image.ref.name"] = "docker.io/library/python:3.12");
        await Refused(
            $"bundle.json: '{Image}' is not in index.json with {image.Digest}",
            "index.json: 'docker.io/library/python:3.12' is of no image's repository in bundle.json");
        await Change(index, named => named["size"] = 7);
        await Refused($"{image.Digest} of {Image}: it has {image.Size} bytes, and 7 are said");
        await Change(index, named => named["mediaType"] = OciTypes.Index);
        await Refused($"{image.Digest} of {Image}: it says of itself that it is '{OciTypes.Manifest}', and is named as '{OciTypes.Index}'");
        await File.WriteAllTextAsync(Path.Combine(_world.Bundle, "bundle.json"), """{"format":"orrery-bundle/1","images":[null]}""", Cancelled);
        await Change(index, _ => { });
        await Refused("bundle.json: it is not in the form of a bundle's");

        async Task Change(JsonNode root, Action<JsonNode> change)
        {
            var copy = root.DeepClone();
            change(copy["manifests"]![0]!);
            await File.WriteAllTextAsync(Path.Combine(_world.Bundle, "index.json"), copy.ToJsonString(), Cancelled);
            _world.Resum();
        }
    }

    [Fact]
    public async Task An_export_that_was_cut_off_goes_on_where_it_was()
    {
        await using var relay = new CuttingRelay(_here.Port, after: 1 << 20, cuts: 3);
        await BundleWorld.PushAsync(Here, "1.2", "amd64", "small"u8.ToArray(), Bytes(3 << 20));
        string[] export = ["export", "bundle", "--image", $"{relay.Address}/{BundleWorld.Repository}:1.2"];
        var cut = await _world.RunAsync(export);
        Assert.Equal((1, 0), (cut.Code, relay.CutsLeft));
        Assert.Contains("closed the connection after", cut.Error, StringComparison.Ordinal);
        Assert.Equal(2, cut.Error.Split("  fetched").Length - 1);
        Assert.Contains("SHA256SUMS is missing", (await _world.RunAsync("verify", "bundle")).Output, StringComparison.Ordinal);

        var next = await _world.DoAsync(export);
        Assert.Equal((2, 1), (next.Error.Split("  is there").Length - 1, next.Error.Split("  fetched").Length - 1));
        await _world.DoAsync("verify", "bundle");
    }

    [Fact]
    public async Task An_import_that_was_cut_off_goes_on_where_it_was_and_the_tag_comes_last()
    {
        await using var there = await RegistryServer.StartAsync();
        await using var relay = new CuttingRelay(there.Port, after: 1 << 20, cuts: 3);
        var image = await BundleWorld.PushAsync(Here, "1.2", "amd64", "small"u8.ToArray(), Bytes(3 << 20));
        await _world.DoAsync("export", "bundle", "--image", Image);
        var cut = await _world.RunAsync("import", "bundle", "--registry", relay.Address);
        Assert.Equal((1, 2), (cut.Code, cut.Error.Split("  sent").Length - 1));
        var repository = _world.Open(there.Address, $"{_here.Address.Replace(':', '_')}/{BundleWorld.Repository}");
        Assert.Null(await repository.FindManifestAsync("1.2", Cancelled));
        var next = await _world.DoAsync("import", "bundle", "--registry", relay.Address);
        Assert.Equal((2, 1), (next.Error.Split("  is there").Length - 1, next.Error.Split("  sent").Length - 1));
        Assert.Equal(image.Digest, (await repository.FindManifestAsync("1.2", Cancelled))!.Digest);
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("INT", 130)]
    public async Task An_export_that_is_ended_leaves_what_the_next_one_takes_or_makes_anew(string signal, int code)
    {
        await BundleWorld.PushAsync(Here, "1.2", "amd64", "small"u8.ToArray(), Bytes(60 << 20));
        var program = _world.Program("bundle", "export", "bundle", "--image", Image);
        program.RedirectStandardError = true;
        using (var process = Process.Start(program)!)
        {
            var blobs = Path.Combine(_world.Bundle, "blobs/sha256");
            await Eventually.Holds(() => Directory.Exists(blobs) && Directory.EnumerateFiles(blobs, "*.part").Any(part => new FileInfo(part).Length > 1 << 20));
            await Command.RunAsync("kill", $"-{signal}", $"{process.Id}");
            await process.WaitForExitAsync(Cancelled);
            var said = await process.StandardError.ReadToEndAsync(Cancelled);
            Assert.Equal((code, signal == "INT"), (process.ExitCode, said.Contains("Stopped. The same command goes on from here.", StringComparison.Ordinal)));
        }

        Assert.Equal(signal == "KILL", Directory.EnumerateFiles(_world.Bundle, "*.part", SearchOption.AllDirectories).Any());
        var next = await _world.DoAsync("export", "bundle", "--image", Image);
        Assert.Equal((2, 1), (next.Error.Split("  is there").Length - 1, next.Error.Split("  fetched").Length - 1));
        Assert.Empty(Directory.EnumerateFiles(_world.Bundle, "*.part", SearchOption.AllDirectories));
        await _world.DoAsync("verify", "bundle");
    }

    /// <summary>A disk of one MiB, and one whose files may have no more (as FAT32's no more than 4 GiB).</summary>
    [Theory]
    [InlineData("mount -t tmpfs -o size=1m tmpfs disk", "The disk is full: make room and run the same command again, which goes on from here.")]
    [InlineData("trap '' XFSZ && ulimit -f 2048 && export DOTNET_EnableWriteXorExecute=0", "is larger than a file may be on that disk. FAT32 ends at 4 GiB: format it with exFAT or ext4")]
    public async Task A_disk_that_takes_no_more_is_told_and_no_part_of_a_file_is_left(string narrow, string expected)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root mounts a small disk.");
        await BundleWorld.PushAsync(Here, "1.2", "amd64", "small"u8.ToArray(), Bytes(3 << 20));
        var program = _world.Program("bundle", "export", "disk/bundle", "--image", Image);
        Directory.CreateDirectory(_world.PathOf("disk"));
        var answer = await Command.RunAsync(new ProcessStartInfo(
            "unshare", ["-m", "sh", "-c", "eval \"$1\" && shift && { \"$@\"; code=$?; find disk -name '*.part'; exit $code; }", "sh", narrow, program.FileName, .. program.ArgumentList])
        {
            WorkingDirectory = _world.Folder,
        });
        Assert.Equal((1, ""), (answer.Code, answer.Output));
        Assert.Contains(expected, answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_had_is_told_with_what_to_do()
    {
        var unknown = await _world.RunAsync("export", "bundle", "--image", Image);
        Assert.Equal(1, unknown.Code);
        Assert.Contains($"{_here.Address} has no '{BundleWorld.Repository}' 1.2. Are name and tag right, and was it deleted since?", unknown.Error, StringComparison.Ordinal);
        var away = await _world.RunAsync("export", "bundle", "--image", $"127.0.0.1:{RegistryServer.FreePort()}/x:1");
        Assert.Equal(1, away.Code);
        Assert.Contains("nothing listens at port", away.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_world.Bundle, "SHA256SUMS")));
        var closed = await _world.RunAsync([("Gateway__Egress__AllowLoopback", "false")], "export", "bundle", "--image", Image);
        Assert.Contains("127.0.0.1 is a loopback address", closed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("export new", "There is nothing to be bundled.")]
    [InlineData("export new --image Team/Image", "--image 'Team/Image' is no image: ")]
    [InlineData("export new --image a/b --platform arm64", "--platform is 'arm64'. Expected os/architecture")]
    [InlineData("export full --image a/b", "is no bundle: 'other.txt' is in it. Name a directory that is new, empty, or a bundle.")]
    [InlineData("export layout --image a/b", "is no bundle: it has no bundle.json.")]
    [InlineData("export full/other.txt --image a/b", "is a file. Name a directory for the bundle.")]
    [InlineData("export new --entries nowhere", "--entries 'nowhere': there is no such file and no such folder.")]
    [InlineData("export new --entries full", "There is no entry in 'full'. Expected files that end in .yaml")]
    [InlineData("export new --entries links", "cannot be bundled: it is a link, which leads elsewhere on the other side.")]
    [InlineData("export new --entries links/a.yaml", "cannot be bundled: it is a link")]
    [InlineData("export new --chart full", "'full' is no chart: it has no Chart.yaml.")]
    [InlineData("export new --chart full/other.txt", "'full/other.txt' is no chart.")]
    [InlineData("export new --entries one.yaml --entries full/../sub/one.yaml", "would both be 'entries/one.yaml'.")]
    [InlineData("export new --image a/b --credentials full/other.txt", "--credentials 'full/other.txt' is not in Docker's form: it is no JSON")]
    [InlineData("export new --image a/b --credentials nowhere", "--credentials 'nowhere' cannot be read: ")]
    [InlineData("verify nowhere", "There is no directory 'nowhere'.")]
    [InlineData("import nowhere --registry registry.internal", "There is no directory 'nowhere'.")]
    [InlineData("import full --registry prefix/alone", "--registry 'prefix/alone' is no place for images: it names no registry.")]
    [InlineData("import full --registry https://registry.internal", "--registry 'https://registry.internal' is no place for images: it begins like a URL")]
    [InlineData("import full --registry registry.internal --output full", "holds something else: 'other.txt'.")]
    [InlineData("import full", "Option '--registry' is required.")]
    [InlineData("carry", "'carry'")]
    public async Task What_makes_no_sense_is_refused_before_anybody_is_asked(string arguments, string expected)
    {
        Directory.CreateDirectory(_world.PathOf("full"));
        Directory.CreateDirectory(_world.PathOf("sub"));
        Directory.CreateDirectory(_world.PathOf("links"));
        Directory.CreateDirectory(_world.PathOf("layout"));
        foreach (var (name, content) in new[] { ("full/other.txt", "password: hunter2"), ("one.yaml", "a"), ("sub/one.yaml", "b"), ("layout/oci-layout", "{}"), ("layout/index.json", "{}") })
        {
            await File.WriteAllTextAsync(_world.PathOf(name), content, Cancelled);
        }

        File.CreateSymbolicLink(_world.PathOf("links/a.yaml"), "/etc/passwd");
        var answer = await _world.RunAsync(arguments.Split(' '));
        Assert.Equal(2, answer.Code);
        Assert.Contains(expected, answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", answer.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_world.PathOf("new")) && Directory.EnumerateFileSystemEntries(_world.PathOf("new")).Any());
    }

    [Fact]
    public async Task An_index_that_lacks_a_platform_is_told_with_the_way_round_it()
    {
        var image = await BundleWorld.PushAsync(Here, null, "amd64", "one"u8.ToArray());
        var missing = new OciDescriptor(OciTypes.Manifest, OciDigest.Of("gone"u8), 4) { Platform = new OciPlatform("arm64", "linux") };
        var index = RegistryManifest.Of(new OciManifest { MediaType = OciTypes.Index, Manifests = [image, missing] });
        await using var sparse = await ServiceDefaults.Egress.TlsServer.StartAsync(null, async http =>
        {
            var isIndex = http.Request.Path.Value!.EndsWith("/manifests/1.2", StringComparison.Ordinal);
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using var question = new HttpRequestMessage(HttpMethod.Get, $"http://{_here.Address}{http.Request.Path}");
            question.Headers.TryAddWithoutValidation("Accept", http.Request.Headers.Accept.ToString());
            using var answer = await client.SendAsync(question);
            http.Response.StatusCode = isIndex ? 200 : (int)answer.StatusCode;
            http.Response.ContentType = isIndex ? OciTypes.Index : answer.Content.Headers.ContentType?.MediaType;
            await http.Response.Body.WriteAsync(isIndex ? index.Body : await answer.Content.ReadAsByteArrayAsync());
        });
        var name = $"127.0.0.1:{sparse.Port}/{BundleWorld.Repository}";
        var refused = await _world.RunAsync("export", "bundle", "--image", $"{name}:1.2");
        Assert.Equal(1, refused.Code);
        Assert.Contains(
            $"{name} lists {missing.Digest}, and 127.0.0.1:{sparse.Port} has no such manifest. Is it a mirror that holds one platform alone? --platform takes that one.",
            refused.Error, StringComparison.Ordinal);
        await _world.DoAsync("export", "bundle", "--image", $"{name}:1.2", "--platform", "linux/amd64");
        Assert.Contains(image.Digest, Encoding.UTF8.GetString(await File.ReadAllBytesAsync(Path.Combine(_world.Bundle, "index.json"), Cancelled)), StringComparison.Ordinal);
    }
}
