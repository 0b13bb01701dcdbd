using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>The time in which an endpoint gets no requests because some failed: why, how long, and the one request that probes when it is over. Its owner locks.</summary>
internal sealed class Ejection(EjectionRules rules, TimeProvider time)
{
    private int _count;
    private long _began;
    private TimeSpan _length;
    private long _pauseBegan;
    private TimeSpan _pause;
    private bool _isProbed;
    private long _probed;

    /// <summary>It has begun, and no answer has ended it.</summary>
    public bool IsOn { get; private set; }

    public SendErrorKind Cause { get; private set; }

    /// <summary>Nothing listens there, as far as is known.</summary>
    public bool IsByConnection => Cause is SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout;

    /// <summary>Zero or less when it is over.</summary>
    public TimeSpan Remaining => IsOn ? _length - time.GetElapsedTime(_began) : TimeSpan.Zero;

    /// <summary>How long the engine still wants to be left alone; zero or less: it does not.</summary>
    public TimeSpan Pause => _pause > TimeSpan.Zero ? _pause - time.GetElapsedTime(_pauseBegan) : TimeSpan.Zero;

    /// <summary>With which error it said so.</summary>
    public SendErrorKind PauseCause { get; private set; }

    /// <summary>A request may probe.</summary>
    /// <remarks>A probe that hangs does not keep others from probing for ever.</remarks>
    public bool IsDue => Remaining <= TimeSpan.Zero && (!_isProbed || time.GetElapsedTime(_probed) >= rules.LongestEjection);

    /// <param name="cause">Why.</param>
    /// <param name="asked">How long the engine wants to be left alone, where it said so.</param>
    /// <returns>How long it lasts.</returns>
    public TimeSpan Begin(SendErrorKind cause, TimeSpan? asked)
    {
        _length = Min(rules.FirstEjection * (1 << Math.Min(_count, 20)), rules.LongestEjection);
        _began = time.GetTimestamp();
        if (asked is { Ticks: > 0 } wait)
        {
            SetPause(cause, wait);
            _length = _pause;
        }

        _count++;
        _isProbed = false;
        (Cause, IsOn) = (cause, true);
        return _length;
    }

    /// <summary>It is on, or the endpoint is out for another reason, and its engine wants to be left alone.</summary>
    /// <returns>Whether that is longer than was known.</returns>
    public bool TryExtend(SendErrorKind cause, TimeSpan asked)
    {
        if (Min(asked, rules.LongestCooling) <= Pause)
        {
            return false;
        }

        SetPause(cause, asked);
        _isProbed = false;
        if (_pause > Remaining)
        {
            (_began, _length) = (_pauseBegan, _pause);
            (Cause, IsOn) = (cause, true);
        }

        return true;
    }

    public void BeginProbe() => (_isProbed, _probed) = (true, time.GetTimestamp());

    public void EndProbe() => _isProbed = false;

    /// <summary>The endpoint answers again; the next ejection is longer all the same.</summary>
    public void End() => (IsOn, _isProbed, _pause) = (false, false, TimeSpan.Zero);

    /// <summary>Earlier ones are forgotten.</summary>
    public void Forgive() => _count = 0;

    private void SetPause(SendErrorKind cause, TimeSpan asked) =>
        (PauseCause, _pause, _pauseBegan) = (cause, Min(asked, rules.LongestCooling), time.GetTimestamp());

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
