using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Orrery.Builder;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.Builder.Kubernetes.Cluster;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>Never two, whatever happens to one of them.</summary>
public sealed class LeadershipTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly ConcurrentQueue<string> _story = new();
    private readonly HashSet<string> _paused = [];
    private FakeCluster _cluster = null!;
    private int _leading;
    private int _most;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await FakeCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Of_two_with_a_Lease_one_leads_and_the_other_follows_when_it_gives_back()
    {
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var one = RunAsync(Lease("one"), "one", first.Token);
        await Eventually.Holds(() => _story.Contains("one begins"));
        var two = RunAsync(Lease("two"), "two", second.Token);
        await Eventually.Holds(() => _cluster.Requests.Count(request => request.Resource == "leases") > 20);
        Assert.Equal(["one begins"], _story);

        var stopped = TimeProvider.System.GetTimestamp();
        await first.CancelAsync();
        await Eventually.Holds(() => _story.Contains("two begins"));
        Assert.True(TimeProvider.System.GetElapsedTime(stopped) < TimeSpan.FromSeconds(1), "It was given back, so nobody has to wait until it expires.");
        await second.CancelAsync();
        await Ended(one, two);

        Assert.Equal(["one begins", "one ends", "two begins", "two ends"], _story);
        Assert.Equal(1, _most);
        var lease = _cluster.All(KubernetesResource.Leases, "orrery")["builder"];
        Assert.Equal(("", 1), (lease.Text("spec", "holderIdentity"), lease.Whole("spec", "leaseTransitions")));
        foreach (var request in _cluster.Requests)
        {
            Assert.True(KubernetesPermissions.Allows(request.Group, request.Resource, request.Verb), request.ToString());
        }
    }

    [Fact]
    public async Task One_that_cannot_renew_stops_before_another_takes_over_and_then_waits_again()
    {
        // The paused one's requests hang: it does not learn of anything.
        _cluster.Users["one"] = "one";
        _cluster.Users["two"] = "two";
        _cluster.Interfere = async context =>
        {
            bool isPaused;
            lock (_paused)
            {
                isPaused = _paused.Contains(context.Request.Headers.Authorization.ToString());
            }

            if (isPaused)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return isPaused;
        };
        using var stop = new CancellationTokenSource();
        var one = RunAsync(Lease("one", "one"), "one", stop.Token);
        await Eventually.Holds(() => _story.Contains("one begins"));
        var two = RunAsync(Lease("two", "two"), "two", stop.Token);
        Pause("Bearer one", true);

        await Eventually.Holds(() => _story.Contains("two begins"));
        Assert.Equal(["one begins", "one ends", "two begins"], _story);
        Pause("Bearer one", false);
        Pause("Bearer two", true);
        await Eventually.Holds(() => _story.Count >= 5);
        await stop.CancelAsync();
        await Ended(one, two);

        Assert.Equal(["one begins", "one ends", "two begins", "two ends", "one begins"], _story.Take(5));
        Assert.Equal(1, _most);
    }

    [Fact]
    public async Task Of_many_that_start_at_once_one_leads()
    {
        using var stop = new CancellationTokenSource();
        var all = Enumerable.Range(0, 8).Select(at => RunAsync(Lease($"c{at}"), $"c{at}", stop.Token)).ToArray();
        await Eventually.Holds(() => _cluster.Requests.Count(request => request.Resource == "leases") > 100);
        await stop.CancelAsync();
        await Ended(all);

        Assert.Equal(1, _most);
    }

    [Fact]
    public async Task Work_that_ends_by_itself_ends_it_all_and_gives_back()
    {
        await Lease("one").RunAsync(_ => Task.CompletedTask, Token);
        Assert.Equal("", _cluster.All(KubernetesResource.Leases, "orrery")["builder"].Text("spec", "holderIdentity"));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Lease("two").RunAsync(_ => throw new InvalidOperationException("work"), Token));
        Assert.Equal("work", error.Message);
        Assert.Equal("", _cluster.All(KubernetesResource.Leases, "orrery")["builder"].Text("spec", "holderIdentity"));
    }

    [Fact]
    public async Task Of_two_with_a_lock_one_leads_and_stops_before_the_other_when_its_session_is_ended()
    {
        var database = await postgres.CreateDatabaseAsync();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var one = RunAsync(Lock(database), "one", first.Token);
        await Eventually.Holds(() => _story.Contains("one begins"));
        var two = RunAsync(Lock(database), "two", second.Token);

        await using (var source = NpgsqlDataSource.Create(database))
        {
            await using var kill = source.CreateCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
            Assert.Equal(1L, await kill.ExecuteScalarAsync(Token));
        }

        await Eventually.Holds(() => _story.Count >= 3);
        Assert.Equal(1, _most);
        Assert.Equal(["one begins", "one ends"], _story.Take(2));
        await first.CancelAsync();
        await Eventually.Holds(() => _story.LastOrDefault() == "two begins");
        await second.CancelAsync();
        await Ended(one, two);
        Assert.Equal(1, _most);
    }

    private async Task RunAsync(ILeadership leadership, string name, CancellationToken cancellationToken) => await leadership.RunAsync(
        async token =>
        {
            _story.Enqueue($"{name} begins");
            var now = Interlocked.Increment(ref _leading);
            InterlockedMax(now);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Decrement(ref _leading);
            _story.Enqueue($"{name} ends");
            token.ThrowIfCancellationRequested();
        },
        cancellationToken);

    private void InterlockedMax(int now)
    {
        for (var seen = _most; now > seen; seen = _most)
        {
            Interlocked.CompareExchange(ref _most, now, seen);
        }
    }

    private void Pause(string who, bool paused)
    {
        lock (_paused)
        {
            _ = paused ? _paused.Add(who) : _paused.Remove(who);
        }
    }

    private static async Task Ended(params Task[] all)
    {
        foreach (var one in all)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }
    }

    private LeaseLeadership Lease(string identity, string? token = null) =>
        new(_cluster.Client(token), "orrery", "builder", identity, TimeProvider.System, NullLogger<LeaseLeadership>.Instance)
        {
            Duration = TimeSpan.FromSeconds(2),
            Term = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)),
        };

    private static PostgresLeadership Lock(string database) => new(database, "orrery/builder", TimeProvider.System, NullLogger<PostgresLeadership>.Instance)
    {
        Term = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500)),
        Settling = TimeSpan.FromSeconds(1),
        Retry = TimeSpan.FromMilliseconds(50),
    };
}
