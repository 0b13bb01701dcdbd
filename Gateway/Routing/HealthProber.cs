using System.Net;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway.Routing;

/// <summary>Asks endpoints whether they live, each when its turn has come. Judges by the status alone: vLLM's answer has no body.</summary>
internal sealed partial class HealthProber(HealthSchedule schedule, TimeProvider time, ILogger<HealthProber> logger) : BackgroundService
{
    /// <summary>Checks under way at once: endpoints that hang must not hold up the others.</summary>
    private const int MostAtOnce = 256;

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    public override void Dispose()
    {
        base.Dispose();
        _places.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                if (schedule.TryNext(out var target, out var wait, out var changed))
                {
                    await _places.WaitAsync(stoppingToken);
                    _ = CheckAsync(target, stoppingToken);
                }
                else
                {
                    await WaitAsync(changed, wait, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }

        for (var i = 0; i < MostAtOnce; i++)
        {
            await _places.WaitAsync(CancellationToken.None); // Those under way are cancelled too, and end at once.
        }
    }

    private async Task WaitAsync(Task changed, TimeSpan wait, CancellationToken stoppingToken)
    {
        if (wait == Timeout.InfiniteTimeSpan)
        {
            await changed.WaitAsync(stoppingToken);
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny(changed, Task.Delay(wait, time, over.Token));
        await over.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    private async Task CheckAsync(CheckTarget target, CancellationToken stoppingToken)
    {
        try
        {
            var fault = await AskAsync(target, stoppingToken);
            if (!stoppingToken.IsCancellationRequested)
            {
                target.Endpoint.Health.Checked(fault, target.Check.FailureThreshold);
            }
        }
        catch (Exception error)
        {
            Log.CheckBroke(logger, target.Endpoint.Shown, error); // Nobody awaits it.
        }
        finally
        {
            _places.Release();
        }
    }

    /// <returns><c>null</c> when all is well; else what the endpoint did, as the end of a sentence about it.</returns>
    private async Task<string?> AskAsync(CheckTarget target, CancellationToken stoppingToken)
    {
        using var clock = new CancellationTokenSource(target.Check.Timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, clock.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, target.Check.AddressAt(target.Endpoint.Url))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var key = target.Provider.Access.Keys?.Peek();
        target.Provider.Access.AddTo(request.Headers, key);
        (target.Provider.Adapter as ITranslatingAdapter)?.AddHeaders(request.Headers);
        if (!request.Headers.NonValidated.Contains("User-Agent"))
        {
            request.Headers.TryAddWithoutValidation("User-Agent", "orrery-health");
        }

        try
        {
            using var response = await target.Endpoint.Connections.SendAsync(request, limit.Token);
            return response.StatusCode == HttpStatusCode.Unauthorized && key is not null
                ? null // One of several keys is bad, and the server lives; requests find out which.
                : FaultOf((int)response.StatusCode, target.Check);
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            return clock.IsCancellationRequested ? $"did not answer within {target.Check.Timeout.TotalSeconds:0.###} s"
                : failure is HttpRequestException { InnerException: EgressException } http ? $"cannot be reached: {AttemptFailure.ReasonOf(http)}"
                : "cannot be reached";
        }
    }

    private static string? FaultOf(int status, ActiveCheck check) => status switch
    {
        >= 200 and <= 299 => null,
        404 or 405 when !check.IsDeclared => null, // It answers, and has no such path: nobody said that it had.
        _ => $"answered {status}",
    };

    private static partial class Log
    {
        [LoggerMessage(611, LogLevel.Error, "The health check of {Endpoint} failed in the gateway", EventName = "HealthCheckBroke")]
        public static partial void CheckBroke(ILogger logger, string endpoint, Exception error);
    }
}
