using Orrery.Contracts;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>When endpoints are checked.</summary>
public sealed class HealthScheduleTests
{
    [Fact]
    public void A_thousand_endpoints_are_each_checked_once_an_interval_and_never_all_at_once()
    {
        using var fleet = new Fleet();
        var schedule = new HealthSchedule(fleet.Time, new Random(1));
        schedule.Follow(Enumerable.Range(0, 1_000).Select(i => Provider(fleet.Endpoint($"h{i}"), new HealthCheckSpec())));
        Assert.Equal(1_000, schedule.Count);
        var checks = new Dictionary<Endpoint, List<TimeSpan>>();
        var most = 0;
        for (var second = 0; second < 600; second++)
        {
            var now = 0;
            while (schedule.TryNext(out var target, out _, out _))
            {
                (checks.TryGetValue(target.Endpoint, out var times) ? times : checks[target.Endpoint] = []).Add(TimeSpan.FromSeconds(second));
                now++;
            }

            most = Math.Max(most, now);
            fleet.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1_000, checks.Count);
        Assert.InRange(most, 1, 60); // 1,000 in 54 s are 19 a second.
        Assert.All(checks.Values, times =>
        {
            Assert.InRange(times[0].TotalSeconds, 0, 61);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 47, 61));
        });
    }

    [Fact]
    public void Nothing_is_due_where_nobody_is_checked_and_a_change_is_told()
    {
        using var fleet = new Fleet();
        var schedule = new HealthSchedule(fleet.Time, new Random(1));
        var (commercial, own) = (fleet.Endpoint("a"), fleet.Endpoint("b"));
        schedule.Follow([Provider(commercial, null, "openai"), Provider(own, new HealthCheckSpec { Enabled = false })]);
        Assert.False(schedule.TryNext(out _, out var wait, out var changed));
        Assert.Equal(Timeout.InfiniteTimeSpan, wait);
        schedule.Follow([Provider(commercial, null, "openai"), Provider(own, null)]);
        Assert.True(changed.IsCompleted);
        Assert.False(schedule.TryNext(out _, out wait, out _));
        Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_new_snapshot_does_not_put_off_the_checks_of_those_that_stay()
    {
        using var fleet = new Fleet();
        var schedule = new HealthSchedule(fleet.Time, new Random(1));
        var (stays, goes) = (fleet.Endpoint("stays"), fleet.Endpoint("goes"));
        schedule.Follow([Provider(stays, null), Provider(goes, null)]);
        goes.Health.Checked("answered 500", 1);
        var checks = 0;
        for (var second = 0; second < 600; second++)
        {
            fleet.Time.Advance(TimeSpan.FromSeconds(1));
            schedule.Follow([Provider(stays, null)]);
            while (schedule.TryNext(out var target, out _, out _))
            {
                Assert.Same(stays, target.Endpoint);
                checks++;
            }
        }

        Assert.InRange(checks, 9, 13);
        Assert.Equal(EndpointState.InService, goes.Health.State);
    }

    [Theory]
    [InlineData("http://h:8000/v1", "/health", "http://h:8000/health")]
    [InlineData("https://h/openai/v1", "/health", "https://h/openai/health")]
    [InlineData("https://h/api", "/status/live", "https://h/api/status/live")]
    [InlineData("http://ollama:11434/v1", "/", "http://ollama:11434/")]
    [InlineData("http://lmstudio:1234/v1", "/v1/models", "http://lmstudio:1234/v1/models")]
    public void Health_lies_beside_the_api(string baseUrl, string path, string expected) =>
        Assert.Equal(expected, new ActiveCheck(path, default, default, 1, IsDeclared: true).AddressAt(baseUrl).ToString());

    private static ProviderRoute Provider(Endpoint endpoint, HealthCheckSpec? check, string offeredBy = "self_hosted")
    {
        var route = Fleet.Candidate(null, new WeightedEndpoint(endpoint, 1)).Provider;
        return new ProviderRoute
        {
            Spec = route.Spec with { HealthCheck = check, Provider = offeredBy },
            Adapter = route.Adapter,
            Fault = null,
            Endpoints = route.Endpoints,
            RequestTimeout = default,
            IdleTimeout = default,
            TotalTimeout = default,
        };
    }
}
