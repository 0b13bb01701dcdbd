namespace Orrery.Tests.Kubernetes;

/// <summary>
/// Judges what Helm rendered of a chart, as strictly as an API server would and as this project's house rules ask.
/// <code>
/// await Helm.LintAsync(chart, [values]);
/// var documents = await Helm.TemplateAsync(chart, new HelmRelease { ValuesFiles = [values], ApiVersions = ["keda.sh/v1alpha1"] });
/// Assert.Empty(ChartJudge.Findings(documents, new JudgeOptions { External = ["Secret/registry"] }));
/// </code>
/// Three judges: <see cref="KubernetesSchema"/> holds built-in kinds against Kubernetes' OpenAPI document, <see cref="OtherApiRules"/> the
/// kinds of Gateway API, KEDA and the Prometheus operator against tables of their fields, and <see cref="ChartRules"/> the whole set against
/// what no schema says. A finding names template, object, field, value and expectation. Objects that somebody else creates are named in
/// <see cref="JudgeOptions.External"/>; a house rule that an object must break, in <see cref="JudgeOptions.Excuses"/>, with the reason; an
/// excuse that is not needed is a finding itself.
/// </summary>
internal static class ChartJudge
{
    /// <summary>Everything that is wrong. Skips the running test where the OpenAPI document is absent.</summary>
    public static IReadOnlyList<Finding> Findings(IReadOnlyList<Document> documents, JudgeOptions? options = null)
    {
        var schema = KubernetesSchema.Load();
        return [.. documents.Where(document => !OtherApiRules.Knows(document)).SelectMany(schema.Check), .. RuleFindings(documents, options)];
    }

    /// <summary>What is wrong as far as it can be said without the OpenAPI document.</summary>
    public static IReadOnlyList<Finding> RuleFindings(IReadOnlyList<Document> documents, JudgeOptions? options = null) =>
    [
        .. documents.Where(OtherApiRules.Knows).SelectMany(OtherApiRules.Check),
        .. ChartRules.Check(new Chart(documents, options ?? new JudgeOptions())).Distinct(),
    ];
}
