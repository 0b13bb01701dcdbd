namespace Orrery.Tests.Kubernetes;

/// <summary>House rule: what protects or limits pods selects some. Pods that the platform itself creates later need an <see cref="Excuse"/>.</summary>
internal static class SelectionRules
{
    private const string Expected = "labels that the pods of a workload of this chart have";

    public static IEnumerable<Finding> Check(Chart chart)
    {
        foreach (var budget in chart.All("PodDisruptionBudget"))
        {
            var selector = budget["spec"]["selector"];
            if (selector.IsEmpty || !chart.Selected(budget, labels => Selector.Matches(selector, labels)).Any())
            {
                yield return budget.Find(selector, Expected);
            }
        }

        foreach (var policy in NetworkPolicyRules.Policies(chart).Where(policy => !NetworkPolicyRules.Selected(chart, policy).Any()))
        {
            yield return policy.Find(policy["spec"]["podSelector"], Expected);
        }
    }
}
