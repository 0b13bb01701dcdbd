using System.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>The container runtime is missing or does not answer.</summary>
internal sealed class ContainerRuntimeException(string message) : DistributedApplicationException(message);

/// <summary>podman or docker: the first that works, or the one in <c>ASPIRE_CONTAINER_RUNTIME</c>.</summary>
internal sealed class ContainerRuntime(IConfiguration configuration, TimeProvider time)
{
    public const string ConfigurationKey = "ASPIRE_CONTAINER_RUNTIME";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _lock = new(1);
    private string? _program;
    private bool _hasNetwork;

    /// <summary>The path of the tool; asked again until one works, since people start it when they see that it is missing.</summary>
    /// <exception cref="ContainerRuntimeException">None works.</exception>
    public async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            return _program ??= await SearchAsync(cancellationToken);
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>The run's own network, made when it is first asked for; the reaper removes it.</summary>
    public async Task<string> NetworkAsync(RunDirectory run, CancellationToken cancellationToken)
    {
        var program = await FindAsync(cancellationToken);
        var name = $"aspire-{run.Id}";
        await _lock.WaitAsync(cancellationToken);
        try
        {
            if (!_hasNetwork)
            {
                await File.WriteAllTextAsync(Path.Combine(run.Path, "runtime"), program + "\n", cancellationToken);
                var (code, output) = await RunAsync(program, ["network", "create", "--label", $"aspire.hosting.run={run.Id}", name], cancellationToken);
                _hasNetwork = code == 0 ? true : throw new ContainerRuntimeException($"{program} cannot make a network: {output}");
            }
        }
        finally
        {
            _lock.Release();
        }

        return name;
    }

    /// <summary>Removes a container whose client ended without it; no error when it is gone already.</summary>
    public async Task RemoveAsync(string container)
    {
        if (_program is { } program)
        {
            // podman's rm -f would ask once more, for ten seconds, what has been asked long enough.
            await RunAsync(program, ["kill", container], CancellationToken.None);
            await RunAsync(program, ["rm", "-f", container], CancellationToken.None);
        }
    }

    private async Task<string> SearchAsync(CancellationToken cancellationToken)
    {
        var configured = configuration[ConfigurationKey] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"];
        var tried = new List<string>();
        foreach (var name in configured is { Length: > 0 } ? [configured] : new[] { "podman", "docker" })
        {
            if (Programs.Find(name) is not { } program)
            {
                tried.Add($"{name} is not installed");
                continue;
            }

            var (code, output) = await RunAsync(program, ["ps", "-q"], cancellationToken);
            if (code == 0)
            {
                return program;
            }

            tried.Add($"{name} does not work ({output})");
        }

        throw new ContainerRuntimeException(
            $"No container runtime: {string.Join("; ", tried)}. Install podman (on Debian and Ubuntu: apt-get install podman) or start docker, then start the resource again.");
    }

    private async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(_ => limit.Cancel(), null, Patience, Timeout.InfiniteTimeSpan);
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new UnreachableException();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, string.Join(' ', $"{await output} {error}".Split((char[])['\r', '\n', ' '], StringSplitOptions.RemoveEmptyEntries)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill();
            return (-1, $"no answer within {Patience.TotalSeconds:0} s");
        }
    }
}
