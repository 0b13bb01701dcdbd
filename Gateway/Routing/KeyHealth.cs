using System.Globalization;

namespace Orrery.Gateway.Routing;

/// <summary>Whether a provider's key is used.</summary>
internal enum KeyState
{
    InService,

    /// <summary>Its time aside is over: one request may use it, and decides.</summary>
    Probing,

    /// <summary>The provider takes no more requests with it for now.</summary>
    Cooling,

    /// <summary>The provider refused it.</summary>
    Refused,
}

/// <summary>What a request got a key with; news are told with it, so that what began before a change is not taken for news.</summary>
internal readonly record struct KeyTicket(int Epoch, bool IsProbe);

/// <summary>
/// Judges one of a provider's keys. A refused one is set aside, for longer each time, until a single request has been answered with it. One that is
/// throttled cools for as long as the provider asks and then comes back by itself. Outlives snapshots; a key with another value has another.
/// </summary>
internal sealed class KeyHealth(KeyName name, KeyJournal journal, TimeProvider time)
{
    public static readonly TimeSpan FirstRefusal = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan LongestRefusal = TimeSpan.FromMinutes(30);

    /// <summary>Where the provider does not say how long.</summary>
    public static readonly TimeSpan FirstCooling = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestGuess = TimeSpan.FromSeconds(30);

    /// <summary>The longest that a provider's word is believed.</summary>
    public static readonly TimeSpan LongestCooling = TimeSpan.FromMinutes(5);

    /// <summary>So long a single request may keep others from probing.</summary>
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private volatile bool _isOut;
    private int _times;
    private int _epoch;
    private bool _isRefused;
    private string _why = "";
    private long _since;
    private TimeSpan _pause;
    private bool _isProbed;
    private long _probedSince;

    public KeyName Name { get; } = name;

    public KeyState State
    {
        get
        {
            lock (_lock)
            {
                return State_NeedsLock();
            }
        }
    }

    /// <summary>A request may use it now; of several at the end of a refusal only one.</summary>
    public bool IsReady
    {
        get
        {
            if (!_isOut)
            {
                return true;
            }

            lock (_lock)
            {
                return !_isOut || MayEnter_NeedsLock();
            }
        }
    }

    /// <summary>Until it may be used again; zero where it may be now.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (!_isOut)
            {
                return TimeSpan.Zero;
            }

            lock (_lock)
            {
                return !_isOut || MayEnter_NeedsLock() ? TimeSpan.Zero
                    : Remaining_NeedsLock() is var left && left > TimeSpan.Zero ? left
                    : LongestProbe - time.GetElapsedTime(_probedSince);
            }
        }
    }

    public bool IsRefused => _isOut && State is KeyState.Refused or KeyState.Probing;

    public static string Text(KeyState state) => state switch
    {
        KeyState.InService => "in_service",
        KeyState.Probing => "probing",
        KeyState.Cooling => "cooling",
        _ => "refused",
    };

    public bool TryEnter(out KeyTicket ticket)
    {
        ticket = new(Volatile.Read(ref _epoch), IsProbe: false);
        if (!_isOut)
        {
            return true;
        }

        var isBack = false;
        lock (_lock)
        {
            if (_isOut)
            {
                if (!MayEnter_NeedsLock())
                {
                    return false;
                }

                if (_isRefused)
                {
                    (_isProbed, _probedSince) = (true, time.GetTimestamp());
                }
                else
                {
                    (_isOut, isBack) = (false, true); // What it was asked to wait for is over.
                    _epoch++;
                }
            }

            ticket = new(_epoch, _isOut);
        }

        if (isBack)
        {
            journal.Back(Name, "its pause is over");
        }

        return true;
    }

    /// <summary>The request has ended and says nothing of the key; after a probe the next may probe.</summary>
    public void Leave(KeyTicket ticket)
    {
        if (ticket.IsProbe)
        {
            lock (_lock)
            {
                _isProbed &= ticket.Epoch != _epoch;
            }
        }
    }

    /// <summary>The provider has answered a request with it.</summary>
    public void Accepted(KeyTicket ticket)
    {
        if (Volatile.Read(ref _times) == 0 && !_isOut)
        {
            return;
        }

        lock (_lock)
        {
            if (ticket.Epoch != _epoch)
            {
                return;
            }

            _times = 0;
            if (!_isOut)
            {
                return;
            }

            _isOut = false;
            _epoch++;
        }

        journal.Back(Name, "a request was answered with it");
    }

    /// <param name="why">A status, with a code that we know; nothing of what the provider wrote, which may repeat the key.</param>
    public void Refuse(KeyTicket ticket, string why) => Pause(ticket, isRefused: true, null, why);

    /// <param name="asked">How long the provider says; <c>null</c>: it does not.</param>
    public void Cool(KeyTicket ticket, TimeSpan? asked, string why)
    {
        if (asked is not { } wait || wait > TimeSpan.Zero)
        {
            Pause(ticket, isRefused: false, asked, why);
        }
    }

    /// <summary>In words, for explanations.</summary>
    public string Describe()
    {
        lock (_lock)
        {
            return State_NeedsLock() switch
            {
                KeyState.InService => "in service",
                KeyState.Probing => $"to be probed ({_why})",
                var state => string.Create(CultureInfo.InvariantCulture, $"{Text(state)} for {Remaining_NeedsLock().TotalSeconds:0.0} s more ({_why})"),
            };
        }
    }

    private void Pause(KeyTicket ticket, bool isRefused, TimeSpan? asked, string why)
    {
        lock (_lock)
        {
            // Requests that were under way when it was set aside report late.
            if (ticket.Epoch != _epoch || (_isOut && !ticket.IsProbe))
            {
                return;
            }

            var (first, longest) = isRefused ? (FirstRefusal, LongestRefusal) : (FirstCooling, LongestGuess);
            var grown = first * (1 << Math.Min(_times, 20));
            _pause = asked is { } wait ? (wait < LongestCooling ? wait : LongestCooling) : grown < longest ? grown : longest;
            _times++;
            _epoch++;
            (_isOut, _isRefused, _why, _since, _isProbed) = (true, isRefused, why, time.GetTimestamp(), false);
        }

        journal.Paused(Name, isRefused, _pause, why);
    }

    private KeyState State_NeedsLock() =>
        !_isOut ? KeyState.InService
        : Remaining_NeedsLock() > TimeSpan.Zero ? (_isRefused ? KeyState.Refused : KeyState.Cooling)
        : _isRefused ? KeyState.Probing
        : KeyState.InService;

    private bool MayEnter_NeedsLock() =>
        Remaining_NeedsLock() <= TimeSpan.Zero && (!_isProbed || time.GetElapsedTime(_probedSince) >= LongestProbe);

    private TimeSpan Remaining_NeedsLock() => _pause - time.GetElapsedTime(_since);
}
