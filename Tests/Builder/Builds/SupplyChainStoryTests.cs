using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Builder.Container;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Egress;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.Builds;

/// <summary>What is said of an image beside it, who asks for it, and what becomes of an image of which it is not true.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class SupplyChainStoryTests(ServerImage image, PostgresServer postgres) : IDisposable
{
    private readonly EgressWorld _world = new("Gateway:Egress:AllowLoopback=true");
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-signing-").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _world.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_signed_image_runs_a_tampered_one_does_not_and_a_key_that_counts_no_more_starts_nothing()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "signed", $"Builder:Signing:KeyFile={await NewKeyAsync("ours")}");
        var key = (await story.World.Catalogue.Get("/builds/public-key")).ExpectOk().Text;
        (await story.World.Apply(Policy(key) + story.Model("built-signed", "COPY note.txt /note", "files: { note.txt: Hello }") + BuildStory.Deployment("signed", "built-signed"))).ExpectOk();
        await story.World.Running("signed");
        await story.Story.AskWithOpenAi("built-signed");

        // All that is said of it lies beside it, in forms that others read.
        var build = Assert.Single(await story.Builds());
        var (digest, evidence) = ((string)build["digest"]!, build["evidence"]!);
        var repository = Open(story, ImageReference.Parse((string)build["image"]!)!);
        var referrers = await repository.Referrers.ListAsync(digest, null, Cancelled);
        Assert.Equal(
            ["application/vnd.cyclonedx+json", "application/vnd.dsse.envelope.v1+json"], referrers.Select(one => one.ArtifactType).Order(StringComparer.Ordinal));
        Assert.Equal(new[] { (string?)evidence["sbom"], (string?)evidence["provenance"] }.Order(StringComparer.Ordinal), referrers.Select(one => one.Digest).Order(StringComparer.Ordinal));
        using var ours = VerificationKey.Read(key);
        Assert.Equal((string?)evidence["signedBy"], ours.Id);
        Assert.Equal(ours.Id, (await new ImageSignatures(repository).VerifyAsync(digest, [ours], Cancelled)).KeyId);
        var log = await story.Log((string)build["id"]!);
        Assert.Contains($"Signing it with the key {ours.Id}", log, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", log, StringComparison.Ordinal);

        // The same with something slipped in, under the same name, without a signature and with that of the other.
        var name = $"{story.Registry.Address}/{repository.Name.Repository}";
        var tampered = await TamperAsync(story, (string)build["image"]!, name);
        (await story.World.Apply(Tampered("by-digest", $"{name}@{tampered}"))).ExpectOk();
        await Refused(story, "by-digest", "is not signed by a key of the namespace's ImagePolicy: there is no signature");
        await CopySignatureAsync(repository, digest, tampered);
        (await story.World.Catalogue.Post("/deployments/by-digest/restart", "")).Expect(HttpStatusCode.Accepted);
        await Refused(story, "by-digest", $"it is by the key {ours.Id}, but it signs another digest");
        Assert.Contains("ImageNotSigned", (await story.World.Catalogue.Post("/deployments/plan", Tampered("planned", $"{name}@{tampered}"))).Text, StringComparison.Ordinal);

        // What runs goes on; nothing more of it is started by a key that counts no more, and an exemption counts.
        (await story.World.Apply(Policy(await PublicKeyAsync(await NewKeyAsync("others"))))).ExpectOk();
        (await story.World.Apply(BuildStory.Deployment("signed", "built-signed").Replace("cache: none", "cache: none, replicas: 2", StringComparison.Ordinal))).ExpectOk();
        await story.World.Status("signed", status => status["message"] is { } said && ((string)said!).Contains("is not by the key", StringComparison.Ordinal));
        Assert.Equal(1, (int?)(await story.World.StatusOf("signed"))!["replicas"]!["ready"]);
        Assert.Equal(HttpStatusCode.OK, (await story.World.Ask("built-signed")).Status);
        (await story.World.Apply(Policy(key, exempt: $"{story.Registry.Address}/{Leftovers.Mine}/default"))).ExpectOk();
        await story.World.Running("signed", ready: 2);
        await story.Story.Delete("signed");
    }

    [Fact]
    public async Task A_scanner_keeps_an_image_from_being_used_and_lets_it_through_when_it_is_mended()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        var findings = Path.Combine(_folder, "findings.json");
        await File.WriteAllTextAsync(findings, """{"findings":[{"id":"CVE-2024-1","severity":"critical","package":"libssl3","version":"3.0.1","fixedIn":"3.0.2"},{"id":"CVE-2024-2","severity":"low"}]}""", Cancelled);
        await using var story = await BuildStory.StartAsync(
            postgres, "scanned", "Builder:Scanner:Command:0=/bin/sh", "Builder:Scanner:Command:1=-c", $"Builder:Scanner:Command:2=test -s \"$1\" && cat {findings}", "Builder:Scanner:Command:3=sh", "Builder:Scanner:Command:4={sbom}");
        (await story.World.Apply(story.Model("built-scanned", "") + BuildStory.Deployment("scanned", "built-scanned"))).ExpectOk();
        var refused = await story.World.Status("scanned", status => (string?)status["phase"] == "error");
        Assert.Contains("The scanner keeps the image from being used: CVE-2024-1 (critical) libssl3 3.0.1 (fixed in 3.0.2). ", (string?)refused!["message"], StringComparison.Ordinal);
        var failed = Assert.Single(await story.Builds());
        Assert.Equal(("failed", "ScanRefused", null), ((string?)failed["state"], (string?)failed["reason"], (string?)failed["image"]));

        await File.WriteAllTextAsync(findings, """{"findings":[{"id":"CVE-2024-2","severity":"low"}]}""", Cancelled);
        (await story.World.Catalogue.Post($"/builds/{failed["id"]}/retry", "")).Expect(HttpStatusCode.Accepted);
        await story.World.Running("scanned");
        var done = (await story.Builds())[0];
        Assert.Equal((1, null), ((int?)done["evidence"]!["findings"]!["low"], (string?)done["evidence"]!["signedBy"]));
        await story.Story.Delete("scanned");
    }

    [Fact]
    public async Task An_image_that_its_registry_has_lost_is_named_and_built_again_for_what_is_deployed_and_what_is_gone_back_to()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "lost");
        (await story.World.Apply(story.Model("built-lost", "") + BuildStory.Deployment("lost", "built-lost"))).ExpectOk();
        await story.World.Running("lost");
        var first = Assert.Single(await story.Builds());
        await LoseAsync(story, first);

        (await story.World.Apply(BuildStory.Deployment("again", "built-lost"))).ExpectOk();
        await story.World.Running("again");
        var second = (await story.Builds())[0];
        Assert.NotEqual((string?)first["id"], (string?)second["id"]);
        Assert.Equal((string?)first["image"], (string?)second["image"]);
        Assert.Contains($"{first["image"]} is not in its registry any more", await story.Log((string)second["id"]!), StringComparison.Ordinal);
        await story.Story.Delete("again");

        (await story.World.Apply(BuildStory.Deployment("lost", "built-lost").Replace("cache: none", "cache: none, environment: { A: B }", StringComparison.Ordinal))).ExpectOk();
        await story.World.Status("lost", status => (int?)status["revision"] == 2 && (string?)status["phase"] == "running");
        await LoseAsync(story, second);
        (await story.World.Catalogue.Post("/deployments/lost/rollback?to=1", "")).ExpectOk();
        await story.World.Status("lost", status => (int?)status["revision"] == 1 && (string?)status["phase"] == "running");
        var third = (await story.Builds())[0];
        Assert.Equal(((string?)first["image"], "done"), ((string?)third["image"], (string?)third["state"]));
        Assert.NotEqual((string?)second["id"], (string?)third["id"]);
        await story.Story.Delete("lost");
    }

    private static string Policy(string key, string? exempt = null) =>
        $"kind: ImagePolicy\nmetadata: {{ name: default }}\nspec: {{ requireSignature: true, keys: [{JsonSerializer.Serialize(key)}], exempt: [{exempt}] }}\n---\n";

    private static string Tampered(string name, string reference) =>
        BuildStory.Deployment(name, "built-signed").Replace("model: built-signed,", $"model: built-signed, image: \"{reference}\",", StringComparison.Ordinal);

    private static async Task Refused(BuildStory story, string name, string why)
    {
        var status = await story.World.Status(name, status => status["message"] is { } said && ((string)said!).Contains(why, StringComparison.Ordinal));
        Assert.Equal("ImageNotSigned", (string?)status!["conditions"]![0]!["reason"]);
        Assert.DoesNotContain((await story.Story.Containers()).Keys, container => container.Contains(name, StringComparison.Ordinal));
    }

    private RegistryRepository Open(BuildStory story, ImageReference reference)
    {
        Assert.Equal(story.Registry.Address, reference.Registry);
        return _world.Registry.Open(reference, new RegistryCredential(RegistryServer.User, RegistryServer.Password), RegistryAccess.Push);
    }

    /// <summary>Somebody with the right to push puts another image where the signed one is.</summary>
    private async Task<string> TamperAsync(BuildStory story, string original, string name)
    {
        var dockerfile = Path.Combine(_folder, "Dockerfile");
        await File.WriteAllTextAsync(dockerfile, $"FROM {original}\nENV SLIPPED=in\n", Cancelled);
        var built = (await ContainerWorld.PodmanAsync("build", "--quiet", "--pull=never", "--tag", "localhost/orrery/built-tampered:1", "--file", dockerfile, _folder)).Text.Trim();
        var digests = Path.Combine(_folder, "digest");
        _ = (await ContainerWorld.PodmanAsync("push", "--tls-verify=false", $"--creds={RegistryServer.User}:{RegistryServer.Password}", "--digestfile", digests, built, $"docker://{name}:tampered")).Text;
        var digest = (await File.ReadAllTextAsync(digests, Cancelled)).Trim();
        _ = (await ContainerWorld.PodmanAsync("pull", "--tls-verify=false", $"--creds={RegistryServer.User}:{RegistryServer.Password}", $"{name}@{digest}")).Text;
        return digest;
    }

    private static async Task CopySignatureAsync(RegistryRepository repository, string from, string to)
    {
        var signature = await repository.ReadManifestAsync($"{from.Replace(':', '-')}.sig", Cancelled);
        await repository.WriteManifestAsync($"{to.Replace(':', '-')}.sig", signature!, Cancelled);
    }

    private async Task LoseAsync(BuildStory story, JsonNode build) =>
        Assert.True(await Open(story, ImageReference.Parse((string)build["image"]!)!).DeleteManifestAsync((string)build["digest"]!, Cancelled));

    /// <summary>As an operator makes one.</summary>
    private async Task<string> NewKeyAsync(string name)
    {
        var file = Path.Combine(_folder, name);
        _ = (await Command.RunAsync("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file)).Text;
        return file;
    }

    private static async Task<string> PublicKeyAsync(string file) => (await Command.RunAsync("openssl", "ec", "-in", file, "-pubout")).Text + "\n";
}
