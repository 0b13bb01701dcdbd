using Aspire.Hosting.Kubernetes.Values;

namespace Aspire.Hosting.Kubernetes;

/// <summary>What stands beside a workload's pods: its account, how many may be missing at a time, its storage.</summary>
internal static class ObjectTemplates
{
    public static ChartFile Account(ChartWorkload workload) => ChartFile.Template(workload.Name, $"{workload.Name}-serviceaccount", $$$"""
        {{- if and {{{workload.Enabled}}} (not {{{workload.Value("serviceAccount.name")}}}) }}
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: "{{{workload.Name}}}-serviceaccount"
          labels:
            {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 4 }}
          {{- with {{{workload.Value("serviceAccount.annotations")}}} }}
          annotations:
            {{- toYaml . | nindent 4 }}
          {{- end }}
        automountServiceAccountToken: false
        {{- end }}

        """);

    public static ChartFile DisruptionBudget(ChartWorkload workload, ChartValues values)
    {
        var section = values.Section("workloads").Section(workload.Key).Section("podDisruptionBudget", "How many pods a drain of nodes may take at a time.");
        section.Flag("enabled", true);
        section.Integer("maxUnavailable", 1, 0, 1000);
        return ChartFile.Template(workload.Name, $"{workload.Name}-poddisruptionbudget", $$$"""
            {{- if and {{{workload.Enabled}}} {{{workload.Value("podDisruptionBudget.enabled")}}} }}
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata:
              name: "{{{workload.Name}}}-poddisruptionbudget"
              labels:
                {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 4 }}
            spec:
              maxUnavailable: {{ {{{workload.Value("podDisruptionBudget.maxUnavailable")}}} }}
              selector:
                matchLabels:
                  {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 6 }}
            {{- end }}

            """);
    }

    /// <summary>The claims of a workload's volumes. They outlive the installation: data are deleted by hand only.</summary>
    public static IEnumerable<ChartFile> Claims(ChartWorkload workload, KubernetesEnvironmentResource environment, ChartValues values)
    {
        foreach (var (name, value, key) in workload.Claims)
        {
            var section = values.Section("workloads").Section(workload.Key).Section("volumes").Section(key);
            section.Add("size", environment.DefaultStorageSize, Schema.Quantity());
            section.Text("storageClassName", environment.DefaultStorageClassName ?? "", "Empty: the cluster's default.");
            section.Add("accessMode", environment.DefaultStorageReadWritePolicy, Schema.Choice("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"));
            section.Text("existingClaim", "", "A claim of yours instead of the chart's.");
            yield return ChartFile.Template(workload.Name, name, $$$"""
                {{- if and {{{workload.Enabled}}} (not {{{value}}}.existingClaim) }}
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata:
                  name: "{{{name}}}"
                  labels:
                    {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 4 }}
                  annotations:
                    helm.sh/resource-policy: keep
                spec:
                  accessModes:
                    - {{ {{{value}}}.accessMode | quote }}
                  {{- with {{{value}}}.storageClassName }}
                  storageClassName: {{ . | quote }}
                  {{- end }}
                  resources:
                    requests:
                      storage: {{ {{{value}}}.size | quote }}
                {{- end }}

                """);
        }
    }
}
