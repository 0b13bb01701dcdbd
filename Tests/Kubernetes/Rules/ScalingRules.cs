namespace Orrery.Tests.Kubernetes;

/// <summary>Exactly one party decides how many replicas a workload has.</summary>
internal static class ScalingRules
{
    private const int KedaMost = 100;

    public static IEnumerable<Finding> Check(Chart chart)
    {
        var scalers = chart.All("HorizontalPodAutoscaler").Concat(chart.All("ScaledObject")).ToList();
        return
        [
            .. scalers.SelectMany(scaler => Target(chart, scaler)),
            .. scalers.SelectMany(Bounds),
            .. scalers.SelectMany((scaler, index) => Rivals(chart, scaler, scalers.Take(index))),
            .. chart.All("ScaledObject").SelectMany(scaler => Authentication(chart, scaler)),
            .. chart.All("TriggerAuthentication").SelectMany(authentication => Secrets(chart, authentication)),
        ];
    }

    private static Document? Find(Chart chart, Document scaler)
    {
        var target = scaler["spec"]["scaleTargetRef"];
        return chart.Find(scaler, target["kind"].Text ?? "Deployment", target["name"].Text);
    }

    private static IEnumerable<Finding> Target(Chart chart, Document scaler)
    {
        var reference = scaler["spec"]["scaleTargetRef"];
        if (Find(chart, scaler) is not { } target)
        {
            yield return ReferenceRules.Missing(scaler, reference["kind"].Text ?? "Deployment", reference["name"]);
            yield break;
        }

        if (reference["apiVersion"].Text is { } version && version != target.ApiVersion)
        {
            yield return scaler.Find(reference["apiVersion"], $"{target.ApiVersion}, as {target.Id} has");
        }

        if (target["spec"]["replicas"].Exists)
        {
            yield return target.Find(target["spec"]["replicas"], $"no replicas: {scaler.Id} decides, and each upgrade would undo it");
        }
    }

    private static IEnumerable<Finding> Bounds(Document scaler)
    {
        var keda = scaler.Kind is "ScaledObject";
        var least = scaler["spec"][keda ? "minReplicaCount" : "minReplicas"];
        var most = scaler["spec"][keda ? "maxReplicaCount" : "maxReplicas"];
        if (least.Whole > (most.Whole ?? KedaMost))
        {
            yield return scaler.Find(least, $"at most {most.Whole ?? KedaMost}, the largest number of replicas");
        }

        if (!keda && least.Whole < 1)
        {
            yield return scaler.Find(least, "at least 1: zero needs a feature gate, or KEDA");
        }

        if (scaler["spec"]["idleReplicaCount"] is { Exists: true } idle && idle.Whole >= (least.Whole is { } count ? Math.Max(count, 1) : 0))
        {
            yield return scaler.Find(idle, "less than minReplicaCount, which must be given");
        }
    }

    private static IEnumerable<Finding> Rivals(Chart chart, Document scaler, IEnumerable<Document> earlier) => earlier
        .Where(other => Find(chart, scaler) is { } target && ReferenceEquals(target, Find(chart, other)))
        .Select(other => scaler.Find(scaler["spec"]["scaleTargetRef"]["name"], $"a target of its own; {other.Id} scales this one already"));

    private static IEnumerable<Finding> Authentication(Chart chart, Document scaler) =>
        from trigger in scaler["spec"]["triggers"].Items
        let reference = trigger["authenticationRef"]
        where reference.Exists
        let kind = reference["kind"].Text ?? "TriggerAuthentication"
        where !chart.Exists(scaler, kind, reference["name"].Text)
        select ReferenceRules.Missing(scaler, kind, reference["name"]);

    private static IEnumerable<Finding> Secrets(Chart chart, Document authentication) =>
    [
        .. authentication["spec"]["secretTargetRef"].Items.SelectMany(reference => ReferenceRules.Key(chart, authentication, "Secret", reference)),
        .. authentication["spec"]["configMapTargetRef"].Items.SelectMany(reference => ReferenceRules.Key(chart, authentication, "ConfigMap", reference)),
    ];
}
