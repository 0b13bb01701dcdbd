namespace Orrery.Tests.Kubernetes;

/// <summary>The closed sets of values that the API server knows and the OpenAPI document, which only says "string", does not.</summary>
internal static class Enumerations
{
    private static readonly string[] Protocols = ["TCP", "UDP", "SCTP"];
    private static readonly string[] Operators = ["In", "NotIn", "Exists", "DoesNotExist"];

    private static readonly Dictionary<string, string[]> Values = new(StringComparer.Ordinal)
    {
        ["Container.imagePullPolicy"] = ["Always", "IfNotPresent", "Never"],
        ["Container.restartPolicy"] = ["Always"],
        ["Container.terminationMessagePolicy"] = ["File", "FallbackToLogsOnError"],
        ["ContainerPort.protocol"] = Protocols,
        ["CronJobSpec.concurrencyPolicy"] = ["Allow", "Forbid", "Replace"],
        ["DaemonSetUpdateStrategy.type"] = ["RollingUpdate", "OnDelete"],
        ["DeploymentStrategy.type"] = ["RollingUpdate", "Recreate"],
        ["EmptyDirVolumeSource.medium"] = ["", "Memory", "HugePages", "HugePages-2Mi", "HugePages-1Gi"],
        ["HPAScalingPolicy.type"] = ["Pods", "Percent"],
        ["HPAScalingRules.selectPolicy"] = ["Max", "Min", "Disabled"],
        ["HTTPGetAction.scheme"] = ["HTTP", "HTTPS"],
        ["HTTPIngressPath.pathType"] = ["Exact", "Prefix", "ImplementationSpecific"],
        ["JobSpec.completionMode"] = ["NonIndexed", "Indexed"],
        ["LabelSelectorRequirement.operator"] = Operators,
        ["MetricSpec.type"] = ["Resource", "ContainerResource", "Pods", "Object", "External"],
        ["MetricTarget.type"] = ["Utilization", "Value", "AverageValue"],
        ["NetworkPolicyPort.protocol"] = Protocols,
        ["NodeSelectorRequirement.operator"] = [.. Operators, "Gt", "Lt"],
        ["PersistentVolumeClaimSpec.volumeMode"] = ["Filesystem", "Block"],
        ["PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy"] = ["IfHealthyBudget", "AlwaysAllow"],
        ["PodSecurityContext.fsGroupChangePolicy"] = ["OnRootMismatch", "Always"],
        ["PodSpec.dnsPolicy"] = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
        ["PodSpec.preemptionPolicy"] = ["PreemptLowerPriority", "Never"],
        ["PodSpec.restartPolicy"] = ["Always", "OnFailure", "Never"],
        ["RoleRef.apiGroup"] = ["rbac.authorization.k8s.io"],
        ["RoleRef.kind"] = ["Role", "ClusterRole"],
        ["SeccompProfile.type"] = ["RuntimeDefault", "Localhost", "Unconfined"],
        ["ServicePort.protocol"] = Protocols,
        ["ServiceSpec.externalTrafficPolicy"] = ["Cluster", "Local"],
        ["ServiceSpec.internalTrafficPolicy"] = ["Cluster", "Local"],
        ["ServiceSpec.ipFamilyPolicy"] = ["SingleStack", "PreferDualStack", "RequireDualStack"],
        ["ServiceSpec.sessionAffinity"] = ["None", "ClientIP"],
        ["ServiceSpec.trafficDistribution"] = ["PreferClose"],
        ["ServiceSpec.type"] = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
        ["StatefulSetSpec.podManagementPolicy"] = ["OrderedReady", "Parallel"],
        ["StatefulSetUpdateStrategy.type"] = ["RollingUpdate", "OnDelete"],
        ["Toleration.effect"] = ["NoSchedule", "PreferNoSchedule", "NoExecute"],
        ["Toleration.operator"] = ["Exists", "Equal"],
        ["TopologySpreadConstraint.whenUnsatisfiable"] = ["DoNotSchedule", "ScheduleAnyway"],
        ["VolumeMount.mountPropagation"] = ["None", "HostToContainer", "Bidirectional"],
    };

    private static readonly Dictionary<string, string[]> ListValues = new(StringComparer.Ordinal)
    {
        ["NetworkPolicySpec.policyTypes"] = ["Ingress", "Egress"],
        ["PersistentVolumeClaimSpec.accessModes"] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"],
    };

    /// <summary>All fields of the tables, as <c>Definition.field</c>.</summary>
    public static IEnumerable<string> Fields => Values.Keys.Concat(ListValues.Keys);

    /// <summary>The shape of a field with a closed set of values; null for all others.</summary>
    public static Shape? Find(string definition, string field) =>
        Values.TryGetValue($"{definition}.{field}", out var values) ? Shape.OneOf(values)
        : ListValues.TryGetValue($"{definition}.{field}", out var items) ? Shape.ListOf(Shape.OneOf(items))
        : null;
}
