namespace Orrery.Tests.Kubernetes;

/// <summary>A PodDisruptionBudget protects something, and only in one way.</summary>
internal static class DisruptionRules
{
    public static IEnumerable<Finding> Check(Chart chart)
    {
        foreach (var budget in chart.All("PodDisruptionBudget"))
        {
            var spec = budget["spec"];
            if (spec["selector"].IsEmpty || !chart.Selected(budget, labels => Selector.Matches(spec["selector"], labels)).Any())
            {
                yield return budget.Find(spec["selector"], "labels that the pods of a workload of this chart have");
            }

            if (spec["minAvailable"].Exists == spec["maxUnavailable"].Exists)
            {
                yield return budget.Find(spec["minAvailable"], "either minAvailable or maxUnavailable");
            }
        }
    }
}
