{{/* The three labels by which objects are found: (list $ "component"). */}}
{{- define "chart.labels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name | quote }}
app.kubernetes.io/component: {{ index . 1 | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
{{- end }}

{{/* The image as the kubelet pulls it: (list $ registry image isOwn). A registry in a public image's name is replaced by the mirror; an image of ours that names one is whole. */}}
{{- define "chart.image" -}}
{{- $registry := index . 1 | trimSuffix "/" -}}
{{- $image := index . 2 -}}
{{- if $registry -}}
{{- $first := splitList "/" $image | first -}}
{{- if and (contains "/" $image) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) -}}
{{- if index . 3 -}}
{{- $registry = "" -}}
{{- else -}}
{{- $image = trimPrefix (print $first "/") $image -}}
{{- end -}}
{{- end -}}
{{- if $registry -}}{{- print $registry "/" -}}{{- end -}}{{- $image -}}
{{- else -}}
{{- $image -}}
{{- end -}}
{{- end }}

{{/* The key within the Secret that holds a secret: (values of the secret). */}}
{{- define "chart.secretKey" -}}
{{- if .existingSecret -}}{{- .existingSecretKey | default "value" -}}{{- else -}}value{{- end -}}
{{- end }}

{{/* Requests and limits, with GPUs among the limits: (list resources gpus). */}}
{{- define "chart.resources" -}}
{{- $resources := index . 0 | default dict | deepCopy -}}
{{- with index . 1 -}}
{{- if .gpus -}}
{{- $_ := set $resources "limits" (merge (dict .resourceName (toString .gpus)) ($resources.limits | default dict)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end }}

{{/* Where pods run and what they are pulled with: (list $ "component" workload). */}}
{{- define "chart.scheduling" -}}
{{- $root := index . 0 -}}
{{- $workload := index . 2 -}}
{{- $gpu := dict -}}
{{- if $workload.gpus }}{{ $gpu = $root.Values.gpu }}{{ end -}}
{{- with $root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $workload.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $workload.runtimeClassName | default $gpu.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with merge ($workload.nodeSelector | default dict | deepCopy) ($gpu.nodeSelector | default dict) }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat ($workload.tolerations | default list) ($gpu.tolerations | default list) | uniq }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range $root.Values.topologySpread.topologyKeys }}
  - maxSkew: 1
    topologyKey: {{ . | quote }}
    whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable | quote }}
    labelSelector:
      matchLabels:
        {{- include "chart.labels" (list $root (index $ 1)) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Where telemetry goes: (list $ "service"). */}}
{{- define "chart.telemetry" -}}
{{- $telemetry := (index . 0).Values.telemetry -}}
OTEL_SERVICE_NAME: {{ index . 1 | quote }}
{{- if $telemetry.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ $telemetry.endpoint | quote }}
OTEL_EXPORTER_OTLP_PROTOCOL: {{ $telemetry.protocol | quote }}
OTEL_TRACES_SAMPLER: "parentbased_traceidratio"
OTEL_TRACES_SAMPLER_ARG: {{ $telemetry.samplingRatio | quote }}
{{- end }}
{{- end }}

{{/* What telemetry says of the pod, and the collector's key. */}}
{{- define "chart.telemetryVariables" -}}
- name: "POD_NAME"
  valueFrom:
    fieldRef:
      fieldPath: "metadata.name"
- name: "OTEL_RESOURCE_ATTRIBUTES"
  value: {{ printf "service.instance.id=$(POD_NAME),k8s.pod.name=$(POD_NAME),k8s.namespace.name=%s,service.version=%s%s" .Release.Namespace .Chart.AppVersion (ternary (print "," .Values.telemetry.attributes) "" (ne .Values.telemetry.attributes "")) | quote }}
{{- with .Values.telemetry.headersSecret }}
- name: "OTEL_EXPORTER_OTLP_HEADERS"
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: {{ $.Values.telemetry.headersSecretKey | quote }}
{{- end }}
{{- end }}

{{/* The way to the outside: proxies and certificates. */}}
{{- define "chart.outside" -}}
{{- if or .Values.proxy.http .Values.proxy.https .Values.proxy.existingSecret }}
NO_PROXY: {{ include "chart.noProxy" . | quote }}
no_proxy: {{ include "chart.noProxy" . | quote }}
{{- end }}
{{- with .Values.proxy.http }}
HTTP_PROXY: {{ . | quote }}
http_proxy: {{ . | quote }}
{{- end }}
{{- with .Values.proxy.https }}
HTTPS_PROXY: {{ . | quote }}
https_proxy: {{ . | quote }}
{{- end }}
{{- if or .Values.certificateAuthority.configMap .Values.certificateAuthority.secret }}
SSL_CERT_FILE: {{ printf "/etc/certificate-authority/%s" .Values.certificateAuthority.key | quote }}
REQUESTS_CA_BUNDLE: {{ printf "/etc/certificate-authority/%s" .Values.certificateAuthority.key | quote }}
{{- end }}
{{- end }}

{{- define "chart.certificateVolume" -}}
{{- with .Values.certificateAuthority }}
{{- if .secret }}
- name: "certificate-authority"
  secret:
    secretName: {{ .secret | quote }}
{{- else if .configMap }}
- name: "certificate-authority"
  configMap:
    name: {{ .configMap | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "chart.certificateMount" -}}
{{- if or .Values.certificateAuthority.configMap .Values.certificateAuthority.secret }}
- name: "certificate-authority"
  mountPath: "/etc/certificate-authority"
  readOnly: true
{{- end }}
{{- end }}

{{/* The port of a URL: its own, or that of its scheme. */}}
{{- define "chart.portOfUrl" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end }}
