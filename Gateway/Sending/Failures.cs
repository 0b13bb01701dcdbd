using System.Globalization;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>Why nobody has answered a request so far: what of it its caller is told, and when it is worth trying again.</summary>
internal sealed class Failures
{
    private SendError? _error;
    private Candidate? _candidate;
    private TimeSpan? _soonest;
    private bool _hasWaitedForPlace;
    private Candidate? _saturated;

    /// <summary>Waited for an endpoint that wanted to be left alone.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>Nobody else can serve, so it is worth standing in line for a place at whoever had none.</summary>
    public bool MayWaitForPlace { get; private set; }

    /// <param name="candidate">Who failed.</param>
    /// <param name="error">How.</param>
    /// <param name="hasWaited">A place there has been waited for.</param>
    public void Add(Candidate candidate, SendError error, bool hasWaited)
    {
        if (error.Kind == SendErrorKind.Limited)
        {
            _soonest = Sooner(_soonest, error.RetryAfter);
        }

        if (error.Limit is { IsConcurrency: true })
        {
            _hasWaitedForPlace |= hasWaited;
            _saturated ??= candidate;
        }

        if (_error is null || RankOf(error) >= RankOf(_error))
        {
            (_error, _candidate) = (error, candidate);
        }
    }

    /// <summary>Who had no place, where none has been waited for yet. Once.</summary>
    public Candidate? TakeSaturated()
    {
        if (_hasWaitedForPlace || MayWaitForPlace || _saturated is null)
        {
            return null;
        }

        MayWaitForPlace = true;
        return _saturated;
    }

    /// <summary>What is told in the end: the last one that was asked counts more than those that were not.</summary>
    /// <param name="plan">Who could be asked.</param>
    /// <param name="passedOver">Who wants to be left alone, where nobody at all could be taken.</param>
    public (SendError Error, Candidate Candidate) Tell(RoutePlan plan, Pause? passedOver)
    {
        if (_error is null || _candidate is null)
        {
            return passedOver is not null ? (ErrorOf(passedOver), passedOver.Candidate)
                : KeyWait.Of(plan) is ({ } waits, { } error) ? (error, waits)
                : throw new InvalidOperationException("A plan that can be used had nobody to ask.");
        }

        return HasTime(_error)
            ? (_error with { RetryAfter = Sooner(Sooner(_error.ToRefusal().RetryAfter, Pause.SoonestOf(plan)?.Remaining), _soonest) }, _candidate)
            : (_error, _candidate);
    }

    /// <summary>The status says that trying again helps.</summary>
    private static bool HasTime(SendError error) =>
        error.Kind is SendErrorKind.Throttled or SendErrorKind.Unavailable || error is { Kind: SendErrorKind.Limited, RetryAfter: not null };

    private static int RankOf(SendError error) => error.Kind switch
    {
        SendErrorKind.Untranslatable => 0,
        SendErrorKind.Limited => error.RetryAfter is null ? 1 : 2,
        _ => 3,
    };

    private static SendError ErrorOf(Pause pause)
    {
        var isThrottled = pause.Cause == SendErrorKind.Throttled;
        var detail = string.Create(CultureInfo.InvariantCulture, $"it asked to be left alone for another {pause.Remaining.TotalSeconds:0.0} s");
        return SendError.Of(pause.Candidate, isThrottled ? SendErrorKind.Throttled : SendErrorKind.Unavailable, detail) with
        {
            Status = isThrottled ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable,
            RetryAfter = pause.Remaining,
        };
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other ?? one : one;
}
