namespace Orrery.Simulator.Faults;

/// <summary>A fault that befalls requests by chance or by count, without their asking (<c>Simulator:Faults:N</c>).</summary>
public sealed class FaultRule
{
    /// <summary>As in the header: <c>status=503;retry-after=2</c>.</summary>
    public string Fault { get; set; } = "";

    /// <summary>Share of the requests, 0 to 1; together with <see cref="EveryNth"/>: of every Nth.</summary>
    public double Probability { get; set; } = 1;

    /// <summary>Only the Nth, 2Nth, ... request. At least 1.</summary>
    public int EveryNth { get; set; } = 1;

    /// <summary>Seed of the chance.</summary>
    public int Seed { get; set; }

    /// <summary>Only requests to this model; null: all.</summary>
    public string? Model { get; set; }

    /// <summary>Every fault of the rule, each naming <paramref name="key"/>.</summary>
    public IEnumerable<string> Validate(string key)
    {
        if (FaultPlan.Parse(Fault).Error is { } error)
        {
            yield return $"{key}:Fault: {error}";
        }
        else if (FaultPlan.Parse(Fault).Plan == FaultPlan.None)
        {
            yield return $"{key}:Fault is empty; expected one of {FaultPlan.Known}.";
        }

        if (Probability is not (>= 0 and <= 1))
        {
            yield return $"{key}:Probability is {Probability}; expected a number from 0 to 1.";
        }

        if (EveryNth < 1)
        {
            yield return $"{key}:EveryNth is {EveryNth}; expected a whole number of at least 1.";
        }
    }
}
