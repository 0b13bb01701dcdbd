using System.Globalization;
using Aspire.Hosting.Kubernetes.Resources;
using Aspire.Hosting.Kubernetes.Values;
using Aspire.Hosting.Kubernetes.Yaml;

namespace Aspire.Hosting.Kubernetes;

/// <summary>
/// Writes a workload's pods, settings and address. What an operator may set is lifted out of the objects: its value there becomes
/// the default in values.yaml, and an expression takes its place.
/// </summary>
internal sealed class WorkloadTemplates(ChartWorkload workload, KubernetesResource objects, ChartValues values)
{
    private readonly ChartValues _values = values.Section("workloads").Section(workload.Key);

    public IEnumerable<ChartFile> Write()
    {
        yield return File(objects.Workload!, Pods());
        if (objects.ConfigMap is { } config)
        {
            yield return File(config, Settings(config));
        }

        if (objects.Service is { } service)
        {
            yield return File(service, Address(service));
        }

        foreach (var other in objects.AdditionalResources.Where(one => one.Kind is not ("HorizontalPodAutoscaler" or "NetworkPolicy")))
        {
            foreach (var (key, value) in WorkloadBuilder.Labels(workload))
            {
                other.Metadata.Labels.TryAdd(key, value);
            }

            yield return File(other, ObjectModel.MapOf(other));
        }
    }

    private ChartFile File(BaseKubernetesResource resource, YamlMap map) =>
        ChartFile.Template(workload.Name, resource.Metadata.Name, $"{{{{- if {workload.Enabled} }}}}\n{YamlWriter.Write(map)}{{{{- end }}}}\n");

    private YamlMap Pods()
    {
        var map = ObjectModel.MapOf(objects.Workload!);
        var spec = map.Map("spec");
        LiftEnabled(spec);
        LiftReplicas(spec);
        if (spec["strategy"] is YamlMap strategy && objects.Workload is Deployment { Spec.Strategy.Type: "Recreate" })
        {
            strategy.Take("rollingUpdate");
        }

        var template = spec.Map("template");
        AddAnnotations(template.Map("metadata"));
        var pod = template.Map("spec");
        var container = (YamlMap)((YamlList)pod["containers"]!).Items[0].Node!;
        new ContainerTemplate(workload, objects.ConfigMap, _values).Lift(container);
        LiftPod(pod);
        return map;
    }

    private void LiftEnabled(YamlMap spec)
    {
        var none = spec["replicas"] is YamlScalar { AsPlain: "0" };
        _values.Flag("enabled", !none, "Whether it is part of the installation.");
        if (none)
        {
            spec["replicas"] = 1;
        }

        if (workload.IsStore)
        {
            var external = _values.Section("external", "A server elsewhere instead: with a host, nothing of this workload is installed.");
            external.Add("host", "", Schema.Host(), "Its name or address, without a scheme.");
            external.Integer("port", workload.Ports[0].Endpoint.Port ?? workload.Ports[0].Default, 1, 65_535);
            external.Add("options", "", Schema.Text("^([;,].*)?$"), "Appended to the connection string, its separator included, as \";Username=team;SSL Mode=VerifyFull\" or \",ssl=true\".");
        }
    }

    private void LiftReplicas(YamlMap spec)
    {
        if (workload.IsStore)
        {
            return; // One server, one volume: more would not be replicas of each other.
        }

        var scaler = objects.AdditionalResources.Find(one => one.Kind == "HorizontalPodAutoscaler");
        _values.Integer("replicas", spec["replicas"] is YamlScalar { AsPlain: { } count } ? int.Parse(count, CultureInfo.InvariantCulture) : 1, 1, 1000, "Where nothing scales it.");
        ScalingTemplates.Describe(_values, workload, scaler is null ? null : ObjectModel.MapOf(scaler).Map("spec"));

        var at = spec.Items.FindIndex(item => item.Key == "replicas");
        spec.Take("replicas");
        spec.Items.InsertRange(Math.Max(at, 0),
        [
            new(null, null, $"{{{{- if not {workload.Value("autoscaling.enabled")} }}}}"),
            new("replicas", YamlScalar.Plain($"{{{{ {workload.Value("replicas")} }}}}")),
            new(null, null, "{{- end }}"),
        ]);
    }

    private void AddAnnotations(YamlMap metadata)
    {
        var annotations = metadata.Map("annotations");
        annotations.Add("checksum/config", new YamlScalar(ChartText.OfExpression(
            $"include (print $.Template.BasePath \"/{workload.Name}/config.yaml\") . | sha256sum")));
        AddMap(annotations, "podAnnotations", "Further annotations of the pods.");
        AddMap(metadata.Map("labels"), "podLabels", "Further labels of the pods.");
    }

    private void AddMap(YamlMap map, string key, string comment)
    {
        _values.Add(key, new YamlMap(), Schema.TextMap(), comment);
        map.Line($"{{{{- range $key, $value := {workload.Value(key)} }}}}");
        map.Line("{{ $key | quote }}: {{ $value | quote }}");
        map.Line("{{- end }}");
    }

    private void LiftPod(YamlMap pod)
    {
        _values.Map("podSecurityContext", pod["securityContext"] as YamlMap, "User, groups and system calls of the pods.");
        pod["securityContext"] = new YamlExpression(workload.Value("podSecurityContext"));
        var account = _values.Section("serviceAccount");
        account.Text("name", "", "An account of yours instead of the chart's.");
        account.Add("annotations", new YamlMap(), Schema.TextMap());
        pod["serviceAccountName"] = new YamlScalar(ChartText.OfExpression($"{workload.Value("serviceAccount.name")} | default \"{workload.Name}-serviceaccount\""));
        var grace = pod["terminationGracePeriodSeconds"] is YamlScalar { AsPlain: { } seconds } ? int.Parse(seconds, CultureInfo.InvariantCulture) : 30;
        _values.Integer("terminationGracePeriodSeconds", grace, 0, 86_400);
        pod["terminationGracePeriodSeconds"] = YamlScalar.Plain($"{{{{ {workload.Value("terminationGracePeriodSeconds")} }}}}");

        _values.Map("nodeSelector", pod.Take("nodeSelector") as YamlMap);
        _values.List("tolerations", pod.Take("tolerations") as YamlList);
        _values.Map("affinity", pod.Take("affinity") as YamlMap);
        _values.Text("priorityClassName", "");
        var runtime = pod.Take("runtimeClassName") is YamlScalar { Text: { } text } ? text.AsTemplate() : "";
        _values.Text("runtimeClassName", runtime);
        pod.Items.Insert(0, new(null, null, $"{{{{- include \"chart.scheduling\" (list . \"{workload.Resource.Name}\" {workload.Value("")[..^1]}) | trim | nindent 6 }}}}"));

        var volumes = pod["volumes"] as YamlList ?? [];
        pod["volumes"] = volumes;
        if (!workload.IsStore)
        {
            volumes.Line("{{- include \"chart.certificateVolume\" . | trim | nindent 8 }}");
        }
    }

    private YamlMap Settings(ConfigMap config)
    {
        var map = ObjectModel.MapOf(config);
        var data = map.Map("data");
        foreach (var (name, conditions) in workload.Conditions)
        {
            var at = data.Items.FindIndex(item => item.Key == name);
            data.Items.Insert(at + 1, new(null, null, "{{- end }}"));
            data.Items.Insert(at, new(null, null, $"{{{{- if {All(conditions)} }}}}"));
        }

        if (workload.ExportsTelemetry)
        {
            data.Line($"{{{{- include \"chart.telemetry\" (list . \"{workload.Resource.Name}\") | nindent 2 }}}}");
        }

        if (!workload.IsStore)
        {
            data.Line("{{- include \"chart.outside\" . | trim | nindent 2 }}");
        }

        return map;
    }

    private static string All(IEnumerable<ChartWorkload> workloads)
    {
        var conditions = workloads.Select(one => one.Enabled).Order(StringComparer.Ordinal).ToList();
        return conditions is [var only] ? only : $"and {string.Join(' ', conditions)}";
    }

    private YamlMap Address(Service service)
    {
        var map = ObjectModel.MapOf(service);
        var values = _values.Section("service");
        values.Add("type", service.Spec.Type, Schema.Choice("ClusterIP", "NodePort", "LoadBalancer"));
        values.Add("annotations", new YamlMap(), Schema.TextMap());
        map.Map("spec")["type"] = new YamlScalar(ChartText.OfExpression(workload.Value("service.type")));
        var metadata = map.Map("metadata");
        metadata.Line($"{{{{- with {workload.Value("service.annotations")} }}}}");
        metadata.Add("annotations", new YamlExpression("."));
        metadata.Line("{{- end }}");
        return map;
    }
}
