using System.Text;
using Aspire.Hosting.Kubernetes.Values;
using Aspire.Hosting.Kubernetes.Yaml;

namespace Aspire.Hosting.Kubernetes;

/// <summary>
/// Who may talk to whom: what the graph's references say, and nothing else. Whoever refers to a workload may reach the ports that it
/// refers to; a workload may reach what it refers to, names (DNS), telemetry and the proxy.
/// </summary>
internal static class NetworkTemplates
{
    public static ChartFile Write(ChartWorkload workload, ChartGraph graph, KubernetesResource objects, ChartValues values)
    {
        var asked = objects.AdditionalResources.Where(one => one.Kind == "NetworkPolicy").Select(one => ObjectModel.MapOf(one).Map("spec")).ToList();
        var section = values.Section("workloads").Section(workload.Key).Section("networkPolicy", "Beyond the graph's references, as in a NetworkPolicy.");
        section.List("ingress", Rules(asked, "ingress"));
        section.List("egress", Rules(asked, "egress"));

        return ChartFile.Template(workload.Name, $"{workload.Name}-networkpolicy", $$$"""
            {{- if and .Values.networkPolicy.enabled {{{workload.Enabled}}} }}
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata:
              name: "{{{workload.Name}}}-networkpolicy"
              labels:
                {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 4 }}
            spec:
              podSelector:
                matchLabels:
                  {{- include "chart.labels" (list . "{{{workload.Resource.Name}}}") | nindent 6 }}
              policyTypes:
                - Ingress
                - Egress
              ingress:
            {{{Ingress(workload, graph, objects)}}}  egress:
            {{{Egress(workload)}}}    {{- with {{{workload.Value("networkPolicy.egress")}}} }}
                {{- toYaml . | nindent 4 }}
                {{- end }}
            {{- end }}

            """);
    }

    private static string Ingress(ChartWorkload workload, ChartGraph graph, KubernetesResource objects)
    {
        var rules = new StringBuilder();
        foreach (var consumer in graph.Workloads.Where(one => one.References.ContainsKey(workload)))
        {
            Rule(rules, "from", consumer, consumer.References[workload].Order(StringComparer.Ordinal).Select(name => (name, workload.Ports.Single(port => port.Name == name).Protocol)));
        }

        if (workload.IsExternal)
        {
            rules.Append("    - ports:\n");
            foreach (var port in workload.Ports.Where(port => port.Endpoint.IsExternal))
            {
                rules.Append($"        - port: \"{port.Name}\"\n          protocol: {port.Protocol}\n");
            }

            rules.Append("      {{- with .Values.networkPolicy.clients }}\n      from:\n        {{- toYaml . | nindent 8 }}\n      {{- end }}\n");
        }

        var own = workload.Value("networkPolicy.ingress");
        if (rules.Length == 0)
        {
            return $"    {{{{- toYaml {own} | nindent 4 }}}}\n";
        }

        if (MonitoringTemplates.PortOf(workload, objects) is { } metrics)
        {
            rules.Append($$$"""
                    {{- if .Values.serviceMonitor.enabled }}
                    - ports:
                        - port: "{{{metrics.Name}}}"
                          protocol: TCP
                      from:
                        {{- toYaml .Values.networkPolicy.monitoring | nindent 8 }}
                    {{- end }}

                """);
        }

        return rules.Append($"    {{{{- with {own} }}}}\n    {{{{- toYaml . | nindent 4 }}}}\n    {{{{- end }}}}\n").ToString();
    }

    private static string Egress(ChartWorkload workload)
    {
        var rules = new StringBuilder("""
                - ports:
                    {{- range .Values.networkPolicy.dnsPorts }}
                    - port: {{ . }}
                      protocol: UDP
                    - port: {{ . }}
                      protocol: TCP
                    {{- end }}

            """);
        foreach (var (other, ports) in workload.References.OrderBy(one => one.Key.Name, StringComparer.Ordinal))
        {
            var names = ports.Order(StringComparer.Ordinal).Select(name => other.Ports.Single(port => port.Name == name)).ToList();
            if (other.IsStore)
            {
                rules.Append($"    {{{{- if {other.Value("external.host")} }}}}\n    - ports:\n        - port: {{{{ {other.Value("external.port")} }}}}\n          protocol: TCP\n    {{{{- else }}}}\n");
                Rule(rules, "to", other, names.Select(port => (port.Name, port.Protocol)));
                rules.Append("    {{- end }}\n");
            }
            else
            {
                rules.Append($"    {{{{- if {other.Enabled} }}}}\n");
                Rule(rules, "to", other, names.Select(port => (port.Name, port.Protocol)));
                rules.Append("    {{- end }}\n");
            }
        }

        foreach (var port in workload.OutsidePorts)
        {
            // Where it is, only DNS knows; what is not its port stays closed.
            rules.Append(port == 0 ? "    - {}\n" : $"    - ports:\n        - port: {port}\n          protocol: TCP\n");
        }

        if (workload.ExportsTelemetry)
        {
            AppendUrl(rules, ".Values.telemetry.endpoint");
        }

        if (!workload.IsStore)
        {
            AppendUrl(rules, ".Values.proxy.http");
            AppendUrl(rules, ".Values.proxy.https");
            rules.Append("    {{- if .Values.proxy.existingSecret }}\n    - ports:\n        - port: {{ .Values.proxy.port }}\n          protocol: TCP\n    {{- end }}\n");
        }

        return rules.ToString();
    }

    private static void Rule(StringBuilder rules, string direction, ChartWorkload peer, IEnumerable<(string Name, string Protocol)> ports)
    {
        rules.Append($$$"""
                - {{{direction}}}:
                    - podSelector:
                        matchLabels:
                          {{- include "chart.labels" (list . "{{{peer.Resource.Name}}}") | nindent 14 }}
                  ports:

            """);
        foreach (var (name, protocol) in ports)
        {
            rules.Append($"        - port: \"{name}\"\n          protocol: {protocol}\n");
        }
    }

    private static void AppendUrl(StringBuilder rules, string value) =>
        rules.Append($"    {{{{- with {value} }}}}\n    - ports:\n        - port: {{{{ include \"chart.portOfUrl\" . }}}}\n          protocol: TCP\n    {{{{- end }}}}\n");

    private static YamlList Rules(List<YamlMap> specs, string direction)
    {
        var rules = new YamlList();
        foreach (var item in specs.SelectMany(spec => (spec[direction] as YamlList)?.Items ?? []))
        {
            rules.Add(item.Node!);
        }

        return rules;
    }
}
