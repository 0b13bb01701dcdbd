using FsCheck;
using FsCheck.Fluent;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>What holds whatever happens to endpoints: random histories of requests, failures, checks and pauses.</summary>
public sealed class HealthPropertyTests
{
    private static readonly SendErrorKind[] Failures = Enum.GetValues<SendErrorKind>();

    private static readonly Arbitrary<Step[]> Histories = Arb.From(Gen.ArrayOf(
        Gen.Choose(0, 5).SelectMany(kind => Gen.Choose(0, 1_000), (kind, number) => new Step(kind, number))));

    [Fact]
    public void Whatever_the_history_each_healthy_endpoint_is_used_again()
    {
        Prop.ForAll(Histories, history =>
        {
            foreach (var strategy in BalancingStrategies.All)
            {
                using var world = new World(strategy);
                world.Play(history);
                world.AssertAllServeAgain();
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_request_gets_each_endpoint_of_its_plan_at_most_once_and_always_one_while_any_is_left_that_wants_no_pause()
    {
        Prop.ForAll(Histories, history =>
        {
            using var world = new World(BalancingStrategies.All[history.Length % BalancingStrategies.All.Count]);
            world.Play(history);
            var tried = new TriedEndpoints();
            var leases = new List<EndpointLease>();
            while (world.Fleet.Picker.TryTake(world.Plan, default, ref tried) is { } lease)
            {
                leases.Add(lease);
            }

            var paused = world.Endpoints.Where(endpoint => endpoint.Health.PauseFor(out _) > TimeSpan.Zero).ToList();
            Assert.Equal(world.Endpoints.Except(paused).Select(endpoint => endpoint.Shown).Order(), leases.Select(lease => lease.Endpoint.Shown).Order());
            Assert.Equal(paused.Count > 0 ? paused.Min(endpoint => endpoint.Health.PauseFor(out _)) : null, tried.Pause?.Remaining);
            Assert.All(leases, lease => Assert.Contains(lease.Candidate, world.Plan.Candidates));
            leases.ForEach(lease => lease.Dispose());
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_ejected_endpoint_gets_nothing_but_probes_while_another_serves()
    {
        Prop.ForAll(Histories, history =>
        {
            using var world = new World(BalancingStrategies.LeastInFlight);
            foreach (var step in history)
            {
                world.Play([step]);
                var states = world.Endpoints.ToDictionary(endpoint => endpoint, endpoint => endpoint.Health.State);
                if (!states.ContainsValue(EndpointState.InService) || !world.FirstProviderServes)
                {
                    continue;
                }

                var tried = new TriedEndpoints();
                using var lease = world.Fleet.Picker.TryTake(world.Plan, default, ref tried)!.Value;
                Assert.True(states[lease.Endpoint] == EndpointState.InService || (states[lease.Endpoint] == EndpointState.Probing && lease.IsProbe), $"{states[lease.Endpoint]}");
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Whoever_wants_to_be_left_alone_gets_no_request_and_when_nobody_else_is_left_it_is_said_for_how_long()
    {
        Prop.ForAll(Histories, history =>
        {
            using var world = new World(BalancingStrategies.All[history.Length % BalancingStrategies.All.Count]);
            foreach (var step in history)
            {
                world.Play([step]);
                var pauses = world.Endpoints.ToDictionary(endpoint => endpoint, endpoint => endpoint.Health.PauseFor(out _));
                var tried = new TriedEndpoints();
                if (world.Fleet.Picker.TryTake(world.Plan, default, ref tried) is not { } lease)
                {
                    Assert.Equal(pauses.Values.Min(), tried.Pause?.Remaining);
                    Assert.Equal(tried.Pause, Pause.SoonestOf(world.Plan));
                    continue;
                }

                Assert.True(pauses[lease.Endpoint] <= TimeSpan.Zero, $"{pauses[lease.Endpoint]}");
                lease.Dispose();
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Requests_at_the_same_time_leave_nothing_counted_wrongly()
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(new BalancingSpec { Strategy = BalancingStrategies.Latency }, 1, 1, 1);
        var endpoints = plan.Candidates[0].Provider.Endpoints.Select(weighted => weighted.Endpoint).ToList();
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var tried = new TriedEndpoints();
            using var lease = fleet.Picker.TryTake(plan, default, ref tried)!.Value;
            lease.Ended(i % 3 == 0 ? Routing.Fleet.Error(Failures[i % Failures.Length]) : null, null);
            endpoints[i % 3].Health.Checked(i % 5 == 0 ? "answered 500" : null, 1);
        });
        Assert.All(endpoints, endpoint => Assert.Equal(0, endpoint.InFlight));
        Assert.Equal(endpoints.Exists(endpoint => endpoint.Health.State != EndpointState.InService), fleet.Journal.AnyOut);
        endpoints.ForEach(endpoint => endpoint.Health.Forget());
        Assert.False(fleet.Journal.AnyOut);
    }

    /// <param name="Kind">0: a request begins; 1: one ends well; 2: one fails; 3: a check succeeds; 4: a check fails; 5: time passes.</param>
    internal sealed record Step(int Kind, int Number);

    /// <summary>Two providers of one model, with three endpoints and one.</summary>
    private sealed class World : IDisposable
    {
        private readonly List<EndpointLease> _running = [];

        public World(string strategy)
        {
            var spec = new BalancingSpec { Strategy = strategy, SlowStart = new Duration(TimeSpan.FromSeconds(5)) };
            Endpoints = [.. Enumerable.Range(0, 4).Select(i => Fleet.Endpoint($"h{i}"))];
            Plan = new RoutePlan(
            [
                Routing.Fleet.Candidate(spec, [.. Endpoints.Take(3).Select((endpoint, i) => new WeightedEndpoint(endpoint, i + 1))]),
                Routing.Fleet.Candidate(spec, new WeightedEndpoint(Endpoints[3], 1)),
            ]);
        }

        public Fleet Fleet { get; } = new();

        public Endpoint[] Endpoints { get; }

        public RoutePlan Plan { get; }

        public bool FirstProviderServes => Endpoints.Take(3).Any(endpoint => endpoint.Health.State == EndpointState.InService);

        public void Play(IEnumerable<Step> history)
        {
            foreach (var (kind, number) in history)
            {
                switch (kind)
                {
                    case 0:
                        var tried = new TriedEndpoints();
                        if (Fleet.Picker.TryTake(Plan, Asked(number), ref tried) is { } lease)
                        {
                            _running.Add(lease);
                        }
                        else
                        {
                            Assert.All(Endpoints, endpoint => Assert.True(endpoint.Health.PauseFor(out _) > TimeSpan.Zero));
                        }

                        break;
                    case 1 or 2 when _running.Count > 0:
                        End(number % _running.Count, kind == 1 ? null : Routing.Fleet.Error(Failures[number % Failures.Length], number % 3 == 0 ? TimeSpan.FromSeconds(number) : null));
                        break;
                    case 3:
                        Endpoints[number % 4].Health.Checked(null, 2);
                        break;
                    case 4:
                        Endpoints[number % 4].Health.Checked("answered 500", 2);
                        break;
                    case 5:
                        Fleet.Time.Advance(TimeSpan.FromMilliseconds(number * 20));
                        break;
                }
            }
        }

        /// <summary>From now on engines are well: within the longest pause and a round of checks all serve, and get requests.</summary>
        public void AssertAllServeAgain()
        {
            while (_running.Count > 0)
            {
                End(0, null);
            }

            Fleet.Time.Advance(TimeSpan.FromMinutes(5));
            foreach (var endpoint in Endpoints)
            {
                endpoint.Health.Checked(null, 2);
            }

            var used = new HashSet<Endpoint>();
            for (var i = 0; i < 2_000 && used.Count < 3; i++)
            {
                var tried = new TriedEndpoints();
                using var lease = Fleet.Picker.TryTake(Plan, Asked(i), ref tried)!.Value;
                Fleet.Time.Advance(TimeSpan.FromMilliseconds(20));
                lease.Ended(null, null);
                used.Add(lease.Endpoint);
            }

            Assert.Equal(Endpoints.Take(3).Select(endpoint => endpoint.Shown), used.Select(endpoint => endpoint.Shown).Order());
            Assert.All(Endpoints.Take(3), endpoint => Assert.Equal(EndpointState.InService, endpoint.Health.State));
            Assert.NotEqual(EndpointState.Down, Endpoints[3].Health.State);
            Assert.True(Endpoints[3].Health.MayEnter);
            Assert.All(Endpoints, endpoint => Assert.Equal(0, endpoint.InFlight));
        }

        public void Dispose() => Fleet.Dispose();

        private static Asked Asked(int number) => number % 2 == 0 ? Routing.Fleet.Session($"{number}") : default;

        private void End(int index, SendError? error)
        {
            _running[index].Ended(error, null);
            _running[index].Dispose();
            _running.RemoveAt(index);
        }
    }
}
