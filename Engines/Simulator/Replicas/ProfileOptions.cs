using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Replicas;

/// <summary>Changes to a <see cref="Timing.Profile"/>; what is null stays as it is. Meaning and units are the profile's.</summary>
public sealed class ProfileOptions
{
    public double? PrefillTokensPerSecond { get; set; }

    public int? MaxBatchedTokens { get; set; }

    public double? DecodeMsPerStep { get; set; }

    public double? PerSequenceMs { get; set; }

    public double? KvMsPerThousandTokens { get; set; }

    public int? MaxSequences { get; set; }

    public int? KvBlocks { get; set; }

    public double? TimeToFirstTokenMs { get; set; }

    public double? JitterPercent { get; set; }

    public bool? PrefixCaching { get; set; }

    public int? Seed { get; set; }

    public TimeSpan? StartupDelay { get; set; }

    internal Profile ApplyTo(Profile profile) => profile with
    {
        PrefillTokensPerSecond = PrefillTokensPerSecond ?? profile.PrefillTokensPerSecond,
        MaxBatchedTokens = MaxBatchedTokens ?? profile.MaxBatchedTokens,
        DecodeMsPerStep = DecodeMsPerStep ?? profile.DecodeMsPerStep,
        PerSequenceMs = PerSequenceMs ?? profile.PerSequenceMs,
        KvMsPerThousandTokens = KvMsPerThousandTokens ?? profile.KvMsPerThousandTokens,
        MaxSequences = MaxSequences ?? profile.MaxSequences,
        KvBlocks = KvBlocks ?? profile.KvBlocks,
        TimeToFirstTokenMs = TimeToFirstTokenMs ?? profile.TimeToFirstTokenMs,
        JitterPercent = JitterPercent ?? profile.JitterPercent,
        PrefixCaching = PrefixCaching ?? profile.PrefixCaching,
        Seed = Seed ?? profile.Seed,
        StartupDelay = StartupDelay ?? profile.StartupDelay,
    };

    internal IEnumerable<string> Validate(string key)
    {
        (string Name, double? Value, double Min, double Max)[] ranges =
        [
            (nameof(PrefillTokensPerSecond), PrefillTokensPerSecond, 1, 1e9),
            (nameof(MaxBatchedTokens), MaxBatchedTokens, 1, 1e7),
            (nameof(DecodeMsPerStep), DecodeMsPerStep, 0.01, 60_000),
            (nameof(PerSequenceMs), PerSequenceMs, 0, 10_000),
            (nameof(KvMsPerThousandTokens), KvMsPerThousandTokens, 0, 10_000),
            (nameof(MaxSequences), MaxSequences, 1, 100_000),
            (nameof(KvBlocks), KvBlocks, 1, 10_000_000),
            (nameof(TimeToFirstTokenMs), TimeToFirstTokenMs, 0, 600_000),
            (nameof(JitterPercent), JitterPercent, 0, 90),
            (nameof(StartupDelay), StartupDelay?.TotalSeconds, 0, 86_400),
        ];
        return ranges
            .Where(range => range.Value is { } value && !(value >= range.Min && value <= range.Max))
            .Select(range => (Range: range, Unit: range.Name == nameof(StartupDelay) ? " seconds" : ""))
            .Select(one => FormattableString.Invariant(
                $"{key}:{one.Range.Name} is {one.Range.Value}; expected {one.Range.Min} to {one.Range.Max}{one.Unit}."));
    }
}
