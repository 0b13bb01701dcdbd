using Aspire.Hosting;

namespace Orrery.Tests.Hosting;

/// <summary>However a host ends, nothing of it is left: processes that ignore signals, those that left their group, ports.</summary>
public sealed class ReaperTests : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("hosting-tests-");

    [Fact]
    public async Task Killed_host_leaves_no_process_and_no_port()
    {
        await using var host = new HostProcess(_state.FullName);
        var run = await host.UntilStartedAsync();
        await Eventually.Holds(() => Task.FromResult(string.Join(' ', HostProcess.Marked(run))), running => running.Split(' ').Length >= 6);
        var ports = host.Ports();

        host.Send(Signal.Kill);
        await host.ExitCodeAsync();
        await NothingIsLeftAsync(run, ports);
    }

    [Fact]
    public async Task Terminated_host_ends_with_success_too()
    {
        await using var host = new HostProcess(_state.FullName);
        var run = await host.UntilStartedAsync();
        var ports = host.Ports();
        host.Send(Signal.Terminate);
        Assert.Equal(0, await host.ExitCodeAsync());
        Assert.True(host.Output.Contains("pg         Finished", StringComparison.Ordinal) || host.Output.Contains("pg         Exited (exit code 0)", StringComparison.Ordinal), host.Output);
        await NothingIsLeftAsync(run, ports);
    }

    [Fact]
    public async Task Interrupted_host_stops_in_order_and_ends_with_success()
    {
        await using var host = new HostProcess(_state.FullName);
        var run = await host.UntilStartedAsync();
        var ports = host.Ports();
        host.Send(Signal.Interrupt);
        await Eventually.Holds(() => host.Output.Contains("stubborn   Stopping", StringComparison.Ordinal));

        // The stubborn one would be given its time; the second interrupt ends the patience.
        host.Send(Signal.Interrupt);
        Assert.Equal(0, await host.ExitCodeAsync());
        Assert.True(host.Output.IndexOf("stubborn   Exited", StringComparison.Ordinal) < host.Output.IndexOf("service-1  Stopping", StringComparison.Ordinal), host.Output);
        Assert.True(host.Output.IndexOf("service-1  Finished", StringComparison.Ordinal) < host.Output.IndexOf("cache      Stopping", StringComparison.Ordinal), host.Output);
        await NothingIsLeftAsync(run, ports);
    }

    [Fact]
    public async Task A_later_host_sweeps_what_a_host_and_its_reaper_left()
    {
        string run;
        await using (var host = new HostProcess(_state.FullName))
        {
            run = await host.UntilStartedAsync();
            var reaper = int.Parse((await File.ReadAllTextAsync(Path.Combine(_state.FullName, "run", run, "reaper"), Graph.Soon())).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            var hostId = host.Id;

            // Together, before the host can start another reaper.
            Signals.Send(hostId, Signal.Kill);
            Signals.Send(reaper, Signal.Kill);
            await host.ExitCodeAsync();
            Assert.NotEmpty(HostProcess.Marked(run));

            await using var next = new HostProcess(_state.FullName);
            await Eventually.Holds(() => next.Output.Contains($"An earlier run ({run}) ended", StringComparison.Ordinal));
            await Eventually.Holds(() => Task.FromResult(HostProcess.Marked(run)), left => left.Count == 0);
        }

        Assert.False(Directory.Exists(Path.Combine(_state.FullName, "run", run)));
    }

    public void Dispose() => _state.Delete(recursive: true);

    private async Task NothingIsLeftAsync(string run, List<int> ports)
    {
        await Eventually.Holds(() => Task.FromResult(string.Join(' ', HostProcess.Marked(run))), left => left.Length == 0);
        await Eventually.Holds(() => Directory.GetDirectories(Path.Combine(_state.FullName, "run")).Length == 0);
        Assert.True(ports.Count >= 3);
        Assert.All(ports, port => Assert.True(PortAllocator.IsFree(port)));
    }
}
