using Aspire.Hosting.Kubernetes.Values;

namespace Aspire.Hosting.Kubernetes;

/// <summary>What a chart has beside its objects: who it is, what can be set for all of it, what is shown after the installation.</summary>
internal static class ChartDocuments
{
    // The least version whose defaults and policies are those that the chart is judged by: Pod Security took the place of its forerunner.
    private const string KubeVersion = ">= 1.25.0-0";

    public static ChartFile Chart(HelmChartOptions chart, string name) => new("Chart.yaml", $"""
        apiVersion: "v2"
        name: "{name}"
        version: "{chart.Version}"
        kubeVersion: "{KubeVersion}"
        description: "{chart.Description.Replace("\"", "\\\"", StringComparison.Ordinal)}"
        type: "application"
        keywords:
          - "aspire"
          - "kubernetes"
        appVersion: "{chart.Version}"
        deprecated: false

        """);

    public static ChartFile Ignore() => new(".helmignore", """
        .git/
        *.orig
        *.tmp
        *~

        """);

    /// <summary>Values that hold for the whole chart, in the order in which values.yaml has them; sections of the graph come in between.</summary>
    public static void DescribeImages(ChartValues values, KubernetesEnvironmentResource environment)
    {
        var images = values.Section("images", "Where images come from.");
        images.Add("registry", "", Schema.NoScheme(), "Before the images of this graph's own projects, as registry.example.com/team; an image that names a registry itself is taken as it is.");
        images.Add("mirror", "", Schema.NoScheme(), "Instead of the registry of public images: docker.io/library/redis becomes MIRROR/library/redis.");
        images.Add("pullPolicy", environment.DefaultImagePullPolicy, Schema.Choice("IfNotPresent", "Always", "Never"));
        images.Add("pullSecrets", new Yaml.YamlList(), Schema.TextList(), "Names of Secrets.");
        values.Section("parameters", "Images, ports and the graph's parameters.");
        values.Section("secrets",
            "One entry a secret. value: what it is; empty: generated at the first installation and kept by upgrades.\n" +
            "It stands in connection strings: no quotes, semicolons, commas, $ and backslashes.\n" +
            "existingSecret, existingSecretKey (default: value): a Secret of yours that holds it, which tools that only render the chart need.");
        values.Section("config", "Variables with a fixed text, by workload.");
        values.SectionOfAlike("workloads", "What runs. Of each workload can be set:");
    }

    public static void DescribeRest(ChartValues values)
    {
        var gpu = values.Section("gpu", "For every workload with gpus; a workload's own nodeSelector and tolerations are added, its runtimeClassName goes before.");
        gpu.Add("resourceName", "nvidia.com/gpu", Schema.Text("^[a-z0-9.-]+/[A-Za-z0-9._-]+$"), "As the device plugin calls it: nvidia.com/gpu, nvidia.com/mig-1g.10gb, amd.com/gpu.");
        gpu.Map("nodeSelector", null);
        gpu.List("tolerations", null);
        gpu.Text("runtimeClassName", "", "As nvidia, where the runtime is not the default one.");

        values.Section("hosts", "Under which names the graph's external endpoints are reached from outside, by an Ingress or a route.");
        var ingress = values.Section("ingress");
        ingress.Flag("enabled", false);
        ingress.Text("className", "", "Empty: the cluster's default.");
        ingress.Add("annotations", new Yaml.YamlMap(), Schema.TextMap(), "Streams need a controller that neither buffers nor cuts them: nginx.ingress.kubernetes.io/proxy-buffering: \"off\",\nnginx.ingress.kubernetes.io/proxy-read-timeout: \"3600\", nginx.ingress.kubernetes.io/proxy-body-size: \"100m\".");
        var route = values.Section("httpRoute", "The Gateway API, instead of an Ingress or beside it.");
        route.Flag("enabled", false);
        route.List("parentRefs", null, "The Gateway: [{name: my-gateway, namespace: infra}].");
        route.Add("requestTimeout", "0s", Schema.Text("^([0-9]{1,5}(h|m|s|ms)){1,4}$"), "0s: none, since an answer may stream for long.");
        route.Add("annotations", new Yaml.YamlMap(), Schema.TextMap());

        var network = values.Section("networkPolicy", "Made from the graph's references; needs a network plugin that enforces them.");
        network.Flag("enabled", true);
        network.Add("dnsPorts", new Yaml.YamlList { 53, 5353 }, Schema.PortList(), "Where names are asked for, as the pods of the cluster's DNS listen: 53, on OpenShift 5353.");
        network.List("clients", null, "Who may reach external endpoints, as in a NetworkPolicy's from; empty: everyone.");
        network.List("monitoring", [new Yaml.YamlMap { { "namespaceSelector", new Yaml.YamlMap() } }], "Who may read metrics where serviceMonitor is on.");

        var spread = values.Section("topologySpread", "Replicas on different nodes and zones.");
        spread.Flag("enabled", true);
        spread.Add("topologyKeys", new Yaml.YamlList { "kubernetes.io/hostname", "topology.kubernetes.io/zone" }, Schema.TextList());
        spread.Add("whenUnsatisfiable", "ScheduleAnyway", Schema.Choice("ScheduleAnyway", "DoNotSchedule"));

        var telemetry = values.Section("telemetry", "OpenTelemetry: traces, metrics and logs of the graph's projects.");
        telemetry.Add("endpoint", "", Schema.Address(), "As http://collector.observability:4317; empty: nowhere.");
        telemetry.Add("protocol", "grpc", Schema.Choice("grpc", "http/protobuf"));
        telemetry.Add("samplingRatio", "1", Schema.Ratio(), "Which part of the traces that begin here is kept: 0 to 1.");
        telemetry.Text("attributes", "", "Further attributes of the resource, as deployment.environment.name=production.");
        telemetry.Text("headersSecret", "", "A Secret with what the collector wants as OTEL_EXPORTER_OTLP_HEADERS.");
        telemetry.Text("headersSecretKey", "headers");

        var monitor = values.Section("serviceMonitor", "For the Prometheus operator: metrics of workloads that offer them.");
        monitor.Flag("enabled", false);
        monitor.Add("interval", "30s", Schema.Text("^[0-9]+(ms|s|m|h)$"));
        monitor.Add("labels", new Yaml.YamlMap(), Schema.TextMap(), "By which Prometheus selects.");

        var proxy = values.Section("proxy", "The way to the outside, where there is no other.");
        proxy.Add("http", "", Schema.Address(), "As http://proxy.example.com:3128.");
        proxy.Add("https", "", Schema.Address());
        proxy.Text("noProxy", "", "Besides the graph's own services, names of the cluster and the collector; separated by commas.");
        proxy.Text("existingSecret", "", "A Secret with HTTP_PROXY and HTTPS_PROXY, where the address holds a password.");
        proxy.Integer("port", 3128, 1, 65_535, "Of the proxy that existingSecret names, for the NetworkPolicies: they cannot look into a Secret.");

        var authority = values.Section("certificateAuthority", "A bundle of certificates that are trusted: a ConfigMap's or a Secret's.");
        authority.Text("configMap", "");
        authority.Text("secret", "");
        authority.Text("key", "ca.crt");
    }

    public static ChartFile Helpers(IEnumerable<ChartWorkload> workloads)
    {
        using var stream = typeof(ChartDocuments).Assembly.GetManifestResourceStream("Kubernetes.Helpers.tpl")!;
        using var reader = new StreamReader(stream);
        var services = string.Join(',', workloads.Where(workload => workload.Ports.Count > 0).Select(workload => ChartNames.Service(workload.Name)));
        return new("templates/_helpers.tpl", reader.ReadToEnd() + $$$"""

            {{- define "chart.noProxy" -}}
            localhost,127.0.0.1,.svc,.cluster.local,{{{services}}}{{ with .Values.telemetry.endpoint }},{{ (urlParse .).hostname }}{{ end }}{{ with .Values.proxy.noProxy }},{{ . }}{{ end }}
            {{- end }}

            """);
    }

    /// <summary>What values alone cannot say: combinations that cannot work.</summary>
    public static ChartFile Checks(IEnumerable<ChartWorkload> workloads)
    {
        var checks = string.Concat(workloads.Where(workload => workload.IsStore).Select(store => $$$"""
            {{- if not (or {{{store.Value("enabled")}}} {{{store.Value("external.host")}}}) }}
            {{- fail "workloads.{{{store.Key}}} is not enabled: set workloads.{{{store.Key}}}.external.host to the server that takes its place" }}
            {{- end }}

            """ + string.Concat(store.Secrets.Keys.Select(secret => $$$"""
            {{- with .Values.secrets.{{{ChartNames.Key(secret)}}} }}
            {{- if and $.Values.workloads.{{{store.Key}}}.external.host (not (or .value .existingSecret)) }}
            {{- fail "workloads.{{{store.Key}}}.external.host names a server elsewhere, whose password the chart cannot make: set secrets.{{{ChartNames.Key(secret)}}}.existingSecret, or .value" }}
            {{- end }}
            {{- end }}

            """)))) + string.Concat(workloads.Where(workload => !workload.IsStore).Select(workload => $$$"""
            {{- with {{{workload.Value("autoscaling")}}} }}
            {{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}
            {{- fail (printf "workloads.{{{workload.Key}}}.autoscaling: minReplicas is %d, more than maxReplicas, which is %d" (int .minReplicas) (int .maxReplicas)) }}
            {{- end }}
            {{- if and .enabled (eq (int .minReplicas) 0) (ne .kind "ScaledObject") }}
            {{- fail "workloads.{{{workload.Key}}}.autoscaling: minReplicas is 0, which needs kind ScaledObject (KEDA)" }}
            {{- end }}
            {{- end }}

            """)) + """
            {{- if and .Values.certificateAuthority.configMap .Values.certificateAuthority.secret }}
            {{- fail "certificateAuthority: configMap and secret are both set; set one" }}
            {{- end }}

            """;
        return new("templates/checks.yaml", checks);
    }

    public static ChartFile Notes(IEnumerable<ChartWorkload> workloads, IEnumerable<string> secrets)
    {
        var hosts = string.Join(' ', workloads.Where(workload => workload.IsExternal).Select(workload => $".Values.hosts.{workload.Key}.host"));
        var local = LocalPorts(workloads);
        var external = string.Concat(workloads.Where(workload => workload.IsExternal && workload.Ports.Count > 0).Select(workload => $$$"""
            {{- if {{{workload.Enabled}}} }}
            {{- if and .Values.hosts.{{{workload.Key}}}.host (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
              {{{workload.Name}}}: {{ .Values.hosts.{{{workload.Key}}}.host }}{{ .Values.hosts.{{{workload.Key}}}.path }}
            {{- else }}
              {{{workload.Name}}}: kubectl -n {{ .Release.Namespace }} port-forward service/{{{ChartNames.Service(workload.Name)}}} {{{local[workload]}}}:{{{workload.Ports[0].Target}}}
            {{- end }}
            {{- end }}
            """));
        var described = string.Concat(workloads.Where(workload => workload.Description is not null).Select(workload => $$$"""

            {{- if {{{workload.Enabled}}} }}

            {{{workload.Name}}}: {{{workload.Description}}}; workloads.{{{workload.Key}}}.enabled=false leaves it out
            {{- end }}
            """));
        var kept = string.Concat(secrets.Select(secret => $$$"""
            {{- with .Values.secrets.{{{ChartNames.Key(secret)}}} }}
            {{- if not .existingSecret }}
              kubectl -n {{ $.Release.Namespace }} get secret {{{ChartNames.Secret(secret)}}} -o jsonpath='{.data.value}' | base64 -d
            {{- end }}
            {{- end }}

            """));
        return new("templates/NOTES.txt", $$$"""
            {{ .Chart.Name }} {{ .Chart.AppVersion }} is installed in the namespace {{ .Release.Namespace }}.

            {{- if not .Values.images.registry }}

            images.registry is not set: the nodes must have the images of this graph's own projects themselves, or the names of these must hold a registry.
            {{- end }}

            {{- if and (or .Values.ingress.enabled .Values.httpRoute.enabled) (not (or "" {{{hosts}}})) }}

            ingress or httpRoute is enabled, but no hosts.*.host is set: nothing is reached from outside.
            {{- end }}

            Reached by
            {{{external}}}
            {{{described}}}

            Secrets that this chart made:
            {{{kept}}}
            Secrets and volumes stay when the chart is uninstalled.

            """);
    }

    /// <summary>A local port for each, so that all can be forwarded at once: the one that it has on a developer's machine, where it has one.</summary>
    private static Dictionary<ChartWorkload, int> LocalPorts(IEnumerable<ChartWorkload> workloads)
    {
        var exposed = workloads.Where(workload => workload.IsExternal && workload.Ports.Count > 0).ToList();
        var ports = new Dictionary<ChartWorkload, int>();
        foreach (var workload in exposed.OrderBy(workload => workload.Ports[0].Endpoint.LocalPort is null))
        {
            var port = workload.Ports[0].Endpoint.LocalPort ?? workload.Ports[0].Default;
            while (ports.ContainsValue(port))
            {
                port++;
            }

            ports[workload] = port;
        }

        return ports;
    }
}
