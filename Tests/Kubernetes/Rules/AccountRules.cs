namespace Orrery.Tests.Kubernetes;

/// <summary>Roles, their bindings, and the tokens that pods carry.</summary>
internal static class AccountRules
{
    public static IEnumerable<Finding> Check(Chart chart) => Bindings(chart).SelectMany(binding => (IEnumerable<Finding>)[.. Role(chart, binding), .. Subjects(chart, binding)]);

    /// <summary>Whether a service account may do anything.</summary>
    public static bool IsBound(Chart chart, Document workload, string account) => Bindings(chart).Any(binding =>
        binding["subjects"].Items.Any(subject => subject["kind"].Text is "ServiceAccount"
            && subject["name"].Text == account
            && (subject["namespace"].Text ?? chart.NamespaceOf(binding)) == chart.NamespaceOf(workload)));

    private static IEnumerable<Document> Bindings(Chart chart) => chart.All("RoleBinding").Concat(chart.All("ClusterRoleBinding"));

    private static IEnumerable<Finding> Role(Chart chart, Document binding)
    {
        var kind = binding["roleRef"]["kind"].Text ?? "";
        var name = binding["roleRef"]["name"];
        var known = kind is "ClusterRole" ? chart.All(kind).Any(role => role.Name == name.Text) || chart.IsExternal(kind, name.Text) : chart.Exists(binding, kind, name.Text);
        return known ? [] : [ReferenceRules.Missing(binding, kind, name)];
    }

    private static IEnumerable<Finding> Subjects(Chart chart, Document binding)
    {
        if (binding["subjects"].IsEmpty)
        {
            yield return binding.Find(binding["subjects"], "at least one subject");
        }

        foreach (var subject in binding["subjects"].Items.Where(subject => subject["kind"].Text is "ServiceAccount"))
        {
            var space = subject["namespace"].Text;
            if (space is null && binding.Kind is "ClusterRoleBinding")
            {
                yield return binding.Find(subject["namespace"], "the service account's namespace");
            }
            else if ((space is null || space == chart.NamespaceOf(binding)) && subject["name"].Text is not "default" && !chart.Exists(binding, "ServiceAccount", subject["name"].Text))
            {
                yield return ReferenceRules.Missing(binding, "ServiceAccount", subject["name"]);
            }
        }
    }
}

/// <summary>House rule: a pod carries a token for the API server only when its account may do something there.</summary>
internal static class TokenRules
{
    public static IEnumerable<Finding> Check(Chart chart)
    {
        foreach (var workload in chart.Workloads)
        {
            var account = workload.Pod["serviceAccountName"].Text ?? "default";
            var own = workload.Pod["automountServiceAccountToken"];
            var inherited = chart.Find(workload.Document, "ServiceAccount", account)?["automountServiceAccountToken"] ?? default;
            if (!(own.Exists ? own : inherited).IsFalse && !AccountRules.IsBound(chart, workload.Document, account))
            {
                yield return workload.Find(own, $"false: no role is bound to the service account {account}");
            }
        }
    }
}
