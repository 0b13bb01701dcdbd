namespace Orrery.Tests.Kubernetes;

/// <summary>What a controller's own fields must agree on.</summary>
internal static class WorkloadRules
{
    public static IEnumerable<Finding> Check(Chart chart) => chart.Workloads.SelectMany(workload => Check(chart, workload));

    private static IEnumerable<Finding> Check(Chart chart, Workload workload)
    {
        var spec = workload.Document["spec"];
        var rollout = spec[workload.Document.Kind is "Deployment" ? "strategy" : "updateStrategy"];
        if (rollout["type"].Text is "Recreate" or "OnDelete" && rollout["rollingUpdate"].Exists)
        {
            yield return workload.Find(rollout["rollingUpdate"], $"no rollingUpdate beside the type {rollout["type"].Text}");
        }

        if (workload.Document.Kind is "Deployment" && IsZero(rollout["rollingUpdate"]["maxSurge"]) && IsZero(rollout["rollingUpdate"]["maxUnavailable"]))
        {
            yield return workload.Find(rollout["rollingUpdate"], "maxSurge or maxUnavailable above zero");
        }

        if (workload.Document.Kind is "StatefulSet" && !chart.Exists(workload.Document, "Service", spec["serviceName"].Text))
        {
            yield return workload.Find(spec["serviceName"], "the name of a Service of this chart");
        }

        if (spec["replicas"].Whole < 0)
        {
            yield return workload.Find(spec["replicas"], "no negative number");
        }

        var restart = workload.Pod["restartPolicy"];
        if (workload.Document.Group is "apps" && restart.Text is not (null or "Always"))
        {
            yield return workload.Find(restart, "Always, which is all that this kind allows");
        }

        if (workload.Document.Group is "batch" && restart.Text is not ("Never" or "OnFailure"))
        {
            yield return workload.Find(restart, "Never or OnFailure");
        }
    }

    private static bool IsZero(Field amount) => amount.Text is "0" or "0%";
}
