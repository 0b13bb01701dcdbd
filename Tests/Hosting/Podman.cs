using System.Diagnostics;
using Aspire.Hosting;

namespace Orrery.Tests.Hosting;

/// <summary>The machine's podman, with an image that holds busybox and nothing else; both gone when disposed.</summary>
internal sealed class Podman : IDisposable
{
    private const string Image = "localhost/orrery-test-box:1";

    /// <summary>Limits that also machines allow on which root may not raise them, and the runtime that Debian's podman is tested with.</summary>
    private const string Configuration =
        """
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
        [engine]
        runtime = "runc"
        """;

    private Podman()
    {
        Folder = Directory.CreateTempSubdirectory("hosting-tests-").FullName;
        ConfigurationPath = Path.Combine(Folder, "containers.conf");
        File.WriteAllText(ConfigurationPath, Configuration);
    }

    public string Folder { get; }

    /// <summary>What <c>CONTAINERS_CONF</c> names.</summary>
    public string ConfigurationPath { get; }

    public static async Task<Podman> WithTestImageAsync()
    {
        foreach (var program in new[] { "podman", "runc", "busybox", "unshare", "ip" })
        {
            Assert.SkipWhen(Programs.Find(program) is null, $"{program} is not installed (Debian: podman, runc, busybox-static, util-linux, iproute2).");
        }

        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A network namespace of one's own needs root.");
        var podman = new Podman();
        var root = Directory.CreateDirectory(Path.Combine(podman.Folder, "image", "bin"));
        File.Copy(Programs.Find("busybox")!, Path.Combine(root.FullName, "busybox"));
        var archive = Path.Combine(podman.Folder, "image.tar");
        await System.Formats.Tar.TarFile.CreateFromDirectoryAsync(Path.Combine(podman.Folder, "image"), archive, includeBaseDirectory: false);
        await podman.LinesAsync("import", archive, Image);
        return podman;
    }

    /// <summary>The ids of the containers made from the image, running or not.</summary>
    public Task<List<string>> ContainersAsync() => LinesAsync("ps", "--all", "--quiet", "--filter", $"ancestor={Image}");

    public async Task<List<string>> LinesAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("podman", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CONTAINERS_CONF"] = ConfigurationPath;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"podman {string.Join(' ', arguments)}: {await errors}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    public void Dispose()
    {
        using (var volume = Process.Start("podman", ["volume", "rm", "--force", "orrery-test-box"]))
        {
            volume.WaitForExit();
        }

        using (var image = Process.Start("podman", ["rmi", "--force", Image]))
        {
            image.WaitForExit();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
