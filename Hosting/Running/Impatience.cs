using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The first Ctrl-C stops the graph in order (the host's own doing); the second kills what is left.</summary>
internal sealed class Impatience(GraphRunner graph) : IHostedService, IDisposable
{
    private PosixSignalRegistration? _registration;
    private int _count;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref _count) > 1)
            {
                graph.KillNow();
            }
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registration?.Dispose();
}
