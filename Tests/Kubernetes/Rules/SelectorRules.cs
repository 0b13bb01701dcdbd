namespace Orrery.Tests.Kubernetes;

/// <summary>A controller finds its own pods, and only these.</summary>
internal static class SelectorRules
{
    public static IEnumerable<Finding> Check(Chart chart) =>
        chart.Workloads.Where(workload => workload.Document.Group is "apps").SelectMany(workload => Check(chart, workload));

    private static IEnumerable<Finding> Check(Chart chart, Workload workload)
    {
        var selector = workload.Document["spec"]["selector"];
        if (selector["matchLabels"].IsEmpty && selector["matchExpressions"].IsEmpty)
        {
            yield return workload.Find(selector, "a selector that is not empty");
            yield break;
        }

        if (!Selector.Matches(selector, workload.Labels))
        {
            yield return workload.Find(selector, $"a selector that the pod template's labels match: {Text(workload.Labels)}");
        }

        foreach (var other in chart.Selected(workload.Document, labels => Selector.Matches(selector, labels)).Where(other => other != workload))
        {
            yield return workload.Find(selector, $"a selector that does not match the pods of {other.Id} too");
        }
    }

    private static string Text(IReadOnlyDictionary<string, string> labels) => string.Join(", ", labels.Select(label => $"{label.Key}={label.Value}"));
}
