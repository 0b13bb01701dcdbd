using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Kubernetes;

/// <summary>
/// One Secret a parameter: what the operator gives, else what the cluster has from an earlier installation, else a new value.
/// An operator's own Secret takes its place by name. It outlives the installation as the data do that it opens.
/// </summary>
internal static class SecretTemplates
{
    public static ChartFile Write(ParameterResource parameter, string? generator, bool alsoForUri)
    {
        var name = ChartNames.Secret(parameter.Name);
        var key = ChartNames.Key(parameter.Name);
        var made = generator ?? $"required \"secrets.{key}: give a value, or an existingSecret that holds it\" \"\"";
        var uri = alsoForUri ? "  value-uri: {{ $value | urlquery | replace \"+\" \"%20\" | b64enc | quote }}\n" : "";
        return ChartFile.Template(parameter.Name.ToLowerInvariant(), name, $$$"""
            {{- with .Values.secrets.{{{key}}} }}
            {{- if not .existingSecret }}
            {{- $old := (lookup "v1" "Secret" $.Release.Namespace "{{{name}}}").data | default dict }}
            {{- $value := .value | default ($old.value | default "" | b64dec) }}
            {{- if not $value }}{{ $value = {{{made}}} }}{{ end }}
            apiVersion: v1
            kind: Secret
            metadata:
              name: "{{{name}}}"
              labels:
                {{- include "chart.labels" (list $ "{{{parameter.Name}}}") | nindent 4 }}
              annotations:
                helm.sh/resource-policy: keep
            type: Opaque
            data:
              value: {{ $value | b64enc | quote }}
            {{{uri}}}{{- end }}
            {{- end }}

            """);
    }
}
