using System.Diagnostics;
using System.Text.Json.Nodes;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Egress;
using Orrery.Tests.ServiceDefaults.Registries;
using static Orrery.Tests.Builder.Bundles.BundleWorld;

namespace Orrery.Tests.Builder.Bundles;

/// <summary>From one registry into another that is empty and wants a password, with nothing but the directory between them.</summary>
public sealed class BundleStoryTests : IAsyncLifetime
{
    private readonly BundleWorld _world = new();
    private RegistryServer _here = null!;
    private RegistryServer _there = null!;
    private bool _isOver;

    public async ValueTask InitializeAsync()
    {
        _here = await RegistryServer.StartAsync();
        _there = await RegistryServer.StartAsync(auth: "htpasswd");
    }

    public async ValueTask DisposeAsync()
    {
        await EndHere();
        await _there.DisposeAsync();
        await _world.DisposeAsync();
    }

    /// <summary>Nothing is left of the side that the bundle comes from.</summary>
    private async Task EndHere()
    {
        if (!_isOver)
        {
            _isOver = true;
            await _here.DisposeAsync();
        }
    }

    private string Image => $"{_here.Address}/{BundleWorld.Repository}:1.2";

    /// <summary>The repository behind the gap.</summary>
    private string Moved => $"air-gap/{_here.Address.Replace(':', '_')}/{BundleWorld.Repository}";

    private RegistryRepository There => _world.Open(_there.Address, Moved, isKnown: true);

    private async Task<Answer> Import(params string[] more) =>
        await _world.DoAsync(["import", "bundle", "--registry", $"{_there.Address}/air-gap", "--credentials", await _world.CredentialsAsync(_there.Address), .. more]);

    [Fact]
    public async Task Images_signatures_and_what_refers_to_them_are_the_same_on_the_other_side()
    {
        var (index, amd64, arm64) = await _world.PushIndexAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2");
        await _world.DoAsync("export", "bundle", "--image", Image, "--image", Image);
        await EndHere();
        Assert.Contains("images: 1, ", (await _world.DoAsync("verify", "bundle")).Output, StringComparison.Ordinal);
        var checksums = await Command.RunAsync(new ProcessStartInfo("sha256sum", ["--check", "--strict", "SHA256SUMS"]) { WorkingDirectory = _world.Bundle });
        Assert.All(checksums.Text.Split('\n'), line => Assert.EndsWith(": OK", line, StringComparison.Ordinal));

        var refused = await _world.RunAsync("import", "bundle", "--registry", $"{_there.Address}/air-gap");
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.Contains("wants a user and a password, and none is set for it. Set a credential for this registry. --credentials FILE", refused.Error, StringComparison.Ordinal);
        Assert.Contains("does not let user 'tests' push", (await _world.RunAsync(
            "import", "bundle", "--registry", $"{_there.Address}/air-gap", "--credentials", await _world.CredentialsAsync(_there.Address, "wrong-password"))).Error, StringComparison.Ordinal);

        var imported = await Import("--output", "imported");
        Assert.Contains($"{Image} -> {_there.Address}/{Moved}@{index.Digest}", imported.Output, StringComparison.Ordinal);
        Assert.Equal(index.Digest, (await There.FindManifestAsync("1.2", Cancelled))!.Digest);
        Assert.Equal([amd64.Digest, arm64.Digest], OciManifest.Read((await There.ReadManifestAsync(index.Digest, Cancelled))!.Body)!.Manifests!.Select(child => child.Digest));
        Assert.True(await _world.IsSignedAsync(There, index.Digest));
        Assert.True(await _world.IsSignedAsync(There, arm64.Digest));
        var bom = Assert.Single(await There.Referrers.ListAsync(index.Digest, Bom, Cancelled));
        Assert.Equal("tests", bom.Annotations!["made.by"]);
        Assert.Equal("application/x-note", Assert.Single(await There.Referrers.ListAsync(bom.Digest, null, Cancelled)).ArtifactType);

        var again = await Import("--output", "imported");
        Assert.Equal(imported.Output, again.Output);
        Assert.DoesNotContain("  sent", again.Error, StringComparison.Ordinal);
        Assert.Contains("  is there", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_tool_pulls_it_there_by_its_digest_and_by_its_old_name_through_the_mirror()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/podman"), "podman is not installed.");
        var (index, _, _) = await _world.PushIndexAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2");
        await _world.DoAsync("export", "bundle", "--image", Image);
        await EndHere();
        await Import("--output", "imported");
        string[] pull = ["pull", "--quiet", "--tls-verify=false", "--authfile", _world.PathOf("auth.json")];
        await Podman("login", "--tls-verify=false", "--authfile", _world.PathOf("auth.json"), "--username", RegistryServer.User, "--password", RegistryServer.Password, _there.Address);
        try
        {
            var first = (await Podman([.. pull, $"{_there.Address}/{Moved}@{index.Digest}"])).Text;
            Assert.Equal(first, (await Podman([.. pull[..2], .. pull[3..], Image])).Text);
            Assert.Contains(index.Digest, (await Podman("image", "inspect", "--format", "{{.RepoDigests}}", Image)).Text, StringComparison.Ordinal);
        }
        finally
        {
            await Leftovers.RemoveImagesAsync($"{_there.Address}/");
            await Leftovers.RemoveImagesAsync($"{_here.Address}/");
        }

        var images = JsonNode.Parse(await File.ReadAllTextAsync(_world.PathOf("imported/images.json"), Cancelled))!;
        var mirror = (string)images["mirrors"]![_here.Address]!;
        using var world = new EgressWorld("Gateway:Egress:AllowLoopback=true", $"Registries:Mirrors:{_here.Address}={mirror}");
        var known = RegistryCredentials.TryRead(await File.ReadAllTextAsync(await _world.CredentialsAsync(_here.Address), Cancelled), out _);
        Assert.Equal((index.Digest, null), await world.Registries.FindDigestAsync(ImageReference.Parse(Image)!, known, Cancelled));

        Task<Answer> Podman(params string[] arguments) => Command.RunAsync(
            new ProcessStartInfo("podman", arguments) { Environment = { ["CONTAINERS_REGISTRIES_CONF"] = _world.PathOf("imported/registries.conf") } });
    }

    [Fact]
    public async Task Entries_and_charts_come_as_they_were()
    {
        await BundleWorld.PushAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2", "amd64", "one"u8.ToArray());
        Directory.CreateDirectory(_world.PathOf("models/deep"));
        Directory.CreateDirectory(_world.PathOf("chart/templates"));
        await File.WriteAllTextAsync(_world.PathOf("models/a.yaml"), "kind: Model\n", Cancelled);
        await File.WriteAllTextAsync(_world.PathOf("models/deep/b.json"), "", Cancelled);
        await File.WriteAllTextAsync(_world.PathOf("models/README.md"), "not an entry", Cancelled);
        await File.WriteAllTextAsync(_world.PathOf("one.yaml"), "kind: ModelDeployment\n", Cancelled);
        await File.WriteAllTextAsync(_world.PathOf("chart/Chart.yaml"), "name: orrery\n", Cancelled);
        await File.WriteAllTextAsync(_world.PathOf("chart/templates/_helpers.tpl"), "{{ define }}", Cancelled);
        await _world.DoAsync("export", "bundle", "--image", Image, "--entries", "models", "--entries", "one.yaml", "--chart", "chart");
        await Import("--output", "imported");
        Assert.Equal(
            ["charts/chart/Chart.yaml", "charts/chart/templates/_helpers.tpl", "entries/models/a.yaml", "entries/models/deep/b.json", "entries/one.yaml", "images.json", "registries.conf"],
            Directory.EnumerateFiles(_world.PathOf("imported"), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_world.PathOf("imported"), file)).Order(StringComparer.Ordinal));
        Assert.Equal("kind: Model\n", await File.ReadAllTextAsync(_world.PathOf("imported/entries/models/a.yaml"), Cancelled));

        await _world.DoAsync("export", "bundle", "--entries", "one.yaml");
        Assert.Equal(
            ["SHA256SUMS", "bundle.json", "entries/one.yaml", "index.json", "oci-layout"],
            Directory.EnumerateFiles(_world.Bundle, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_world.Bundle, file)).Order(StringComparer.Ordinal));
        await Import("--output", "imported");
        Assert.False(Directory.Exists(_world.PathOf("imported/charts")));
    }

    [Fact]
    public async Task Of_an_index_one_platforms_image_can_be_taken_with_its_own_digest()
    {
        var (index, _, arm64) = await _world.PushIndexAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2");
        var exported = await _world.DoAsync("export", "bundle", "--image", Image, "--platform", "linux/arm64");
        Assert.Contains($"{arm64.Digest}, the image for linux/arm64 of the index {index.Digest}, whose signatures do not speak for it", exported.Error, StringComparison.Ordinal);
        var about = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_world.Bundle, "bundle.json"), Cancelled))!;
        var image = about["images"]![0]!;
        Assert.Equal(("linux/arm64", Image, arm64.Digest, index.Digest), ((string?)about["platform"], (string?)image["reference"], (string?)image["digest"], (string?)image["index"]));
        await Import();
        Assert.Equal(arm64.Digest, (await There.FindManifestAsync("1.2", Cancelled))!.Digest);
        Assert.True(await _world.IsSignedAsync(There, arm64.Digest));
        Assert.Null(await There.FindManifestAsync(index.Digest, Cancelled));

        var pinned = $"{_here.Address}/{BundleWorld.Repository}@{index.Digest}";
        await _world.DoAsync("export", "bundle", "--image", pinned, "--platform", "linux/arm64");
        Assert.Contains($"{pinned} -> {_there.Address}/{Moved}@{arm64.Digest}", (await Import()).Output, StringComparison.Ordinal);

        var missing = await _world.RunAsync("export", "bundle", "--image", Image, "--platform", "linux/s390x");
        Assert.Equal(1, missing.Code);
        Assert.Contains($"{index.Digest} has no image for linux/s390x. It has linux/amd64, linux/arm64.", missing.Error, StringComparison.Ordinal);
        var other = await _world.RunAsync("export", "bundle", "--image", $"{_here.Address}/{BundleWorld.Repository}@{arm64.Digest}", "--platform", "linux/amd64");
        Assert.Contains($"{arm64.Digest} is for linux/arm64, and linux/amd64 is wanted.", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signatures_that_were_made_behind_the_gap_stay()
    {
        var image = await BundleWorld.PushAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2", "amd64", "one"u8.ToArray());
        await new ImageSignatures(_world.Open(_here.Address, BundleWorld.Repository)).SignAsync(image.Digest, _world.Key, Cancelled);
        await _world.DoAsync("export", "bundle", "--image", Image);
        await Import();
        using var own = BundleWorld.NewKey();
        await new ImageSignatures(There).SignAsync(image.Digest, own, Cancelled);
        using var later = BundleWorld.NewKey();
        await new ImageSignatures(_world.Open(_here.Address, BundleWorld.Repository)).SignAsync(image.Digest, later, Cancelled);
        await _world.DoAsync("export", "bundle", "--image", Image);
        await Import();
        await Import();
        foreach (var key in (SigningKey[])[_world.Key, own, later])
        {
            Assert.True(await _world.IsSignedAsync(There, image.Digest, key));
        }

        Assert.Equal(3, OciManifest.Read((await There.ReadManifestAsync($"sha256-{image.Digest[7..]}.sig", Cancelled))!.Body)!.Layers!.Count);
    }

    [Fact]
    public async Task Images_of_several_repositories_share_what_they_have_in_common_and_tags_move_on()
    {
        var first = await BundleWorld.PushAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2", "amd64", "base"u8.ToArray(), "a"u8.ToArray());
        var second = await BundleWorld.PushAsync(_world.Open(_here.Address, $"{Leftovers.Mine}/other"), "latest", "amd64", "base"u8.ToArray(), "b"u8.ToArray());
        var exported = await _world.DoAsync("export", "bundle", "--image", Image, "--image", $"{_here.Address}/{Leftovers.Mine}/other");
        Assert.Equal(5, exported.Error.Split("  fetched").Length - 1);
        var imported = await Import();
        Assert.Equal(4, imported.Error.Split("  sent").Length - 1 - 1);
        Assert.Equal(first.Digest, (await There.FindManifestAsync("1.2", Cancelled))!.Digest);
        Assert.Equal(second.Digest, (await _world.Open(_there.Address, $"air-gap/{_here.Address.Replace(':', '_')}/{Leftovers.Mine}/other", isKnown: true).FindManifestAsync("latest", Cancelled))!.Digest);

        var next = await BundleWorld.PushAsync(_world.Open(_here.Address, BundleWorld.Repository), "1.2", "amd64", "base"u8.ToArray(), "c"u8.ToArray());
        await _world.DoAsync("export", "bundle", "--image", Image);
        Assert.Contains($"named {first.Digest} before", (await Import()).Error, StringComparison.Ordinal);
        Assert.Equal(next.Digest, (await There.FindManifestAsync("1.2", Cancelled))!.Digest);
    }
}
