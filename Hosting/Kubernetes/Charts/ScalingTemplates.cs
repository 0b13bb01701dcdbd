using System.Globalization;
using Aspire.Hosting.Kubernetes.Values;
using Aspire.Hosting.Kubernetes.Yaml;

namespace Aspire.Hosting.Kubernetes;

/// <summary>How many pods there are: a HorizontalPodAutoscaler, or KEDA's ScaledObject in its place.</summary>
internal static class ScalingTemplates
{
    /// <summary>Adds what can be set; <paramref name="wanted"/> is the specification of an autoscaler that the graph asks for, if it does.</summary>
    public static void Describe(ChartValues workloadValues, ChartWorkload workload, YamlMap? wanted)
    {
        var section = workloadValues.Section("autoscaling");
        section.Flag("enabled", wanted is not null);
        section.Add("kind", "HorizontalPodAutoscaler", Schema.Choice("HorizontalPodAutoscaler", "ScaledObject"), "ScaledObject needs KEDA in the cluster.");
        section.Integer("minReplicas", Number("minReplicas", 1), 0, 1000, "0 (scale to zero) needs a ScaledObject.");
        section.Integer("maxReplicas", Number("maxReplicas", 3), 1, 1000);
        section.List("metrics", wanted?["metrics"] as YamlList ?? Processor(), "Of the HorizontalPodAutoscaler.");
        section.Map("behavior", wanted?["behavior"] as YamlMap, "How fast; empty: Kubernetes' own pace.");
        section.List("triggers", null, "Of the ScaledObject: [{type: prometheus, metadata: {serverAddress: …, query: …, threshold: \"5\"}}].");
        section.Integer("cooldownPeriod", 300, 0, 86_400, "Of the ScaledObject: seconds without a trigger before it scales to zero.");

        int Number(string key, int fallback) => wanted?[key] is YamlScalar { AsPlain: { } text } ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
    }

    public static IEnumerable<ChartFile> Write(ChartWorkload workload)
    {
        yield return ChartFile.Template(workload.Name, $"{workload.Name}-horizontalpodautoscaler", $$$"""
            {{- with {{{workload.Value("autoscaling")}}} }}
            {{- if and {{{Rooted(workload)}}} .enabled (eq .kind "HorizontalPodAutoscaler") }}
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata:
              name: "{{{workload.Name}}}-horizontalpodautoscaler"
              labels:
                {{- include "chart.labels" (list $ "{{{workload.Resource.Name}}}") | nindent 4 }}
            spec:
              scaleTargetRef:
                apiVersion: apps/v1
                kind: Deployment
                name: "{{{workload.Name}}}-deployment"
              minReplicas: {{ max 1 .minReplicas }}
              maxReplicas: {{ .maxReplicas }}
              metrics:
                {{- toYaml .metrics | nindent 4 }}
              {{- with .behavior }}
              behavior:
                {{- toYaml . | nindent 4 }}
              {{- end }}
            {{- end }}
            {{- end }}

            """);
        yield return ChartFile.Template(workload.Name, $"{workload.Name}-scaledobject", $$$"""
            {{- with {{{workload.Value("autoscaling")}}} }}
            {{- if and {{{Rooted(workload)}}} .enabled (eq .kind "ScaledObject") }}
            {{- if not .triggers }}
            {{- fail "workloads.{{{workload.Key}}}.autoscaling.triggers is empty: a ScaledObject needs at least one trigger, or use kind HorizontalPodAutoscaler" }}
            {{- end }}
            apiVersion: keda.sh/v1alpha1
            kind: ScaledObject
            metadata:
              name: "{{{workload.Name}}}-scaledobject"
              labels:
                {{- include "chart.labels" (list $ "{{{workload.Resource.Name}}}") | nindent 4 }}
            spec:
              scaleTargetRef:
                apiVersion: apps/v1
                kind: Deployment
                name: "{{{workload.Name}}}-deployment"
              minReplicaCount: {{ .minReplicas }}
              maxReplicaCount: {{ .maxReplicas }}
              cooldownPeriod: {{ .cooldownPeriod }}
              triggers:
                {{- toYaml .triggers | nindent 4 }}
            {{- end }}
            {{- end }}

            """);
    }

    // Inside of "with", the chart's values are under $.
    private static string Rooted(ChartWorkload workload) => workload.Enabled.Replace(".Values", "$.Values", StringComparison.Ordinal);

    private static YamlList Processor() =>
    [
        new YamlMap
        {
            { "type", "Resource" },
            { "resource", new YamlMap { { "name", "cpu" }, { "target", new YamlMap { { "type", "Utilization" }, { "averageUtilization", 70 } } } } },
        },
    ];
}
