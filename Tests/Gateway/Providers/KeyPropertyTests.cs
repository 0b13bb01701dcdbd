using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>What holds of a provider's keys whatever happened to them: random histories of answers, refusals, pauses and requests that end late or never.</summary>
public sealed class KeyPropertyTests
{
    private static readonly Arbitrary<Step[]> Histories = Arb.From(Gen.ArrayOf(Gen.Choose(0, 6).SelectMany(kind => Gen.Choose(0, 400), (kind, number) => new Step(kind, number))));

    [Fact]
    public void Whatever_the_history_a_key_that_is_good_again_is_used_again() => Prop.ForAll(Histories, history =>
    {
        using var world = new World();
        world.Play(history);
        world.Time.Advance(KeyHealth.LongestRefusal);
        for (var i = 0; i < World.Keys; i++)
        {
            var tried = 0UL;
            world.Ring.TryTake(ref tried, out var ticket)!.Health.Accepted(ticket);
        }

        Assert.All(world.Ring.Keys, key => Assert.Equal(KeyState.InService, key.Health.State));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_request_gets_each_key_once_at_most_and_none_that_has_to_wait() => Prop.ForAll(Histories, history =>
    {
        using var world = new World();
        world.Play(history);
        var isReady = world.Ring.IsReady;
        Assert.Equal(isReady, world.Ring.Soonest == TimeSpan.Zero);
        var (tried, ready) = (0UL, world.Ring.Keys.Where(key => key.Health.IsReady).Select(key => key.Position).ToList());
        var taken = new List<int>();
        while (world.Ring.TryTake(ref tried, out _) is { } key)
        {
            taken.Add(key.Position);
        }

        Assert.Equal(ready, taken.Order());
        Assert.Equal(isReady, taken.Count > 0);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nobody_waits_longer_than_the_longest_pause() => Prop.ForAll(Histories, history =>
    {
        using var world = new World();
        foreach (var step in history)
        {
            world.Play([step]);
            Assert.All(world.Ring.Keys, key => Assert.InRange(key.Health.Remaining, TimeSpan.Zero, KeyHealth.LongestRefusal));
        }
    }).QuickCheckThrowOnFailure();

    private readonly record struct Step(int Kind, int Number);

    private sealed class World : IDisposable
    {
        public const int Keys = 3;

        private readonly KeyJournal _journal = new(NullLogger<KeyJournal>.Instance);
        private readonly List<(KeyHealth Health, KeyTicket Ticket)> _running = [];

        public World() => Ring = new KeyRing([.. Enumerable.Range(1, Keys).Select(i => new ProviderKey(i, $"k{i}", new KeyHealth(new KeyName("default", "p", $"s/k{i}"), _journal, Time)))]);

        public ManualTime Time { get; } = new();

        public KeyRing Ring { get; }

        public void Play(IEnumerable<Step> history)
        {
            foreach (var (kind, number) in history)
            {
                var tried = 0UL;
                if (kind == 0)
                {
                    Time.Advance(TimeSpan.FromSeconds(number));
                }
                else if (kind == 1 && Ring.TryTake(ref tried, out var ticket) is { } key)
                {
                    _running.Add((key.Health, ticket));
                }
                else if (_running.Count > 0)
                {
                    var (health, ended) = _running[number % _running.Count];
                    _running.RemoveAt(number % _running.Count);
                    End(kind, number, health, ended);
                }
            }
        }

        public void Dispose() => _journal.Dispose();

        private static void End(int kind, int number, KeyHealth health, KeyTicket ticket)
        {
            switch (kind)
            {
                case 2:
                    health.Accepted(ticket);
                    break;
                case 3:
                    health.Refuse(ticket, "401");
                    break;
                case 4:
                    health.Cool(ticket, number % 2 == 0 ? null : TimeSpan.FromSeconds(number * 10), "429");
                    break;
                case 5:
                    health.Leave(ticket);
                    break;
                default:
                    break; // It never ends.
            }
        }
    }
}
