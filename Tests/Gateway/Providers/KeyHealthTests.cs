using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>What sets a key aside, for how long, and what brings it back.</summary>
public sealed class KeyHealthTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly KeyJournal _journal = new(NullLogger<KeyJournal>.Instance);
    private readonly KeyHealth _key;

    public KeyHealthTests() => _key = new KeyHealth(new KeyName("default", "p", "s/k"), _journal, _time);

    public void Dispose() => _journal.Dispose();

    [Fact]
    public void A_refused_key_waits_longer_each_time_and_comes_back_with_an_answer()
    {
        foreach (var seconds in (int[])[30, 60, 120, 240, 480, 960, 1800, 1800])
        {
            _key.Refuse(Enter(), "401");
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal((false, KeyState.Refused), (_key.IsReady, _key.State));
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal((true, KeyState.Probing), (_key.IsReady, _key.State));
        }

        _key.Accepted(Enter());
        Assert.Equal((true, KeyState.InService), (_key.IsReady, _key.State));
        _key.Refuse(Enter(), "401");
        Assert.Equal(TimeSpan.FromSeconds(30), _key.Remaining);
    }

    [Fact]
    public void Only_one_request_probes_a_refused_key_and_one_that_hangs_does_not_keep_others_from_it()
    {
        _key.Refuse(Enter(), "401");
        _time.Advance(KeyHealth.FirstRefusal);
        var probe = Enter();
        Assert.True(probe.IsProbe);
        Assert.False(_key.TryEnter(out _));
        _key.Leave(probe);
        var hangs = Enter();
        Assert.False(_key.IsReady);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(Enter().IsProbe);
        _key.Accepted(hangs);
        Assert.Equal(KeyState.InService, _key.State);
    }

    [Fact]
    public void A_throttled_key_comes_back_by_itself_for_everybody()
    {
        _key.Cool(Enter(), TimeSpan.FromSeconds(7), "429");
        Assert.Equal((KeyState.Cooling, TimeSpan.FromSeconds(7)), (_key.State, _key.Remaining));
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.False(Enter().IsProbe);
        Assert.False(Enter().IsProbe);
        Assert.Equal(KeyState.InService, _key.State);
    }

    [Fact]
    public void Without_a_word_of_the_vendor_cooling_grows_until_a_request_is_answered()
    {
        foreach (var seconds in (int[])[1, 2, 4, 8, 16, 30, 30])
        {
            _key.Cool(Enter(), null, "429");
            Assert.Equal(TimeSpan.FromSeconds(seconds), _key.Remaining);
            _time.Advance(TimeSpan.FromSeconds(seconds));
        }

        _key.Accepted(Enter());
        _key.Cool(Enter(), null, "429");
        Assert.Equal(TimeSpan.FromSeconds(1), _key.Remaining);
    }

    [Fact]
    public void A_vendors_word_is_believed_for_five_minutes_and_no_wait_is_none()
    {
        _key.Cool(Enter(), TimeSpan.Zero, "429");
        Assert.Equal(KeyState.InService, _key.State);
        _key.Cool(Enter(), TimeSpan.FromDays(30), "429");
        Assert.Equal(KeyHealth.LongestCooling, _key.Remaining);
    }

    [Fact]
    public void Requests_that_were_under_way_when_it_was_set_aside_report_too_late()
    {
        var (one, two, three) = (Enter(), Enter(), Enter());
        _key.Refuse(one, "401");
        _key.Refuse(two, "401");
        _key.Accepted(three);
        Assert.Equal((KeyState.Refused, KeyHealth.FirstRefusal), (_key.State, _key.Remaining));
    }

    [Fact]
    public void The_turn_passes_over_keys_that_are_aside_and_shares_what_is_theirs()
    {
        var keys = Enumerable.Range(1, 4).Select(i => new ProviderKey(i, $"k{i}", new KeyHealth(new KeyName("default", "p", $"s/k{i}"), _journal, _time))).ToArray();
        var ring = new KeyRing(keys);
        Assert.True(keys[1].Health.TryEnter(out var ticket));
        keys[1].Health.Refuse(ticket, "401");
        var used = new Dictionary<int, int>();
        for (var i = 0; i < 30; i++)
        {
            var tried = 0UL;
            var position = ring.TryTake(ref tried, out _)!.Position;
            used[position] = used.GetValueOrDefault(position) + 1;
        }

        Assert.Equal([(1, 10), (3, 10), (4, 10)], used.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value)));
    }

    private KeyTicket Enter()
    {
        Assert.True(_key.TryEnter(out var ticket));
        return ticket;
    }
}
