using System.Net;
using Orrery.Builder.Builds.Local;
using Orrery.Tests.Builder.Container;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.Builds;

/// <summary>What is told when something is missing or away, and that it goes on when that is mended.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class BuildFaultTests(ServerImage image, PostgresServer postgres)
{
    [Fact]
    public async Task A_registry_that_is_away_is_named_and_the_build_goes_on_when_it_is_back()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        var port = RegistryServer.FreePort();
        await using var story = await BuildStory.StartAsync(postgres, "away", $"Builder:Builds:Registry=127.0.0.1:{port}/{Leftovers.Mine}", "Builder:Builds:FirstPause=00:00:01", "Builder:Builds:Attempts=100");
        (await story.World.Apply(story.Model("built-away", ""))).ExpectOk();
        var id = (string)(await story.Ask("built-away")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        var waiting = await story.Build(id, build => build["nextAttemptAt"] is not null);
        Assert.Equal(("queued", "Unreachable"), ((string?)waiting["state"], (string?)waiting["reason"]));
        Assert.StartsWith(
            $"The image was built and cannot be pushed to 127.0.0.1:{port}/{Leftovers.Mine}/default/built-away: the registry cannot be reached. Check its name, the network and this machine's proxy; it is tried again. The tool said: ",
            (string?)waiting["message"], StringComparison.Ordinal);

        await using var registry = await RegistryServer.StartAsync(port: port);
        var done = await story.Build(id, build => (string?)build["state"] == "done");
        Assert.Equal($"127.0.0.1:{port}/{Leftovers.Mine}/default/built-away@{done["digest"]}", (string?)done["image"]);
        Assert.True((int?)done["attempt"] > 1);
        Assert.Contains("Using cache", await story.Log(id), StringComparison.Ordinal);
        await Leftovers.RemoveImagesAsync(registry.Address);
    }

    [Fact]
    public async Task A_base_that_nobody_has_is_named_before_anything_is_built()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "base");
        var model = story.Model("built-base", "").Replace($"FROM {story.Base}", $"FROM {story.Registry.Address}/none:1", StringComparison.Ordinal);
        (await story.World.Apply(model + BuildStory.Deployment("base", "built-base"))).ExpectOk();
        var refused = await story.World.Status("base", status => (string?)status["phase"] == "error");
        Assert.StartsWith(
            $"The base {story.Registry.Address}/none:1 is not on this machine, and its digest is not known. Which digest {story.Registry.Address}/none:1 has could not be found out: ", (string?)refused!["message"], StringComparison.Ordinal);
        Assert.Empty(await story.Builds());
    }

    [Fact]
    public async Task A_network_that_is_cut_while_pushing_is_named_and_the_image_is_whole_in_the_end()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var registry = await RegistryServer.StartAsync();
        await using var relay = new CuttingRelay(registry.Port, after: 1 << 20, cuts: 12);
        await using var story = await BuildStory.StartAsync(postgres, "cut", $"Builder:Builds:Registry={relay.Address}/{Leftovers.Mine}", "Builder:Builds:FirstPause=00:00:01", "Builder:Builds:Attempts=100");
        (await story.World.Apply(story.Model("built-cut", ""))).ExpectOk();
        var id = (string)(await story.Ask("built-cut")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        var waiting = await story.Build(id, build => build["nextAttemptAt"] is not null);
        Assert.StartsWith($"The image was built and cannot be pushed to {relay.Address}/{Leftovers.Mine}/default/built-cut", (string?)waiting["message"], StringComparison.Ordinal);
        Assert.Null(waiting["image"]);
        var done = await story.Build(id, build => (string?)build["state"] == "done");
        Assert.True((int?)done["attempt"] > 1);
        Assert.Equal(0, relay.CutsLeft);
        Assert.NotNull(done["evidence"]!["sbom"]);
        await Leftovers.RemoveImagesAsync(relay.Address);
    }

    [Fact]
    public async Task A_registry_whose_disk_is_full_is_named_and_nothing_refers_to_half_an_image()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var registry = await RegistryServer.StartAsync(disk: "4m");
        await using var story = await BuildStory.StartAsync(postgres, "full", $"Builder:Builds:Registry={registry.Address}/{Leftovers.Mine}", "Builder:Builds:FirstPause=00:00:01", "Builder:Builds:Attempts=2");
        (await story.World.Apply(story.Model("built-full", "") + BuildStory.Deployment("full", "built-full"))).ExpectOk();
        var refused = await story.World.Status("full", status => (string?)status["phase"] == "error", TimeSpan.FromMinutes(3));
        Assert.Contains($"The image was built and cannot be pushed to {registry.Address}/{Leftovers.Mine}/default/built-full: ", (string?)refused!["message"], StringComparison.Ordinal);
        Assert.Contains("disk", (string?)refused["message"], StringComparison.Ordinal);
        var failed = Assert.Single(await story.Builds());
        Assert.Equal(("failed", 2, null), ((string?)failed["state"], (int?)failed["attempt"], (string?)failed["image"]));
        Assert.Empty(story.Files());
        await Leftovers.RemoveImagesAsync(registry.Address);
    }

    [Fact]
    public async Task A_base_comes_from_the_mirror_of_its_registry()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        Assert.SkipUnless(File.Exists("/usr/bin/buildah"), "buildah is not installed.");
        await using var story = await BuildStory.StartAsync(postgres, "mirror", "Builder:Builds:Tool=buildah", "Registries:Mirrors:registry.nowhere.example=REGISTRY");
        var @base = $"registry.nowhere.example/mirrored@{await PushAnotherBaseAsync(story)}";
        (await story.World.Apply(story.Model("built-mirrored", "").Replace($"FROM {story.Base}", $"FROM {@base}", StringComparison.Ordinal))).ExpectOk();
        var id = (string)(await story.Ask("built-mirrored")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        await story.Build(id, build => (string?)build["state"] == "done");
        Assert.Contains($"Fetching the base {@base}", await story.Log(id), StringComparison.Ordinal);
        await Leftovers.RemoveImagesAsync("registry.nowhere.example/");
    }

    /// <summary>One that this machine does not hold under any name: its tools find what they hold by its digest.</summary>
    private static async Task<string> PushAnotherBaseAsync(BuildStory story)
    {
        var folder = Directory.CreateTempSubdirectory("orrery-base-").FullName;
        var (file, digest) = (Path.Combine(folder, "Dockerfile"), Path.Combine(folder, "digest"));
        await File.WriteAllTextAsync(file, $"FROM {ServerImage.Name}\nLABEL dev.orrery.mirrored=\"{folder}\"\n", TestContext.Current.CancellationToken);
        var id = (await ContainerWorld.PodmanAsync("build", "--quiet", "--pull=never", "--file", file, folder)).Text.Trim();
        _ = (await ContainerWorld.PodmanAsync("push", "--tls-verify=false", $"--creds={RegistryServer.User}:{RegistryServer.Password}", "--digestfile", digest, id, $"docker://{story.Registry.Address}/mirrored:1")).Text;
        _ = (await ContainerWorld.PodmanAsync("rmi", id)).Text;
        var pushed = (await File.ReadAllTextAsync(digest, TestContext.Current.CancellationToken)).Trim();
        Directory.Delete(folder, recursive: true);
        return pushed;
    }

    [Fact]
    public async Task A_push_without_the_right_is_told_with_the_remedy_and_not_tried_again_by_itself()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var closed = await RegistryServer.StartAsync(auth: "htpasswd");
        await using var story = await BuildStory.StartAsync(postgres, "denied", $"Builder:Builds:Registry={closed.Address}/models");
        (await story.World.Apply(story.Model("built-denied", ""))).ExpectOk();
        var id = (string)(await story.Ask("built-denied")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        var failed = await story.Build(id, build => (string?)build["state"] == "failed");
        Assert.Equal(("Unauthorized", 1), ((string?)failed["reason"], (int?)failed["attempt"]));
        Assert.Contains("the registry refuses us. Put credentials that may do it into the namespace's Secret 'registries', key '.dockerconfigjson'.", (string?)failed["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_the_context_lacks_is_named()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "lacks");
        (await story.World.Apply(story.Model("built-lacks", "COPY app/ /app/"))).ExpectOk();
        var id = (string)(await story.Ask("built-lacks")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        var failed = await story.Build(id, build => (string?)build["state"] == "failed");
        Assert.Equal("In step 3 of 9: COPY app/ /app/: the build context has no '/app'. Add it to spec.files beside the Dockerfile, or correct the path.", (string?)failed["message"]);
    }

    [Theory]
    [InlineData("podman")]
    [InlineData("buildah")]
    public async Task An_image_that_has_vanished_is_built_again_to_the_same_digest(string tool)
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        Assert.SkipUnless(File.Exists($"/usr/bin/{tool}"), $"{tool} is not installed.");
        await using var story = await BuildStory.StartAsync(postgres, "vanished", $"Builder:Builds:Tool={tool}");
        (await story.World.Apply(story.Model("built-vanished", ""))).ExpectOk();
        var first = await story.Build((string)(await story.Ask("built-vanished")).Expect(HttpStatusCode.Accepted).Json["id"]!, build => (string?)build["state"] == "done");
        Assert.Contains($"with {tool} ", await story.Log((string)first["id"]!), StringComparison.Ordinal);
        (await story.Ask("built-vanished")).ExpectOk();
        var id = (await ContainerWorld.PodmanAsync("image", "inspect", "--format", "{{.Id}}", (string)first["image"]!)).Text.Trim();
        _ = (await ContainerWorld.PodmanAsync("rmi", "--force", id)).Text;
        var again = await story.Build((string)(await story.Ask("built-vanished")).Expect(HttpStatusCode.Accepted).Json["id"]!, build => (string?)build["state"] == "done");
        Assert.NotEqual((string?)first["id"], (string?)again["id"]);
        Assert.Equal((string?)first["digest"], (string?)again["digest"]);
    }

    /// <summary>What tools write of what went wrong, as podman 4.3.1, buildah 1.28.2 and Docker 27 with BuildKit write it.</summary>
    [Theory]
    [InlineData("Error: building at STEP \"RUN pip install x\": while running runtime: exit status 1", "StepFailed", "In step 2 of 3: it ended with 1.")]
    [InlineData("Error: building at STEP \"COPY --from=nosuch /a /b\": no stage or image found with that name", "StepFailed", "In step 2 of 3: the tool ended with 125 and said: Error: building at STEP ")]
    [InlineData("ERROR: failed to solve: process \"/bin/sh -c exit 7\" did not complete successfully: exit code: 7", "StepFailed", "In step 2 of 3: it ended with 7.")]
    [InlineData("write /var/lib/containers/storage/overlay/x: no space left on device", "DiskFull", "In step 2 of 3: no space is left on this machine's disk.")]
    [InlineData("ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref a::b: \"/app\": not found", "FileMissing", "In step 2 of 3: the build context has no '/app'.")]
    [InlineData("Error: building at STEP \"COPY app/ /app/\": checking on sources under \"/context\": copier: stat: \"/app\": no such file or directory", "FileMissing", "In step 2 of 3: the build context has no '/app'.")]
    [InlineData("ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN", "BadDockerfile", "The Dockerfile cannot be read: ")]
    public void A_failed_step_is_told_by_what_the_tool_wrote(string said, string reason, string start)
    {
        var error = BuildFailures.OfStep("Step 2 of 3", ["some output", said], 125);
        Assert.Equal(reason, error.Reason);
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
        Assert.Equal(reason == "DiskFull", error.MayPass);
    }

    [Theory]
    [InlineData("Error: writing blob: uploading layer chunked: received unexpected HTTP status: 500 Internal Server Error", "NotPushed", true)]
    [InlineData("Error: trying to reuse blob sha256:1 at destination: checking whether a blob exists: authentication required", "Unauthorized", false)]
    [InlineData("denied: requested access to the resource is denied", "Unauthorized", false)]
    [InlineData("Get \"https://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", "Unreachable", true)]
    [InlineData("pinging container registry: Get \"https://r/v2/\": x509: certificate signed by unknown authority", "Untrusted", false)]
    [InlineData("something that nobody has seen before", "NotPushed", true)]
    public void A_failed_push_is_told_by_what_the_tool_wrote(string said, string reason, bool mayPass)
    {
        var error = BuildFailures.OfPushing("registry.example.com/models/x", ["Getting image source signatures", said]);
        Assert.Equal((reason, mayPass), (error.Reason, error.MayPass));
        Assert.StartsWith("The image was built and cannot be pushed to registry.example.com/models/x", error.Message, StringComparison.Ordinal);
    }
}
