using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>Which of a provider's endpoints takes a request, by numbers.</summary>
public sealed class BalancingTests
{
    public static TheoryData<string> Strategies => [.. BalancingStrategies.All];

    [Theory]
    [InlineData(BalancingStrategies.WeightedRoundRobin, 0.002)]
    [InlineData(BalancingStrategies.LeastInFlight, 0.02)]
    public void Shares_follow_the_weights(string strategy, double tolerance)
    {
        const int picks = 20_000;
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = strategy }, 1, 2, 5);
        var shares = Enumerable.Range(0, picks).Select(_ => fleet.PickOnce(plan)).CountBy(endpoint => endpoint.Shown).ToDictionary(pair => pair.Key, pair => pair.Value / (double)picks);
        Assert.InRange(shares["h0"], 0.125 - tolerance, 0.125 + tolerance);
        Assert.InRange(shares["h1"], 0.25 - tolerance, 0.25 + tolerance);
        Assert.InRange(shares["h2"], 0.625 - tolerance, 0.625 + tolerance);
    }

    [Fact]
    public void An_endpoint_that_is_out_leaves_its_turns_to_all_others_alike()
    {
        const int picks = 9_000;
        using var fleet = new Fleet();
        foreach (var strategy in new[] { BalancingStrategies.WeightedRoundRobin, BalancingStrategies.LeastInFlight })
        {
            var plan = fleet.Plan(new BalancingSpec { Strategy = strategy }, 1, 1, 1, 1);
            Eject(plan.Candidates[0].Provider.Endpoints[1].Endpoint);
            var shares = Enumerable.Range(0, picks).Select(_ => fleet.PickOnce(plan)).CountBy(endpoint => endpoint.Shown).ToDictionary(pair => pair.Key, pair => pair.Value);
            Assert.Equal(["h0", "h2", "h3"], shares.Keys.Order());
            Assert.All(shares.Values, count => Assert.InRange(count, 2_800, 3_200));
        }
    }

    [Fact]
    public void The_load_in_flight_stays_level()
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = BalancingStrategies.LeastInFlight }, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
        for (var i = 0; i < 1_000; i++)
        {
            var tried = new TriedEndpoints();
            _ = fleet.Picker.TryTake(plan, default, ref tried); // Never ends.
        }

        // One choice would leave them apart by about 40 of 100.
        Assert.All(plan.Candidates[0].Provider.Endpoints, weighted => Assert.InRange(weighted.Endpoint.InFlight, 96, 104));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Latency_prefers_the_faster_and_tries_the_slower_again(bool isFirstTokenMeasured)
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = BalancingStrategies.Latency }, 1, 1);
        var slow = plan.Candidates[0].Provider.Endpoints[0].Endpoint;
        var (slowTime, fastTime) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(10));
        Assert.InRange(Share(), 0.0001, 0.1);
        (slowTime, fastTime) = (fastTime, slowTime);
        Share(); // It takes a while until it is noticed.
        Assert.InRange(Share(), 0.9, 0.9999);

        double Share()
        {
            const int picks = 5_000;
            var count = 0;
            for (var i = 0; i < picks; i++)
            {
                var tried = new TriedEndpoints();
                using var lease = fleet.Picker.TryTake(plan, default, ref tried)!.Value;
                fleet.Time.Advance(ReferenceEquals(lease.Endpoint, slow) ? slowTime : fastTime);
                var first = fleet.Time.GetTimestamp();
                if (isFirstTokenMeasured)
                {
                    fleet.Time.Advance(TimeSpan.FromMilliseconds(ReferenceEquals(lease.Endpoint, slow) ? 1 : 50)); // The rest of the stream says nothing.
                }

                lease.Ended(null, isFirstTokenMeasured ? first : null);
                count += ReferenceEquals(lease.Endpoint, slow) ? 1 : 0;
            }

            return count / (double)picks;
        }
    }

    [Fact]
    public void Failing_fast_makes_nothing_look_fast()
    {
        using var fleet = new Fleet();
        var endpoint = fleet.Endpoint("h");
        var candidate = Fleet.Candidate(new BalancingSpec { Strategy = BalancingStrategies.Latency }, new WeightedEndpoint(endpoint, 1));
        End(TimeSpan.FromMilliseconds(100), null);
        var before = endpoint.Latency.Read(fleet.Time.GetTimestamp());
        Assert.Equal(0.1, before, 3);
        for (var i = 0; i < 2; i++)
        {
            End(TimeSpan.FromMilliseconds(1), Fleet.Error(SendErrorKind.ServerError));
        }

        Assert.InRange(endpoint.Latency.Read(fleet.Time.GetTimestamp()), 0.0999, 0.1);
        End(TimeSpan.FromSeconds(5), Fleet.Error(SendErrorKind.NoAnswerInTime));
        Assert.Equal(5, endpoint.Latency.Read(fleet.Time.GetTimestamp()), 3);

        void End(TimeSpan after, SendError? error)
        {
            using var lease = endpoint.TakeAnyway(candidate);
            fleet.Time.Advance(after);
            lease.Ended(error, null);
        }
    }

    [Fact]
    public void Sessions_stay_and_only_those_of_an_endpoint_that_goes_move()
    {
        using var fleet = new Fleet();
        using var other = new Fleet(seed: 99);
        var spec = new BalancingSpec { Strategy = BalancingStrategies.Session };
        var plan = fleet.Plan(spec, 1, 1, 1, 1, 2);
        var sessions = Enumerable.Range(0, 3_000).Select(i => $"session-{i}").ToList();
        var home = sessions.ToDictionary(session => session, session => fleet.PickOnce(plan, Fleet.Session(session)).Shown);
        var elsewhere = other.Plan(spec, 1, 1, 1, 1, 2);
        Assert.All(sessions, session => Assert.Equal(home[session], other.PickOnce(elsewhere, Fleet.Session(session)).Shown)); // Another gateway chooses alike.
        Assert.All(home.CountBy(pair => pair.Value), share => Assert.InRange(share.Value, share.Key == "h4" ? 900 : 420, share.Key == "h4" ? 1_100 : 580));

        var gone = plan.Candidates[0].Provider.Endpoints[2].Endpoint;
        gone.Health.Checked("answered 500", 1);
        foreach (var session in sessions)
        {
            var now = fleet.PickOnce(plan, Fleet.Session(session)).Shown;
            Assert.True(home[session] == "h2" ? now != "h2" : now == home[session], session);
        }

        gone.Health.Checked(null, 1);
        Assert.All(sessions, session => Assert.Equal(home[session], fleet.PickOnce(plan, Fleet.Session(session)).Shown));

        // One more endpoint takes its share and moves nothing between the others.
        var grown = fleet.Plan(spec, 1, 1, 1, 1, 2, 1);
        var moved = sessions.Where(session => fleet.PickOnce(grown, Fleet.Session(session)).Shown != home[session]).ToList();
        Assert.All(moved, session => Assert.Equal("h5", fleet.PickOnce(grown, Fleet.Session(session)).Shown));
        Assert.InRange(moved.Count, 360, 500); // A seventh.
    }

    [Fact]
    public void A_session_that_fails_goes_on_at_its_second_choice_and_requests_without_one_are_spread()
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = BalancingStrategies.Session }, 1, 1, 1);
        var tried = new TriedEndpoints();
        var order = new List<string>();
        while (fleet.Picker.TryTake(plan, Fleet.Session("s"), ref tried) is { } lease)
        {
            order.Add(lease.Endpoint.Shown);
            lease.Dispose();
        }

        Assert.Equal(["h0", "h1", "h2"], order.Order());
        Assert.Equal(order[0], fleet.PickOnce(plan, Fleet.Session("s")).Shown);
        Assert.Equal(3, Enumerable.Range(0, 100).Select(_ => fleet.PickOnce(plan).Shown).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void An_endpoint_that_came_back_gets_its_share_bit_by_bit(string strategy)
    {
        const int picks = 4_000;
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = strategy, SlowStart = new Duration(TimeSpan.FromSeconds(100)) }, 1, 1, 1, 1);
        fleet.Time.Advance(TimeSpan.FromSeconds(100));
        var back = plan.Candidates[0].Provider.Endpoints[0].Endpoint;
        back.Health.Checked("answered 500", 1);
        back.Health.Checked(null, 1);
        var before = 0.0;
        foreach (var (elapsed, most) in new[] { (0, 0.05), (25, 0.25), (50, 0.5), (75, 0.75) })
        {
            var share = Share();
            Assert.True(share <= (0.25 * most) + 0.05 && share > before, $"{share:0.000} at {elapsed} s, {before:0.000} before");
            before = share;
            fleet.Time.Advance(TimeSpan.FromSeconds(25));
        }

        Assert.InRange(Share(), 0.22, 0.28);

        double Share() => Enumerable.Range(0, picks)
            .Count(i => ReferenceEquals(fleet.PickOnce(plan, strategy == BalancingStrategies.Session ? Fleet.Session($"{i}") : default), back)) / (double)picks;
    }

    [Fact]
    public void A_gateway_that_starts_takes_no_session_from_its_endpoint()
    {
        using var fleet = new Fleet();
        var spec = new BalancingSpec { Strategy = BalancingStrategies.Session, SlowStart = new Duration(TimeSpan.FromSeconds(30)) };
        var plan = fleet.Plan(spec, 1, 1, 1, 1);
        var sessions = Enumerable.Range(0, 1_000).Select(i => $"session-{i}").ToList();
        var atStart = Homes();
        fleet.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(atStart, Homes());

        // Beside endpoints that serve for ten seconds one is new all the same.
        var late = plan.Candidates[0].Provider.Endpoints[0].Endpoint;
        late.Health.Checked("answered 500", 1);
        late.Health.Checked(null, 1);
        Assert.InRange(Homes().Count(home => home == "h0"), 1, 40);
        fleet.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(atStart, Homes());

        List<string> Homes() => [.. sessions.Select(session => fleet.PickOnce(plan, Fleet.Session(session)).Shown)];
    }

    [Fact]
    public void An_endpoint_whose_ejection_is_over_gets_the_next_request()
    {
        using var fleet = new Fleet();
        foreach (var strategy in BalancingStrategies.All)
        {
            var plan = fleet.Plan(new BalancingSpec { Strategy = strategy }, [.. Enumerable.Repeat(1, 50)]);
            var endpoint = plan.Candidates[0].Provider.Endpoints[17].Endpoint;
            Eject(endpoint);
            fleet.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Same(endpoint, fleet.PickOnce(plan));
        }
    }

    [Fact]
    public void When_all_are_out_the_least_bad_serve()
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(null, 1, 1, 1, 1);
        var endpoints = plan.Candidates[0].Provider.Endpoints.Select(weighted => weighted.Endpoint).ToList();
        Eject(endpoints[0]);
        endpoints[1].Health.Checked("answered 500", 1);
        Eject(endpoints[2], SendErrorKind.ServerError);
        Eject(endpoints[3], SendErrorKind.ServerError);
        var held = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var tried = new TriedEndpoints();
            held.Add(fleet.Picker.TryTake(plan, default, ref tried)!.Value.Endpoint.Shown);
        }

        // Both that fail alike share the load; the dead one and the one that is down get none.
        Assert.Equal(["h2", "h2", "h2", "h3", "h3", "h3"], held.Order());
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Taking_an_endpoint_allocates_nothing(string strategy)
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = strategy, SlowStart = new Duration(TimeSpan.FromSeconds(1)) }, 1, 2, 3, 4);
        Eject(plan.Candidates[0].Provider.Endpoints[3].Endpoint);
        var asked = Fleet.Session("s");
        Take(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Take(1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Take(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var tried = new TriedEndpoints();
                using var lease = fleet.Picker.TryTake(plan, i % 2 == 0 ? asked : default, ref tried)!.Value;
                lease.Ended(null, null);
            }
        }
    }

    private static void Eject(Endpoint endpoint, SendErrorKind kind = SendErrorKind.ConnectFailed)
    {
        while (endpoint.Health.TryEnter(out var ticket))
        {
            endpoint.Health.Report(Fleet.Error(kind), ticket);
        }
    }
}
