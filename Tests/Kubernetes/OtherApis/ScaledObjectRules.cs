using static Orrery.Tests.Kubernetes.Shape;

namespace Orrery.Tests.Kubernetes;

/// <summary>ScaledObject of KEDA.</summary>
internal static class ScaledObjectRules
{
    private static readonly Shape Count = Whole(0);

    private static readonly Shape Scaling = Object(
        ("stabilizationWindowSeconds", Whole(0, 3600)),
        ("selectPolicy", OneOf("Max", "Min", "Disabled")),
        ("tolerance", Amount),
        ("policies", ListOf(Object(
            ("type*", OneOf("Pods", "Percent")),
            ("value*", Whole(1)),
            ("periodSeconds*", Whole(1, 1800))))));

    private static readonly Shape Trigger = Object(
        ("type*", NonEmpty()),
        ("name", Text),
        ("metadata*", MapOf(Text)),
        ("metricType", OneOf("AverageValue", "Value", "Utilization")),
        ("useCachedMetrics", Flag),
        ("authenticationRef", Object(
            ("name*", NonEmpty()),
            ("kind", OneOf("TriggerAuthentication", "ClusterTriggerAuthentication")))));

    /// <summary>What KEDA refuses to start a trigger without. Triggers that are not named here need strings only.</summary>
    private static readonly Dictionary<string, string[]> RequiredMetadata = new(StringComparer.Ordinal)
    {
        ["cpu"] = ["value"],
        ["cron"] = ["desiredReplicas", "end", "start", "timezone"],
        ["memory"] = ["value"],
        ["metrics-api"] = ["targetValue", "url", "valueLocation"],
        ["prometheus"] = ["query", "serverAddress", "threshold"],
        ["redis"] = ["listName"],
    };

    public static OtherApi Api { get; } = new("keda.sh/v1alpha1", "ScaledObject", Object(
        ("scaleTargetRef*", Object(
            ("apiVersion", Text),
            ("kind", Text),
            ("name*", NonEmpty()),
            ("envSourceContainerName", Text))),
        ("pollingInterval", Whole(1)),
        ("cooldownPeriod", Count),
        ("initialCooldownPeriod", Count),
        ("idleReplicaCount", Count),
        ("minReplicaCount", Count),
        ("maxReplicaCount", Whole(1)),
        ("fallback", Object(
            ("failureThreshold*", Count),
            ("replicas*", Count),
            ("behavior", OneOf("static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers")))),
        ("advanced", Object(
            ("restoreToOriginalReplicaCount", Flag),
            ("horizontalPodAutoscalerConfig", Object(
                ("name", Text),
                ("behavior", Object(("scaleUp", Scaling), ("scaleDown", Scaling))))),
            ("scalingModifiers", Object(
                ("formula", Text),
                ("target", Text),
                ("activationTarget", Text),
                ("metricType", OneOf("AverageValue", "Value")))))),
        ("triggers*", ListOf(Trigger, least: 1))), Conditions);

    private static IEnumerable<Finding> Conditions(Document document)
    {
        var triggers = document["spec"]["triggers"];
        foreach (var trigger in triggers.Items)
        {
            foreach (var missing in RequiredMetadata.GetValueOrDefault(trigger["type"].Text ?? "", []).Where(name => string.IsNullOrEmpty(trigger["metadata"][name].Text)))
            {
                yield return document.Find(trigger["metadata"][missing], $"a value: triggers of the type {trigger["type"].Text} need it");
            }

            string[] metricTypes = IsResource(trigger) ? ["AverageValue", "Utilization"] : ["AverageValue", "Value"];
            if (trigger["metricType"].Text is { } type && !metricTypes.Contains(type))
            {
                yield return document.Find(trigger["metricType"], $"{string.Join(" or ", metricTypes)} for triggers of the type {trigger["type"].Text}");
            }
        }

        foreach (var same in triggers.Items.Where(trigger => trigger["name"].Exists).GroupBy(trigger => trigger["name"].Text).Where(same => same.Count() > 1))
        {
            yield return document.Find(same.Last()["name"], "a name that no other trigger has");
        }

        if (document["spec"]["fallback"].Exists && !document["spec"]["advanced"]["scalingModifiers"].Exists
            && !triggers.Items.Any(trigger => !IsResource(trigger) && trigger["metricType"].Text is null or "AverageValue"))
        {
            yield return document.Find(document["spec"]["fallback"], "a fallback only beside a trigger with the metricType AverageValue that is neither cpu nor memory");
        }
    }

    private static bool IsResource(Field trigger) => trigger["type"].Text is "cpu" or "memory";
}
