
namespace Aspire.Hosting.Kubernetes;

/// <summary>Metrics that a workload offers itself: whose pods say <c>prometheus.io/scrape: "true"</c>, gets a ServiceMonitor where one is wanted.</summary>
internal static class MonitoringTemplates
{
    private const string Scrape = "prometheus.io/scrape";
    private const string MetricsPath = "prometheus.io/path";
    private const string MetricsPort = "prometheus.io/port";

    /// <summary>The port with the metrics; null: the workload offers none.</summary>
    public static ChartPort? PortOf(ChartWorkload workload, KubernetesResource objects)
    {
        var annotations = objects.Workload!.PodTemplate.Metadata.Annotations;
        if (!annotations.TryGetValue(Scrape, out var scrape) || scrape != "true")
        {
            return null;
        }

        return annotations.TryGetValue(MetricsPort, out var port)
            ? workload.Ports.FirstOrDefault(one => FormattableString.Invariant($"{one.Default}") == port || one.Name == port)
            : workload.Ports.FirstOrDefault();
    }

    public static ChartFile? Write(ChartWorkload workload, KubernetesResource objects) => PortOf(workload, objects) is not { } port
        ? null
        : ChartFile.Template(workload.Name, $"{workload.Name}-servicemonitor", $$$"""
            {{- if and .Values.serviceMonitor.enabled {{{workload.Enabled}}} }}
            apiVersion: monitoring.coreos.com/v1
            kind: ServiceMonitor
            metadata:
              name: "{{{workload.Name}}}-servicemonitor"
              labels:
                {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 4 }}
                {{- with .Values.serviceMonitor.labels }}
                {{- toYaml . | nindent 4 }}
                {{- end }}
            spec:
              selector:
                matchLabels:
                  {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 6 }}
              endpoints:
                - port: "{{{port.Name}}}"
                  path: "{{{Path(objects)}}}"
                  interval: {{ .Values.serviceMonitor.interval | quote }}
            {{- end }}

            """);

    private static string Path(KubernetesResource objects) =>
        objects.Workload!.PodTemplate.Metadata.Annotations.TryGetValue(MetricsPath, out var path) ? path : "/metrics";
}
