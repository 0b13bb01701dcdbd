using System.ComponentModel;
using System.Text.RegularExpressions;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

/// <summary>
/// An image with a server of models, made of this machine's own files, since tests fetch none: the simulator, also by the command line of vLLM
/// (whose first word is the model), and a small HTTP server that can be told to crash, to eat memory and to be deaf. Made once for all tests that share it, removed after them.
/// </summary>
public sealed partial class ServerImage : IAsyncLifetime
{
    private const string Serve = """
        #!/bin/sh
        case "$1" in -*|'') ;; *) exec /usr/share/dotnet/dotnet /app/Orrery.Simulator.dll serve "$@" ;; esac
        port=8000
        mode=httpd
        while [ $# -gt 0 ]; do
          case "$1" in
            --port) port=$2; shift 2 ;;
            --mode) mode=$2; shift 2 ;;
            *) echo "serve: error: unrecognized arguments: $1" >&2; exit 2 ;;
          esac
        done
        echo "serving on $port"
        echo "this is a warning" >&2
        case $mode in
          httpd) trap 'exit 0' TERM; busybox httpd -f -p "0.0.0.0:$port" -h /www & wait ;;
          stubborn) trap '' TERM; busybox httpd -f -p "0.0.0.0:$port" -h /www & while :; do wait; done ;;
          crash) echo "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."; exit 1 ;;
          eat) busybox tail /dev/zero ;;
          deaf) trap 'exit 0' TERM; busybox sleep 1000 & wait ;;
          simulator) exec /usr/share/dotnet/dotnet /app/Orrery.Simulator.dll --urls "http://0.0.0.0:$port" ;;
        esac
        """;

    /// <summary>For machines whose runtime may not raise limits (nested containers).</summary>
    public static readonly string[] Limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"];

    public static string Name { get; } = $"localhost/{Leftovers.Mine}-server:1";

    /// <summary>Why no container can run here; null: they can.</summary>
    public string? Missing { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Missing = await MissingAsync();
        if (Missing is not null)
        {
            return;
        }

        await Leftovers.SweepAsync();
        var root = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        try
        {
            await FillAsync(root);
            _ = (await Command.RunAsync("tar", "-C", root, "-cf", root + ".tar", ".")).Text;
            _ = (await Command.RunAsync(
                "podman", "import",
                "--change", """ENTRYPOINT ["/bin/sh", "/serve"]""", "--change", """CMD ["--port", "8000"]""", "--change", "ENV PATH=/bin", "--change", "ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1",
                "--change", "ENV DOTNET_EnableDiagnostics=0", root + ".tar", Name)).Text;
            var works = await Command.RunAsync("podman", ["run", "--rm", "--network", "none", .. Limits, "--entrypoint", "/bin/sh", Name, "-c", "echo works"]);
            Missing = works.Code == 0 ? null : $"podman cannot run a container here: {works.Error}";
        }
        finally
        {
            Directory.Delete(root, recursive: true);
            File.Delete(root + ".tar");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (await MissingAsync() is null)
        {
            await Command.RunAsync("podman", "rmi", "--force", Name);
            var left = (await ContainerWorld.VolumesAsync()).Concat(
                (await ContainerWorld.PodmanAsync("ps", "--all", "--format", "{{.Names}}")).Text.Split('\n').Where(name => name.StartsWith(Leftovers.Mine + "-", StringComparison.Ordinal) && name.Contains("-r", StringComparison.Ordinal))).ToList();
            Assert.True(left.Count == 0, $"The tests have left: {string.Join(", ", left)}");
        }
    }

    private static async Task FillAsync(string root)
    {
        foreach (var folder in (string[])["bin", "www", "tmp", "etc", "app"])
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        // A container without capabilities is bound by modes, also as root.
        foreach (var folder in (string[])["www", "tmp"])
        {
            ToolScript.Allow(Path.Combine(root, folder), (UnixFileMode)0b1_111_111_111);
        }

        await File.WriteAllTextAsync(Path.Combine(root, "www", "health"), "");
        await File.WriteAllTextAsync(Path.Combine(root, "serve"), Serve + "\n");
        await CopyAsync("/bin/busybox", root);
        File.CreateSymbolicLink(Path.Combine(root, "bin", "sh"), "busybox");

        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var dotnet = Path.GetFullPath(Path.Combine(framework, "..", "..", ".."));
        var target = Path.Combine(root, "usr", "share", "dotnet");
        var web = Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Builder.WebApplication).Assembly.Location)!;
        foreach (var folder in (string[])[framework, web, Path.Combine(dotnet, "host")])
        {
            var to = Path.Combine(target, Path.GetRelativePath(dotnet, folder));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            _ = (await Command.RunAsync("cp", "-r", folder, to)).Text;
        }

        _ = (await Command.RunAsync("cp", Path.Combine(dotnet, "dotnet"), target)).Text;
        await LibrariesAsync(Path.Combine(dotnet, "dotnet"), root);
        await LibrariesAsync(Path.Combine(framework, "libcoreclr.so"), root);
        var simulator = Path.Combine(Repository.Root, "Engines", "Simulator", "bin", "Release", "net10.0");
        foreach (var file in Directory.GetFiles(simulator).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.Copy(file, Path.Combine(root, "app", Path.GetFileName(file)));
        }
    }

    private static async Task CopyAsync(string program, string root)
    {
        var to = Path.Combine(root, program.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        _ = (await Command.RunAsync("cp", "-L", program, to)).Text;
        await LibrariesAsync(program, root);
    }

    private static async Task LibrariesAsync(string program, string root)
    {
        foreach (Match library in Library().Matches((await Command.RunAsync("ldd", program)).Output))
        {
            var to = root + library.Value;
            if (!File.Exists(to) && File.Exists(library.Value))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                _ = (await Command.RunAsync("cp", "-L", library.Value, to)).Text;
            }
        }
    }

    private static async Task<string?> MissingAsync()
    {
        if (!File.Exists("/bin/busybox"))
        {
            return "busybox is not installed, of which the image is made.";
        }

        try
        {
            var answer = await Command.RunAsync("podman", "ps", "-q");
            return answer.Code == 0 ? null : $"podman does not work here: {answer.Error}";
        }
        catch (Win32Exception error)
        {
            return $"podman is not installed: {error.Message}";
        }
    }

    [GeneratedRegex(@"/[^\s()]+")]
    private static partial Regex Library();
}

/// <summary>Tests in this collection share the image and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ServerImageCollection : ICollectionFixture<ServerImage>
{
    public const string Name = "server image";
}
