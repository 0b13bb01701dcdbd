using System.Diagnostics;
using System.Text.RegularExpressions;
using Aspire.Hosting;
using Microsoft.Extensions.Configuration;

namespace Orrery.Tests.Hosting;

/// <summary>An image made of this machine's own shell and Redis, since tests fetch none; removed after the tests.</summary>
public sealed partial class BoxImage : IAsyncLifetime
{
    public const string Name = "localhost/aspire-hosting-tests-box:1";

    /// <summary>For machines whose runtime may not raise limits (nested containers).</summary>
    public static readonly string[] Limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

    private string? _runtime;

    /// <summary>Why no container can run here; null: they can.</summary>
    public string? Missing { get; private set; }

    public async ValueTask InitializeAsync()
    {
        try
        {
            _runtime = await new ContainerRuntime(new ConfigurationManager(), TimeProvider.System).FindAsync(Graph.Soon());
        }
        catch (ContainerRuntimeException error)
        {
            Missing = error.Message;
            return;
        }

        if (RedisServer.Program is not { } redis)
        {
            Missing = "Redis is not installed, of which the image is made.";
            return;
        }

        var root = Directory.CreateTempSubdirectory("hosting-tests-").FullName;
        foreach (var program in (string[])["/bin/sh", "/usr/bin/env", "/bin/sleep", redis])
        {
            await CopyAsync(program, root);
        }

        await OutputAsync("tar", "-C", root, "-cf", root + ".tar", ".");
        await OutputAsync(_runtime, "import", root + ".tar", Name);
        var (code, output) = await RunAsync(_runtime, ["run", "--rm", .. Limits, Name, "/bin/sh", "-c", "echo works"]);
        Missing = code == 0 ? null : $"{_runtime} cannot run a container here: {output}";
        Directory.Delete(root, recursive: true);
        File.Delete(root + ".tar");
    }

    public async ValueTask DisposeAsync()
    {
        if (_runtime is not null)
        {
            await RunAsync(_runtime, ["rmi", "-f", Name]);
        }
    }

    /// <summary>The containers of a run.</summary>
    public Task<string> ContainersAsync(string run) => OutputAsync(_runtime!, "ps", "-aq", "--filter", $"label=aspire.hosting.run={run}");

    /// <summary>The networks of a run.</summary>
    public Task<string> NetworksAsync(string run) => OutputAsync(_runtime!, "network", "ls", "-q", "--filter", $"label=aspire.hosting.run={run}");

    private static async Task CopyAsync(string program, string root)
    {
        var libraries = Library().Matches(await OutputAsync("ldd", program)).Select(match => match.Value);
        foreach (var file in libraries.Append(program))
        {
            var target = root + file;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await OutputAsync("cp", "-L", file, target);
        }
    }

    private static async Task<string> OutputAsync(string program, params string[] arguments)
    {
        var (code, output) = await RunAsync(program, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {output}");
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(Graph.Soon());
        var error = await process.StandardError.ReadToEndAsync(Graph.Soon());
        await process.WaitForExitAsync(Graph.Soon());
        return (process.ExitCode, process.ExitCode == 0 ? (await output).Trim() : error.Trim());
    }

    [GeneratedRegex(@"/[^\s()]+")]
    private static partial Regex Library();
}
