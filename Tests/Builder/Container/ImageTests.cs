using System.Diagnostics;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class ImageTests(ServerImage image)
{
    // A made-up user: nobody logs in here.
    private const string Users = "somebody:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_of_a_registry_comes_by_its_digest_and_what_does_not_come_is_told_apart()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        Assert.SkipUnless(File.Exists("/usr/bin/docker-registry"), "docker-registry is not installed.");
        var folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        var registries = Path.Combine(folder, "registries.conf");
        await File.WriteAllTextAsync(registries, """
            [[registry]]
            location = "127.0.0.1:21530"
            insecure = true
            [[registry]]
            location = "127.0.0.1:21531"
            insecure = true
            """, Soon);
        using var open = Registry(folder, 21530, "");
        using var closed = Registry(folder, 21531, $"auth: {{ htpasswd: {{ realm: tests, path: {folder}/users }} }}");
        await File.WriteAllTextAsync(Path.Combine(folder, "users"), Users + "\n", Soon);
        using var secure = Registry(folder, 21532, "");
        await using var world = new ContainerWorld(environment: new Dictionary<string, string> { ["CONTAINERS_REGISTRIES_CONF"] = registries });
        var key = world.Key();
        var source = $"127.0.0.1:21530/{Leftovers.Mine}/small:1";
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            foreach (var port in (int[])[21530, 21531, 21532])
            {
                await Eventually.Holds(() => http.GetAsync($"http://127.0.0.1:{port}/v2/", Soon), answer => (int)answer.StatusCode is 200 or 401);
            }

            await MakeSmallAsync(folder, source);
            _ = (await ContainerWorld.PodmanAsync("push", "--tls-verify=false", source)).Text;
            await ContainerWorld.PodmanAsync("rmi", "--force", source);
            var resolved = await world.Target.ResolveImageAsync(key, source, null, Soon);
            Assert.Equal($"127.0.0.1:21530/{Leftovers.Mine}/small@{resolved.Digest}", resolved.Reference);
            Assert.NotEmpty(world.Progress);
            Assert.Equal(resolved, await world.Target.ResolveImageAsync(key, resolved.Reference, null, Soon));

            await RefusedAsync(world, key, $"127.0.0.1:21530/{Leftovers.Mine}/small:2", ImageStore.NotFound, true, "the registry has no such image or tag");
            await RefusedAsync(world, key, "127.0.0.1:21531/any:1", ImageStore.Unauthorized, true, "the registry wants credentials");
            await RefusedAsync(world, key, "127.0.0.1:21532/any:1", ImageStore.Untrusted, true, "is not trusted, or it speaks plain HTTP");
            await RefusedAsync(world, key, "127.0.0.1:21533/any:1", ImageStore.Unreachable, false, "the registry cannot be reached");
            await RefusedAsync(world, key, "no such name", ImageStore.NotFound, true, "this is no image's name here");
        }
        finally
        {
            foreach (var registry in (Process[])[open, closed, secure])
            {
                registry.Kill();
                await registry.WaitForExitAsync(CancellationToken.None);
            }

            await Leftovers.RemoveImagesAsync("127.0.0.1:21530/");
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task What_is_here_is_not_fetched_and_named_so_that_no_tag_takes_it_away()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var resolved = await world.Target.ResolveImageAsync(world.Key(), ServerImage.Name, null, Soon);
        Assert.Matches("^sha256:[0-9a-f]{64}$", resolved.Reference);
        Assert.Matches("^sha256:[0-9a-f]{64}$", resolved.Digest);
        Assert.Empty(world.Progress);
    }

    [Theory]
    [InlineData("write /var/lib/containers/storage/tmp: no space left on device", LogDiagnosis.Disk, false)]
    [InlineData("Get \"https://r/v2/\": x509: certificate signed by unknown authority", ImageStore.Untrusted, true)]
    [InlineData("Error response from daemon: pull access denied for x, repository does not exist or may require 'docker login'", ImageStore.Unauthorized, true)]
    [InlineData("Error response from daemon: manifest for busybox:nope not found: manifest unknown", ImageStore.NotFound, true)]
    [InlineData("dial tcp: lookup registry.example.com: no such host", ImageStore.Unreachable, false)]
    [InlineData("net/http: TLS handshake timeout", ImageStore.Unreachable, false)]
    [InlineData("something new", ReplicaReasons.NoImage, false)]
    public void What_the_tools_say_is_understood(string said, string reason, bool isFinal)
    {
        var error = ImageStore.FailureOf("x:1", ["Trying to pull", said]);
        Assert.Equal((reason, isFinal), (error.Reason, error.IsFinal));
        Assert.EndsWith(said, error.Message, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(ContainerWorld world, Orrery.Builder.DeploymentKey key, string reference, string reason, bool isFinal, string message)
    {
        var error = await Assert.ThrowsAsync<TargetException>(() => world.Target.ResolveImageAsync(key, reference, null, Soon));
        Assert.True((reason, isFinal) == (error.Reason, error.IsFinal), $"{error.Reason}: {error.Message}");
        Assert.StartsWith($"The image {reference} cannot be fetched: {(message.StartsWith("is ", StringComparison.Ordinal) ? "the registry's certificate " : "")}{message}", error.Message, StringComparison.Ordinal);
    }

    private static async Task MakeSmallAsync(string folder, string name)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "small", Soon);
        _ = (await Command.RunAsync("tar", "-C", folder, "-cf", folder + ".tar", "file")).Text;
        _ = (await ContainerWorld.PodmanAsync("import", folder + ".tar", name)).Text;
        File.Delete(folder + ".tar");
    }

    private static Process Registry(string folder, int port, string auth)
    {
        var settings = Path.Combine(folder, $"{port}.yml");
        File.WriteAllText(settings, $$"""
            version: 0.1
            log: { accesslog: { disabled: true }, level: error }
            storage: { filesystem: { rootdirectory: {{folder}}/{{port}} } }
            http: { addr: "127.0.0.1:{{port}}" }
            {{auth}}
            """);
        return Process.Start(new ProcessStartInfo("/usr/bin/docker-registry", ["serve", settings]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }
}
