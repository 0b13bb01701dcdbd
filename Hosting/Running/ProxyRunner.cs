using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The proxy process in front of several copies: it listens on the public ports and spreads connections over the copies that accept them.</summary>
internal sealed class ProxyRunner(IResource resource, IReadOnlyList<Forward> forwards, RunServices services)
{
    private ChildProcess? _child;
    private Task _watch = Task.CompletedTask;
    private volatile bool _stopping;

    public bool IsActive => _child is { Exited.IsCompleted: false };

    public async Task StartAsync()
    {
        if (forwards.Count == 0 || IsActive)
        {
            return;
        }

        _stopping = false;
        var assembly = Path.Combine(AppContext.BaseDirectory, "Orrery.Hosting.Proxy.dll");
        if (!File.Exists(assembly))
        {
            throw new DistributedApplicationException($"'{resource.Name}' needs the proxy, and {assembly} does not exist: build the AppHost again.");
        }

        var (program, arguments) = DotnetPrograms.CommandOf(assembly);
        var plan = new LaunchPlan
        {
            FileName = program,
            Arguments = [.. arguments, .. forwards.Select(Argument)],
            Environment = DotnetPrograms.WithRoot(new Dictionary<string, string>()),
            WorkingDirectory = services.Run.Path,
            StopTimeout = TimeSpan.FromSeconds(3),
        };
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _child = await ChildProcess.StartAsync($"{resource.Name}-proxy", plan, services.Run, Line, services.Time);
        _watch = WatchAsync(_child);
        if (await Task.WhenAny(listening.Task, _child.Exited) != listening.Task)
        {
            throw new DistributedApplicationException($"The proxy of '{resource.Name}' ended before it listened; the lines above say why.");
        }

        void Line(string line, bool isError)
        {
            if (line == "listening")
            {
                listening.TrySetResult();
            }
            else
            {
                services.Loggers.Add(resource.Name, $"[proxy] {line}", isError);
            }
        }
    }

    public async Task StopAsync()
    {
        _stopping = true;
        if (_child is { } child)
        {
            await child.StopAsync(services.KillNow);
            await _watch;
        }
    }

    private async Task WatchAsync(ChildProcess child)
    {
        var code = await child.Exited;
        if (_stopping)
        {
            return;
        }

        services.Loggers.Add(resource.Name, $"The proxy ended: {ExitCodes.Explain(code, wasStopped: false)} Restart the resource.", isError: true);
        await services.Notifications.PublishUpdateAsync(resource, one => one with
        {
            State = new ResourceStateSnapshot(KnownResourceStates.RuntimeUnhealthy, KnownResourceStateStyles.Error),
        });
    }

    private static string Argument(Forward forward) =>
        string.Create(CultureInfo.InvariantCulture, $"{forward.Port}={string.Join(',', forward.Targets)}");
}
