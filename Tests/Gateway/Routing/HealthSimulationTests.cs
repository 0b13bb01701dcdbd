using FsCheck;
using FsCheck.Fluent;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>Five minutes of engines that die, fail and come back, with a request every quarter of a second and health checks in their turn.</summary>
public sealed class HealthSimulationTests
{
    private const double Step = 0.25;
    private const double Minutes = 5;
    private const int Threshold = 3;
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    private enum Engine
    {
        Well,
        Dead,
        Failing,
        Refusing,
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_engine_that_is_well_again_serves_within_a_round_of_checks_and_no_request_misses_one_that_is_well(bool onlyDie)
    {
        Prop.ForAll(Seeds, seed =>
        {
            using var scene = new Scene(seed, onlyDie);
            scene.Play();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private sealed class Scene : IDisposable
    {
        private readonly Random _random;
        private readonly Fleet _fleet = new();
        private readonly RoutePlan _plan;
        private readonly double _interval;
        private readonly double _patience;
        private readonly List<(double From, double To, Engine State)>[] _outages;
        private readonly double[] _nextCheck;
        private readonly double[] _wellSince;

        public Scene(int seed, bool onlyDie)
        {
            _random = new Random(seed);
            var strategy = BalancingStrategies.All[_random.Next(BalancingStrategies.All.Count)];
            _plan = _fleet.Plan(new BalancingSpec { Strategy = strategy }, [.. Enumerable.Range(0, _random.Next(2, 5)).Select(_ => _random.Next(1, 4))]);
            _interval = 2 + (_random.NextDouble() * 28);
            _outages = [.. Endpoints.Select(_ => Enumerable.Range(0, _random.Next(5)).Select(_ => Outage(onlyDie)).ToList())];
            _nextCheck = [.. Endpoints.Select(_ => _random.NextDouble() * _interval)];
            _wellSince = new double[Endpoints.Count];

            // What answers checks and fails requests is out for as long as it is ejected, at most; then the next request probes it.
            _patience = Step + (onlyDie ? _interval : Math.Max(_interval, EjectionRules.Default.LongestEjection.TotalSeconds + (Step * Endpoints.Count)));
        }

        private IReadOnlyList<WeightedEndpoint> Endpoints => _plan.Candidates[0].Provider.Endpoints;

        public void Play()
        {
            for (var now = Step; now < Minutes * 60; now += Step)
            {
                _fleet.Time.Advance(TimeSpan.FromSeconds(Step));
                for (var i = 0; i < Endpoints.Count; i++)
                {
                    Check(i, now);
                }

                Request(now);
                for (var i = 0; i < Endpoints.Count; i++)
                {
                    _wellSince[i] = StateOf(i, now) == Engine.Well ? _wellSince[i] : now;
                    var health = Endpoints[i].Endpoint.Health;
                    Assert.True(
                        now - _wellSince[i] <= _patience || health.State == EndpointState.InService,
                        $"{Endpoints[i].Endpoint.Shown} is well for {now - _wellSince[i]} s and still {health.Describe()}");
                }
            }
        }

        public void Dispose() => _fleet.Dispose();

        private (double From, double To, Engine State) Outage(bool onlyDies)
        {
            var from = _random.NextDouble() * Minutes * 60;
            return (from, from + (_random.NextDouble() * 90), onlyDies ? Engine.Dead : (Engine)_random.Next(1, 4));
        }

        private Engine StateOf(int index, double now) => _outages[index].Find(outage => outage.From <= now && now < outage.To).State;

        private void Check(int index, double now)
        {
            if (now < _nextCheck[index])
            {
                return;
            }

            Endpoints[index].Endpoint.Health.Checked(StateOf(index, now) == Engine.Dead ? "cannot be reached" : null, Threshold);
            _nextCheck[index] = now + (_interval * (0.8 + (0.2 * _random.NextDouble())));
        }

        private void Request(double now)
        {
            var tried = new TriedEndpoints();
            var isAnswered = false;
            while (!isAnswered && _fleet.Picker.TryTake(_plan, default, ref tried) is { } lease)
            {
                var state = StateOf(Endpoints.ToList().FindIndex(own => ReferenceEquals(own.Endpoint, lease.Endpoint)), now);
                isAnswered = state == Engine.Well;
                lease.Ended(
                    state switch
                    {
                        Engine.Dead => Fleet.Error(SendErrorKind.ConnectFailed),
                        Engine.Failing => Fleet.Error(SendErrorKind.ServerError),
                        Engine.Refusing => Fleet.Error(SendErrorKind.Unavailable, TimeSpan.FromSeconds(1)),
                        _ => null,
                    },
                    null);
                lease.Dispose();
            }

            Assert.True(isAnswered || Enumerable.Range(0, Endpoints.Count).All(i => StateOf(i, now) != Engine.Well || WantsPause(i)), $"Nobody answers at {now}, and one is well.");
        }

        private bool WantsPause(int index) => Endpoints[index].Endpoint.Health.PauseFor(out _) > TimeSpan.Zero;
    }
}
