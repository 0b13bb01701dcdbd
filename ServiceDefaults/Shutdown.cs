using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orrery.ServiceDefaults;

/// <summary>How a service ends so that no request is lost: it goes on serving until everybody has heard, then waits for what still runs.</summary>
internal static class Shutdown
{
    private const int DefaultTimeoutSeconds = 30;
    private const int MostSeconds = 3600;

    /// <summary>
    /// Reads <c>Shutdown:DelaySeconds</c> (how long it goes on as before after it was told to end, 0 unless set) and .NET's own
    /// <c>shutdownTimeoutSeconds</c> (how long it then waits for running requests, streams included; 30 unless set).
    /// </summary>
    /// <exception cref="InvalidOperationException">One of them is no number from 0 to 3600.</exception>
    public static void Add(IHostApplicationBuilder builder)
    {
        var delay = Seconds(builder.Configuration, "Shutdown:DelaySeconds", 0);
        var timeout = Seconds(builder.Configuration, "shutdownTimeoutSeconds", DefaultTimeoutSeconds);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = delay + timeout);
        if (delay > TimeSpan.Zero)
        {
            builder.Services.AddHostedService(provider => new Delay(delay, provider.GetRequiredService<TimeProvider>()));
        }
    }

    private static TimeSpan Seconds(IConfiguration configuration, string key, int fallback)
    {
        var text = configuration[key];
        return string.IsNullOrEmpty(text) ? TimeSpan.FromSeconds(fallback)
            : int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds <= MostSeconds ? TimeSpan.FromSeconds(seconds)
            : throw new InvalidOperationException($"{key} is '{text}'; expected whole seconds from 0 to {MostSeconds}.");
    }

    // Proxies learn that a pod ends at about the time when the pod does: for a while they still send it requests.
    private sealed class Delay(TimeSpan delay, TimeProvider time) : IHostedLifecycleService
    {
        public Task StoppingAsync(CancellationToken cancellationToken) =>
            Task.Delay(delay, time, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
