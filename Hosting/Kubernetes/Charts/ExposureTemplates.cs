using Aspire.Hosting.Kubernetes.Values;

namespace Aspire.Hosting.Kubernetes;

/// <summary>The way in from outside of the cluster, for workloads with external endpoints: an Ingress, or a route of the Gateway API.</summary>
internal static class ExposureTemplates
{
    public static IEnumerable<ChartFile> Write(ChartWorkload workload, ChartValues values)
    {
        if (workload.Ports.FirstOrDefault(port => port.Endpoint is { IsExternal: true, UriScheme: "http" }) is not { } port)
        {
            yield break;
        }

        var section = values.Section("hosts").Section(workload.Key);
        section.Add("host", "", Schema.HostName(), "Empty: not reachable from outside of the cluster.");
        section.Add("path", "/", Schema.Text("^/"));
        section.Text("tlsSecret", "", "Of the Ingress: the Secret with the certificate. With the Gateway API, TLS is the Gateway's.");

        yield return ChartFile.Template(workload.Name, $"{workload.Name}-ingress", $$$"""
            {{- with .Values.hosts.{{{workload.Key}}} }}
            {{- if and $.Values.ingress.enabled .host $.Values.workloads.{{{workload.Key}}}.enabled }}
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: "{{{workload.Name}}}-ingress"
              labels:
                {{- include "chart.labels" (list $ "{{{workload.Resource.Name}}}") | nindent 4 }}
              {{- with $.Values.ingress.annotations }}
              annotations:
                {{- toYaml . | nindent 4 }}
              {{- end }}
            spec:
              {{- with $.Values.ingress.className }}
              ingressClassName: {{ . | quote }}
              {{- end }}
              {{- with .tlsSecret }}
              tls:
                - hosts:
                    - {{ $.Values.hosts.{{{workload.Key}}}.host | quote }}
                  secretName: {{ . | quote }}
              {{- end }}
              rules:
                - host: {{ .host | quote }}
                  http:
                    paths:
                      - path: {{ .path | quote }}
                        pathType: Prefix
                        backend:
                          service:
                            name: "{{{ChartNames.Service(workload.Name)}}}"
                            port:
                              name: "{{{port.Name}}}"
            {{- end }}
            {{- end }}

            """);
        yield return ChartFile.Template(workload.Name, $"{workload.Name}-httproute", $$$"""
            {{- with .Values.hosts.{{{workload.Key}}} }}
            {{- if and $.Values.httpRoute.enabled .host $.Values.workloads.{{{workload.Key}}}.enabled }}
            {{- if not $.Values.httpRoute.parentRefs }}
            {{- fail "httpRoute.parentRefs is empty: name the Gateway, as [{name: my-gateway, namespace: infra}]" }}
            {{- end }}
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata:
              name: "{{{workload.Name}}}-httproute"
              labels:
                {{- include "chart.labels" (list $ "{{{workload.Resource.Name}}}") | nindent 4 }}
              {{- with $.Values.httpRoute.annotations }}
              annotations:
                {{- toYaml . | nindent 4 }}
              {{- end }}
            spec:
              parentRefs:
                {{- toYaml $.Values.httpRoute.parentRefs | nindent 4 }}
              hostnames:
                - {{ .host | quote }}
              rules:
                - matches:
                    - path:
                        type: PathPrefix
                        value: {{ .path | quote }}
                  timeouts:
                    request: {{ $.Values.httpRoute.requestTimeout | quote }}
                  backendRefs:
                    - name: "{{{ChartNames.Service(workload.Name)}}}"
                      port: {{{port.Public.Replace(".Values", "$.Values", StringComparison.Ordinal)}}}
            {{- end }}
            {{- end }}

            """);
    }
}
