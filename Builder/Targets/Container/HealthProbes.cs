using System.Collections.Concurrent;
using System.Net;

namespace Orrery.Builder.Targets.Container;

/// <summary>What is known of a server that runs.</summary>
/// <param name="Answered">Whether it ever has.</param>
/// <param name="Failures">How often in a row it has not.</param>
/// <param name="Last">What came instead of 200.</param>
/// <param name="Since">When it was first asked: a Builder that starts anew has not seen what was before.</param>
internal sealed record Health(bool Answered, int Failures, string? Last, DateTimeOffset Since);

/// <summary>Asks every server that runs, again and again, each in a loop of its own. Real HTTP: a process that lives need not answer.</summary>
/// <param name="changed">Called with a deployment's uid when a server begins or ceases to answer.</param>
internal sealed class HealthProbes(TimeProvider time, Action<string> changed) : IAsyncDisposable
{
    // While a server starts, nobody wants to wait another ten seconds for what is there.
    private static readonly TimeSpan MostWhileStarting = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Loop> _loops = new();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        // A fresh connection each time, as a client's would be: one from before says little of whether new ones are taken.
        PooledConnectionLifetime = TimeSpan.Zero,
    });

    /// <summary>What is known of this start of a server; it is asked from now on. The first answer is waited for, so that a Builder that starts anew does not take servers for starting that serve.</summary>
    public async Task<Health> OfAsync(SeenContainer container, CancellationToken cancellationToken)
    {
        if (container.Address is not { } address)
        {
            return new Health(false, 0, "it has no port yet", time.GetUtcNow());
        }

        var loop = _loops.GetOrAdd(container.Incarnation, _ => new Loop(this, container.Labels, new Uri(address, container.Labels.Probe.Path)));
        loop.Begin();
        await loop.First.WaitAsync(cancellationToken);
        return loop.Health;
    }

    /// <summary>Whether this start of a server has ever been seen to answer.</summary>
    public bool HasAnswered(string incarnation) => _loops.TryGetValue(incarnation, out var loop) && loop.Health.Answered;

    /// <summary>Asks those no longer that are not among these; what is known of those that have ended is kept while their containers are.</summary>
    public void Keep(IReadOnlyList<SeenContainer> containers)
    {
        var kept = containers.ToDictionary(one => one.Incarnation, one => one.Runs);
        foreach (var (incarnation, loop) in _loops)
        {
            if (!kept.TryGetValue(incarnation, out var runs))
            {
                _loops.TryRemove(incarnation, out _);
                loop.Stop();
            }
            else if (!runs)
            {
                loop.Stop();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        var loops = _loops.Values.ToList();
        loops.ForEach(loop => loop.Stop());
        foreach (var loop in loops)
        {
            await loop.Ended;
        }

        _http.Dispose();
    }

    private async Task<string?> AskAsync(Uri address, TimeSpan within, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(within, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping, late.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            using var response = await _http.SendAsync(request, limit.Token);
            return response.StatusCode == HttpStatusCode.OK ? null : $"it answers {(int)response.StatusCode}";
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return FormattableString.Invariant($"no answer within {within.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException error)
        {
            return error.InnerException?.Message ?? error.Message;
        }
    }

    private sealed class Loop(HealthProbes owner, ContainerLabels labels, Uri address)
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private Task? _running;

        public Health Health { get; private set; } = new(false, 0, null, owner.TimeNow);

        public Task First => _first.Task;

        public Task Ended => _running ?? Task.CompletedTask;

        public void Begin()
        {
            lock (_lock)
            {
                _running ??= RunAsync();
            }
        }

        public void Stop()
        {
            _stop.Cancel();
            _first.TrySetResult();
        }

        private async Task RunAsync()
        {
            var probe = labels.Probe;
            try
            {
                while (!_stop.IsCancellationRequested)
                {
                    var fault = await owner.AskAsync(address, probe.Timeout, _stop.Token);
                    Take(fault, probe.Failures);
                    _first.TrySetResult();
                    var pause = Health.Answered || probe.Interval < MostWhileStarting ? probe.Interval : MostWhileStarting;
                    await Task.Delay(pause, owner.Time, _stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                // It has ended, or this process does.
            }
        }

        private void Take(string? fault, int failures)
        {
            var before = Health;
            Health = fault is null ? before with { Answered = true, Failures = 0, Last = null } : before with { Failures = before.Failures + 1, Last = fault };
            if (Health.Answered != before.Answered || Health.Failures >= failures != before.Failures >= failures)
            {
                owner.Changed(labels.Key.Uid);
            }
        }
    }

    private TimeProvider Time => time;

    private DateTimeOffset TimeNow => time.GetUtcNow();

    private void Changed(string uid) => changed(uid);
}
