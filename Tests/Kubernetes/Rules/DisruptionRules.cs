namespace Orrery.Tests.Kubernetes;

/// <summary>A PodDisruptionBudget says one thing.</summary>
internal static class DisruptionRules
{
    public static IEnumerable<Finding> Check(Chart chart)
    {
        foreach (var budget in chart.All("PodDisruptionBudget"))
        {
            var spec = budget["spec"];
            if (spec["minAvailable"].Exists == spec["maxUnavailable"].Exists)
            {
                yield return budget.Find(spec["minAvailable"], "either minAvailable or maxUnavailable");
            }
        }
    }
}
