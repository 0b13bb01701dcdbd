using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Orrery.Tests.Images;

/// <summary>A container as a pod would run it: what it is given, and what it may do, which is as little as a restricted pod may.</summary>
internal sealed record ContainerSpec(string Host, string Image)
{
    /// <summary>Its whole environment, beside what the image sets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Arguments after the image's entry point.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The only paths that can be written: empty at the start, in memory, open to every user as an emptyDir is.</summary>
    public IReadOnlyList<string> WritablePaths { get; init; } = ["/tmp"];

    /// <summary>User and group, as numbers.</summary>
    public string User { get; init; } = "1654:1654";
}

/// <summary>A running container of an <see cref="ImageNetwork"/>; gone when disposed.</summary>
internal sealed class ImageRun : IAsyncDisposable
{
    /// <summary>For machines whose runtime may not raise limits (nested containers).</summary>
    public static readonly string[] Limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

    private readonly string _container;

    private ImageRun(string container, IPAddress address)
    {
        _container = container;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://{address}:8080") };
    }

    /// <summary>A client of the container's port 8080.</summary>
    public HttpClient Client { get; }

    public static async Task<ImageRun> StartAsync(ContainerSpec spec, string network, IPAddress address, IEnumerable<string> hosts)
    {
        var container = $"{network}-{spec.Host}";
        string[] command =
        [
            "run", "--detach", "--name", container, "--pull", "never", "--network", network, "--ip", address.ToString(), "--hostname", spec.Host,
            "--user", spec.User, "--cap-drop", "all", "--security-opt", "no-new-privileges", "--read-only", "--read-only-tmpfs=false", .. Limits,
            .. spec.WritablePaths.SelectMany(path => (string[])["--tmpfs", path + ":mode=1777"]),
            .. hosts.SelectMany(host => (string[])["--add-host", host]),
            // By name, so that no secret stands on a command line and a value may have many lines.
            .. spec.Environment.Keys.SelectMany(name => (string[])["--env", name]),
            spec.Image, .. spec.Arguments,
        ];
        var start = new ProcessStartInfo("podman", command);
        foreach (var (name, value) in spec.Environment)
        {
            start.Environment[name] = value;
        }

        _ = (await Command.RunAsync(start)).Text;
        return new ImageRun(container, address);
    }

    /// <summary>Waits until <paramref name="path"/> answers with success; a container that has ended fails the test with what it wrote.</summary>
    public async Task ReadyAsync(string path)
    {
        try
        {
            await Eventually.Holds(
                async () => await IsRunningAsync() ? await Client.GetAsync(path, TestContext.Current.CancellationToken) : null,
                answer => answer is null or { IsSuccessStatusCode: true });
        }
        catch (Xunit.Sdk.XunitException error)
        {
            Assert.Fail($"{error.Message}\n{await LogAsync()}");
        }

        Assert.True(await IsRunningAsync(), $"{_container} has ended: {await LogAsync()}");
    }

    /// <summary>Everything that the container has written.</summary>
    public async Task<string> LogAsync()
    {
        var log = await Command.RunAsync("podman", "logs", _container);
        return log.Output + log.Error;
    }

    /// <summary>Stops it as a kubelet does, by SIGTERM, and returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        _ = (await Command.RunAsync("podman", "stop", "--time", "20", _container)).Text;
        return int.Parse((await Command.RunAsync("podman", "inspect", "--format", "{{.State.ExitCode}}", _container)).Text, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Command.RunAsync("podman", "rm", "--force", "--time", "0", _container);
    }

    private async Task<bool> IsRunningAsync() =>
        (await Command.RunAsync("podman", "inspect", "--format", "{{.State.Running}}", _container)).Text == "true";
}
