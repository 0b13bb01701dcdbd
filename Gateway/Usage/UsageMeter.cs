using Orrery.Gateway.Translation;

namespace Orrery.Gateway.Usage;

/// <summary>Counts what an exchange uses: the engine's own numbers where it gives them, else the deltas that were streamed.</summary>
internal sealed class UsageMeter
{
    private const int BytesPerToken = 4;
    private TokenUsage? _reported;
    private long? _lastContent;
    private long _deltas;
    private long _deltasSinceReport;
    private bool _isEstimated;

    public long? FirstTokenTimestamp { get; private set; }

    /// <summary>What the engine has said so far.</summary>
    public TokenUsage Reported => _reported ?? default;

    /// <summary>A new attempt: what the one before it streamed has reached nobody.</summary>
    public void Begin() => (_reported, _deltas, _deltasSinceReport, _isEstimated) = (null, 0, 0, false);

    public void Count(in AnswerFacts facts)
    {
        if (facts.HasContent)
        {
            _deltas++;
            _deltasSinceReport++;
        }

        if (facts.Usage is { } usage)
        {
            _reported = usage;
            _deltasSinceReport = 0;
        }
    }

    /// <summary>So many tokens have been streamed in all, by an estimate of their text.</summary>
    public void Streamed(long tokens) => (_deltas, _deltasSinceReport) = (tokens, tokens);

    /// <summary>The whole answer, where the engine counts nothing, or not all of it.</summary>
    public void Estimate(TokenUsage usage) => (_reported, _deltasSinceReport, _isEstimated) = (usage, 0, true);

    /// <summary>Content went out to the client.</summary>
    /// <returns>When content last went out before; <c>null</c> the first time.</returns>
    public long? SawContent(long now)
    {
        FirstTokenTimestamp ??= now;
        var before = _lastContent;
        _lastContent = now;
        return before;
    }

    /// <summary>The sum so far. An engine reports at the end or with each chunk; whatever came after its last report is added as estimated.</summary>
    public (TokenUsage Tokens, bool IsEstimated) Read(int bodyBytes)
    {
        if (_reported is { } reported)
        {
            return (reported with { Completion = reported.Completion + _deltasSinceReport }, _isEstimated || _deltasSinceReport > 0);
        }

        return _deltas == 0
            ? (default, false)
            : (new TokenUsage(Math.Max(1, bodyBytes / BytesPerToken), _deltas, 0), true);
    }
}
