using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>The time in which an endpoint gets no requests because some failed: why, how long, and the one request that probes when it is over. Its owner locks.</summary>
internal sealed class Ejection(EjectionRules rules, TimeProvider time)
{
    private int _count;
    private long _began;
    private TimeSpan _length;
    private bool _isProbed;
    private long _probed;

    /// <summary>It has begun, and no answer has ended it.</summary>
    public bool IsOn { get; private set; }

    public SendErrorKind Cause { get; private set; }

    /// <summary>Nothing listens there, as far as is known.</summary>
    public bool IsByConnection => Cause is SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout;

    /// <summary>Zero or less when it is over.</summary>
    public TimeSpan Remaining => IsOn ? _length - time.GetElapsedTime(_began) : TimeSpan.Zero;

    /// <summary>A request may probe.</summary>
    /// <remarks>A probe that hangs does not keep others from probing for ever.</remarks>
    public bool IsDue => Remaining <= TimeSpan.Zero && (!_isProbed || time.GetElapsedTime(_probed) >= rules.LongestEjection);

    /// <returns>How long it lasts.</returns>
    public TimeSpan Begin(SendErrorKind cause, TimeSpan? asked)
    {
        var grown = Min(rules.FirstEjection * (1 << Math.Min(_count, 20)), rules.LongestEjection);
        _length = asked is not { } wait ? grown
            : cause == SendErrorKind.Throttled ? Min(wait, rules.LongestCooling)
            : Max(grown, Min(wait, rules.LongestCooling));
        _count++;
        _isProbed = false;
        _began = time.GetTimestamp();
        (Cause, IsOn) = (cause, true);
        return _length;
    }

    public void BeginProbe() => (_isProbed, _probed) = (true, time.GetTimestamp());

    public void EndProbe() => _isProbed = false;

    /// <summary>The endpoint answers again; the next ejection is longer all the same.</summary>
    public void End() => (IsOn, _isProbed) = (false, false);

    /// <summary>Earlier ones are forgotten.</summary>
    public void Forgive() => _count = 0;

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
