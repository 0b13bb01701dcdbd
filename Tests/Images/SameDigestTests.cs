using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Orrery.Tests.Images;

/// <summary>What is built depends on the commit and the base, and on nothing else.</summary>
[Collection(ServiceImagesCollection.Name)]
[Trait("Category", "Long")]
public sealed class SameDigestTests(ServiceImages images)
{
    [Fact]
    public async Task Another_checkout_with_another_mask_zone_and_language_gives_the_same_digests()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        var temp = Directory.CreateTempSubdirectory("orrery images ");
        try
        {
            // A path of another length, with a space.
            var checkout = Path.Combine(temp.FullName, "a", "checkout");
            await CheckOutAsync(checkout);
            var start = new ProcessStartInfo(
                "sh", ["-c", "umask 077; exec \"$@\"", "sh", Path.Combine(checkout, "eng/images.sh"), "--local-base", "--tool", "podman", "--registry", ServiceImages.Registry + "/again"]);
            start.Environment["TZ"] = "Asia/Kathmandu";
            start.Environment["LANG"] = start.Environment["LC_ALL"] = "tr_TR.UTF-8";
            start.Environment["TMPDIR"] = temp.FullName;
            var again = ImageScript.Table(await Command.RunAsync(start));
            Assert.Equal(
                images.Built.Select(image => (image.Service, image.Digest)).Order(),
                again.Select(image => (image.Service, image.Digest)).Order());
        }
        finally
        {
            temp.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_pushed_image_has_the_printed_digest_in_the_registry()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        Assert.SkipUnless(File.Exists("/usr/bin/docker-registry"), "docker-registry is not installed.");
        var data = Directory.CreateTempSubdirectory("orrery-registry-");
        var address = $"127.0.0.1:{FreePort()}";
        var settings = Path.Combine(data.FullName, "config.yml");
        await File.WriteAllTextAsync(
            settings,
            $$"""
              version: 0.1
              log: { accesslog: { disabled: true }, level: error }
              storage: { filesystem: { rootdirectory: {{data.FullName}}/images } }
              http: { addr: {{address}} }
              """,
            TestContext.Current.CancellationToken);
        using var registry = Process.Start(new ProcessStartInfo("/usr/bin/docker-registry", ["serve", settings]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://{address}/v2/") };
            await Eventually.Holds(() => client.GetAsync("", TestContext.Current.CancellationToken), answer => answer.IsSuccessStatusCode);
            var pushed = ImageScript.Table(await ImageScript.RunAsync("--local-base", "--tool", "podman", "--registry", $"{address}/orrery", "--tag", Leftovers.Mine, "--push", "--plain-http", "gateway")).Single();

            using var ask = new HttpRequestMessage(HttpMethod.Head, $"orrery/gateway/manifests/{Leftovers.Mine}");
            ask.Headers.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
            using var manifest = await client.SendAsync(ask, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, manifest.StatusCode);
            Assert.Equal(pushed.Digest, manifest.Headers.GetValues("Docker-Content-Digest").Single());
        }
        finally
        {
            registry.Kill();
            await registry.WaitForExitAsync(CancellationToken.None);
            await Leftovers.RemoveImagesAsync(address);
            data.Delete(recursive: true);
        }
    }

    /// <summary>This checkout's commit, with what is not committed yet.</summary>
    private static async Task CheckOutAsync(string target)
    {
        var clone = await Command.RunAsync("git", "clone", "--quiet", Repository.Root, target);
        Assert.SkipUnless(clone.Code == 0, $"This checkout cannot be cloned: {clone.Error}");
        var changed = (await Command.RunAsync("git", "-C", Repository.Root, "ls-files", "-z", "--modified", "--others", "--exclude-standard")).Text;
        foreach (var file in changed.Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct())
        {
            var (from, to) = (Path.Combine(Repository.Root, file), Path.Combine(target, file));
            if (File.Exists(from))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(from, to, overwrite: true);
            }
            else
            {
                File.Delete(to);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
