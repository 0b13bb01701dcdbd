using System.Globalization;
using Aspire.Hosting.Kubernetes.Resources;
using Aspire.Hosting.Kubernetes.Values;
using Aspire.Hosting.Kubernetes.Yaml;

namespace Aspire.Hosting.Kubernetes;

/// <summary>The part of <see cref="WorkloadTemplates"/> that is about a workload's own container.</summary>
internal sealed class ContainerTemplate(ChartWorkload workload, ConfigMap? config, ChartValues values)
{
    private const string UsualDevice = "nvidia.com/gpu";

    /// <summary>Puts expressions where an operator may set something, and describes what.</summary>
    public void Lift(YamlMap container)
    {
        var images = workload.IsProject ? "images.registry" : "images.mirror";
        container["image"] = new YamlScalar(ChartText.OfExpression($"include \"chart.image\" (list . .Values.{images} .Values.parameters.{workload.Key}.{workload.Key}_image {(workload.IsProject ? "true" : "false")})"));
        container["imagePullPolicy"] = new YamlScalar(ChartText.OfExpression(".Values.images.pullPolicy"));
        LiftResources(container);
        values.Map("securityContext", container["securityContext"] as YamlMap, "What the container may do.");
        container["securityContext"] = new YamlExpression(workload.Value("securityContext"));
        AddVariables(container);
        if (!workload.IsStore)
        {
            var mounts = container["volumeMounts"] as YamlList ?? [];
            container["volumeMounts"] = mounts;
            mounts.Line("{{- include \"chart.certificateMount\" . | trim | nindent 12 }}");
        }
    }

    private void LiftResources(YamlMap container)
    {
        var resources = container.Take("resources") as YamlMap ?? [];
        var device = TakeDevice(resources);
        values.Map("resources", resources, "What each pod asks for, and what it may use at most.");
        var gpus = "dict";
        if (device is var (name, count))
        {
            values.Integer("gpus", count, 0, 64, "GPUs of each pod.");
            values.Text("gpuResourceName", name == UsualDevice ? "" : name, "Of which kind; empty: gpu.resourceName.");
            gpus = $"(dict \"gpus\" {workload.Value("gpus")} \"resourceName\" ({workload.Value("gpuResourceName")} | default .Values.gpu.resourceName))";
        }

        InsertBefore(container, ["startupProbe", "livenessProbe", "readinessProbe", "securityContext", "volumeMounts"],
            new YamlItem(null, null, $"resources: {{{{- include \"chart.resources\" (list {workload.Value("resources")} {gpus}) | nindent 12 }}}}"));
    }

    private void AddVariables(YamlMap container)
    {
        var env = container.Take("env") as YamlList ?? [];
        if (workload.ExportsTelemetry)
        {
            env.Line("{{- include \"chart.telemetryVariables\" . | nindent 12 }}");
        }

        values.Add("env", new YamlMap(), Schema.TextMap(), "Further variables.");
        var onlyFurther = env.IsEmpty;
        env.Line($"{{{{- range $key, $value := {workload.Value("env")} }}}}");
        env.Add(new YamlMap { { "name", YamlScalar.Plain("{{ $key | quote }}") }, { "value", YamlScalar.Plain("{{ $value | quote }}") } });
        env.Line("{{- end }}");

        InsertBefore(container, ["ports", "startupProbe", "livenessProbe", "readinessProbe", "securityContext", "volumeMounts"], onlyFurther
            ? [new("envFrom", Sources(container)), new(null, null, $"{{{{- if {workload.Value("env")} }}}}"), new("env", env), new(null, null, "{{- end }}")]
            : [new("envFrom", Sources(container)), new("env", env)]);
    }

    private YamlList Sources(YamlMap container)
    {
        var sources = container.Take("envFrom") as YamlList ?? [];
        if (config is not null)
        {
            sources.Items.Insert(0, new(null, new YamlMap { { "configMapRef", new YamlMap { { "name", config.Metadata.Name } } } }));
        }

        if (!workload.IsStore)
        {
            sources.Line("{{- with .Values.proxy.existingSecret }}");
            sources.Add(new YamlMap { { "secretRef", new YamlMap { { "name", YamlScalar.Plain("{{ . | quote }}") } } } });
            sources.Line("{{- end }}");
        }

        return sources;
    }

    // A device is asked for by a name with a domain, as nvidia.com/gpu; requests and limits of it are equal.
    private static (string Name, int Count)? TakeDevice(YamlMap resources)
    {
        (string, int)? device = null;
        foreach (var group in (string[])["requests", "limits"])
        {
            foreach (var (name, node) in (resources[group] as YamlMap)?.Items.Where(item => item.Key!.Contains('/', StringComparison.Ordinal)).Select(item => (item.Key!, item.Node)).ToList() ?? [])
            {
                var text = node is YamlScalar scalar ? scalar.AsPlain ?? scalar.Text!.AsTemplate() : "";
                device = (name, int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 1);
                resources.Map(group).Take(name);
            }
        }

        return device;
    }

    private static void InsertBefore(YamlMap map, string[] keys, params YamlItem[] items)
    {
        var at = map.Items.FindIndex(item => keys.Contains(item.Key));
        map.Items.InsertRange(at < 0 ? map.Items.Count : at, items);
    }
}
