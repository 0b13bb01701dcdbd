namespace Orrery.Simulator.Faults;

/// <summary>The rules in force. They can be replaced at run time; counts and chances then begin anew.</summary>
internal sealed class FaultRules
{
    private readonly Lock _lock = new();
    private Armed[] _rules = [];

    public FaultRules(IEnumerable<FaultRule> rules) => Replace(rules);

    public IReadOnlyList<FaultRule> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _rules.Select(armed => armed.Rule)];
            }
        }
    }

    public void Replace(IEnumerable<FaultRule> rules)
    {
        lock (_lock)
        {
            _rules = [.. rules.Select(rule => new Armed(rule, FaultPlan.Parse(rule.Fault).Plan, new Random(rule.Seed)))];
        }
    }

    /// <summary>The first rule that befalls this request; every rule that the request falls under counts it.</summary>
    public FaultPlan Next(string? model)
    {
        lock (_lock)
        {
            FaultPlan? plan = null;
            foreach (var armed in _rules)
            {
                if ((armed.Rule.Model is null || armed.Rule.Model == model) && armed.Strikes())
                {
                    plan ??= armed.Plan;
                }
            }

            return plan ?? FaultPlan.None;
        }
    }

    private sealed class Armed(FaultRule rule, FaultPlan plan, Random random)
    {
        private long _seen;

        public FaultRule Rule => rule;

        public FaultPlan Plan => plan;

        public bool Strikes() => ++_seen % rule.EveryNth == 0 && random.NextDouble() < rule.Probability;
    }
}
