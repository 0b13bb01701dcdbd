using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>A graph that can run.</summary>
/// <param name="host">The host whose services run it.</param>
public class DistributedApplication(IHost host) : IHost, IAsyncDisposable
{
    private readonly EntryPointRun? _entryPoint = EntryPointRun.Current;
    private int _disposed;

    /// <summary>The services of the host.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>What state every resource is in.</summary>
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    /// <summary>Starts, stops and restarts resources.</summary>
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    /// <summary>A builder without a command line.</summary>
    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    /// <summary>A builder for a command line.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>A builder set up by <paramref name="options"/>.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) => new DistributedApplicationBuilder(options);

    /// <summary>Runs until the process is told to stop.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>Runs until the process is told to stop or <paramref name="cancellationToken"/> fires; returns when every resource has stopped.</summary>
    /// <remarks>A graph that cannot start is reported on standard error in one line, and the process ends with exit code 1.</remarks>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (_entryPoint is { IsThisFlow: true })
        {
            await _entryPoint.Ended;
            return;
        }

        await using (this)
        {
            try
            {
                await StartAsync(cancellationToken);
            }
            catch (DistributedApplicationException error)
            {
                await Console.Error.WriteLineAsync(error.Message);
                Environment.ExitCode = 1;
                return;
            }

            if (Services.GetRequiredService<DistributedApplicationExecutionContext>().IsRunMode)
            {
                await host.WaitForShutdownAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// Begins to start every resource; returns when all ports are known. Wait for states through <see cref="ResourceNotifications"/>.
    /// In publish mode the graph is written out instead, and nothing starts.
    /// </summary>
    public virtual async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_entryPoint is { IsThisFlow: true })
        {
            await _entryPoint.Ended;
            return;
        }

        if (Services.GetRequiredService<DistributedApplicationExecutionContext>().IsPublishMode)
        {
            await PublishSteps.RunAsync(Services, cancellationToken);
            return;
        }

        await host.StartAsync(cancellationToken);
    }

    /// <summary>Stops every resource, dependents first.</summary>
    public virtual Task StopAsync(CancellationToken cancellationToken = default) => host.StopAsync(cancellationToken);

    /// <summary>Stops what still runs and frees everything.</summary>
    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops what still runs and frees everything.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (_entryPoint is { IsThisFlow: true } || Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        var configuration = Services.GetRequiredService<IConfiguration>();
        await Services.GetRequiredService<GraphRunner>().StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)host).DisposeAsync();
        TestDefaults.CleanUp(configuration);
        _entryPoint?.End();
        GC.SuppressFinalize(this);
    }
}
