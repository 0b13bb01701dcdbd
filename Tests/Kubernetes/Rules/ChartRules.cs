namespace Orrery.Tests.Kubernetes;

/// <summary>
/// What no schema says: the API server's own validation, references between the objects of one chart, and this project's house rules for
/// what it runs. One file a subject; each takes the whole chart and returns what is wrong.
/// </summary>
internal static class ChartRules
{
    private static readonly Func<Chart, IEnumerable<Finding>>[] ServerRules =
    [
        NameRules.Check,
        SelectorRules.Check,
        WorkloadRules.Check,
        ContainerRules.Check,
        VolumeRules.Check,
        ProbeRules.Check,
        EnvironmentRules.Check,
        DataRules.Check,
        ReferenceRules.Check,
        AccountRules.Check,
        ServiceRules.Check,
        RouteRules.Check,
        ScalingRules.Check,
        DisruptionRules.Check,
        NetworkPolicyRules.Check,
        QuantityRules.Check,
    ];

    /// <summary>Those that <see cref="JudgeOptions.Excuses"/> can lift.</summary>
    private static readonly Func<Chart, IEnumerable<Finding>>[] HouseRules =
    [
        PodSecurityRules.Check,
        TokenRules.Check,
        ProbePresenceRules.Check,
        ResourcePresenceRules.Check,
        NetworkCoverageRules.Check,
        SelectionRules.Check,
    ];

    public static IEnumerable<Finding> Check(Chart chart) =>
        [.. ServerRules.SelectMany(rule => rule(chart)), .. Excused(chart, [.. HouseRules.SelectMany(rule => rule(chart))])];

    private static IEnumerable<Finding> Excused(Chart chart, IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings.Where(finding => !chart.Excuses.Any(excuse => Covers(excuse, finding))))
        {
            yield return finding;
        }

        foreach (var excuse in chart.Excuses.Where(excuse => !findings.Any(finding => Covers(excuse, finding))))
        {
            if (chart.Documents.FirstOrDefault(document => document.Id == excuse.Object) is { } document)
            {
                yield return new Finding(document.Template, document.Id, excuse.Field, "as it should be", $"no excuse ({excuse.Reason})");
            }
        }
    }

    private static bool Covers(Excuse excuse, Finding finding) =>
        finding.Object == excuse.Object && finding.Path.EndsWith($".{excuse.Field}", StringComparison.Ordinal);
}
