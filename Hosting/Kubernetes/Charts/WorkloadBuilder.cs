using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Kubernetes;

/// <summary>From a resource of the graph to its objects, before anyone has changed them.</summary>
internal sealed class WorkloadBuilder(
    ChartGraph graph,
    ChartParameters parameters,
    KubernetesEnvironmentResource environment,
    DistributedApplicationExecutionContext execution,
    ILogger logger)
{
    private const long ProjectUser = 1654; // the user "app" of Microsoft's .NET images

    public async Task<KubernetesResource> BuildAsync(ChartWorkload workload, CancellationToken cancellationToken)
    {
        var objects = new KubernetesResource(workload.Name, workload.Resource, environment)
        {
            ConfigMap = new() { Metadata = { Name = ChartNames.Config(workload.Name), Labels = Labels(workload) } },
            Service = workload.Ports.Count == 0 ? null : Service(workload),
            Workload = workload.IsStore ? StatefulSet(workload) : Deployment(workload),
        };
        var pod = objects.Workload.PodTemplate;
        pod.Metadata.Labels = Labels(workload);
        pod.Spec.ServiceAccountName = $"{workload.Name}-serviceaccount";
        pod.Spec.AutomountServiceAccountToken = false;
        pod.Spec.EnableServiceLinks = false;
        pod.Spec.TerminationGracePeriodSeconds = workload.IsProject ? 60 : 30;
        pod.Spec.SecurityContext = new()
        {
            RunAsNonRoot = true,
            RunAsUser = workload.IsProject ? ProjectUser : null,
            RunAsGroup = workload.IsProject ? ProjectUser : null,
            FsGroup = workload.IsProject ? ProjectUser : null,
            SeccompProfile = new() { Type = "RuntimeDefault" },
        };
        pod.Spec.Volumes.Add(new() { Name = "tmp", EmptyDir = new() });

        var container = new ContainerV1
        {
            Name = workload.Name,
            Image = ImageOf(workload),
            ImagePullPolicy = environment.DefaultImagePullPolicy,
            SecurityContext = new() { AllowPrivilegeEscalation = false, ReadOnlyRootFilesystem = true, Capabilities = new() { Drop = { "ALL" } } },
            Resources = new() { Requests = { ["cpu"] = "100m", ["memory"] = "256Mi" }, Limits = { ["memory"] = "512Mi" } },
        };
        container.VolumeMounts.Add(new() { Name = "tmp", MountPath = "/tmp" });
        pod.Spec.Containers.Add(container);
        AddPorts(workload, container);
        AddMounts(workload, pod.Spec, container);
        AddProbes(workload, container);
        await AddVariablesAsync(workload, objects.ConfigMap, container, cancellationToken);
        await AddCommandAsync(workload, container, cancellationToken);
        return objects;
    }

    public static Dictionary<string, string> Labels(ChartWorkload workload) => Labels(workload.Resource.Name);

    public static Dictionary<string, string> Labels(string component) => new()
    {
        ["app.kubernetes.io/name"] = "{{ .Chart.Name }}",
        ["app.kubernetes.io/component"] = component,
        ["app.kubernetes.io/instance"] = "{{ .Release.Name }}",
    };

    /// <summary>A project's image is called as the project, and has the chart's version.</summary>
    public string ImageOf(ChartWorkload workload) =>
        workload.Resource.TryGetContainerImageName(out var image) ? image : $"{workload.Name}:{environment.Chart.Version}";

    private static Deployment Deployment(ChartWorkload workload)
    {
        // A volume that one node holds, or a GPU, is free again only when the old pod is gone.
        var alone = workload.Resource.Annotations.OfType<ContainerMountAnnotation>().Any();
        return new()
        {
            Metadata = { Name = $"{workload.Name}-deployment", Labels = Labels(workload) },
            Spec =
            {
                Replicas = workload.Resource.GetReplicaCount(),
                Selector = { MatchLabels = Labels(workload) },
                Strategy = alone ? new() { Type = "Recreate" } : new() { RollingUpdate = { MaxSurge = 1, MaxUnavailable = 0 } },
            },
        };
    }

    private static StatefulSet StatefulSet(ChartWorkload workload) => new()
    {
        Metadata = { Name = $"{workload.Name}-statefulset", Labels = Labels(workload) },
        Spec =
        {
            Replicas = workload.Resource.GetReplicaCount(),
            ServiceName = ChartNames.Service(workload.Name),
            Selector = { MatchLabels = Labels(workload) },
        },
    };

    private Service Service(ChartWorkload workload)
    {
        var service = new Service
        {
            Metadata = { Name = ChartNames.Service(workload.Name), Labels = Labels(workload) },
            Spec = { Type = environment.DefaultServiceType, Selector = Labels(workload) },
        };
        foreach (var port in workload.Ports)
        {
            service.Spec.Ports.Add(new() { Name = port.Name, Port = new(port.Public), TargetPort = new(port.Name), Protocol = port.Protocol });
        }

        return service;
    }

    private static void AddPorts(ChartWorkload workload, ContainerV1 container)
    {
        foreach (var port in workload.Ports)
        {
            container.Ports.Add(new() { Name = port.Name, ContainerPort = new(port.Target), Protocol = port.Protocol });
        }
    }

    private void AddMounts(ChartWorkload workload, PodSpecV1 pod, ContainerV1 container)
    {
        foreach (var mount in workload.Resource.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount is { Type: ContainerMountType.Volume, Source: not null }))
        {
            var volume = new VolumeV1 { Name = mount.Source!.ToLowerInvariant() };
            if (string.Equals(environment.DefaultStorageType, "pvc", StringComparison.OrdinalIgnoreCase))
            {
                var claim = new ChartClaim(ChartNames.Claim(workload.Name, mount.Source), workload.Value($"volumes.{ChartNames.Key(volume.Name)}"), ChartNames.Key(volume.Name));
                workload.Claims.Add(claim);
                volume.PersistentVolumeClaim = new() { ClaimName = $"{{{{ {claim.Value}.existingClaim | default \"{claim.Name}\" }}}}" };
            }
            else
            {
                volume.EmptyDir = new();
            }

            pod.Volumes.Add(volume);
            container.VolumeMounts.Add(new() { Name = volume.Name, MountPath = mount.Target, ReadOnly = mount.IsReadOnly ? true : null });
        }
    }

    private static void AddProbes(ChartWorkload workload, ContainerV1 container)
    {
        foreach (var probe in workload.Resource.Annotations.OfType<EndpointProbeAnnotation>())
        {
            var written = new ProbeV1
            {
                HttpGet = new() { Path = probe.Path, Port = new(probe.Endpoint.EndpointName), Scheme = probe.Endpoint.Scheme.ToUpperInvariant() },
                InitialDelaySeconds = probe.InitialDelaySeconds,
                PeriodSeconds = probe.PeriodSeconds,
                TimeoutSeconds = probe.TimeoutSeconds,
                FailureThreshold = probe.FailureThreshold,
                SuccessThreshold = probe.SuccessThreshold,
            };
            switch (probe.Type)
            {
                case ProbeType.Startup:
                    container.StartupProbe = written;
                    break;
                case ProbeType.Liveness:
                    container.LivenessProbe = written;
                    break;
                default:
                    container.ReadinessProbe = written;
                    break;
            }
        }
    }

    private async Task AddVariablesAsync(ChartWorkload workload, ConfigMap config, ContainerV1 container, CancellationToken cancellationToken)
    {
        var secrets = new SecretVariables(container);
        var composed = new List<(string Name, ChartValue Value)>();
        foreach (var (name, value) in await ResolvedConfiguration.VariablesAsync(workload.Resource, execution, logger, cancellationToken))
        {
            if (Resolve(workload, $"variable {name}", value, out var endpoints) is not { } resolved)
            {
                continue;
            }

            if (resolved.OnlySecret is { ForUri: false } secret)
            {
                secrets.Add(name, secret);
            }
            else if (resolved.HasSecrets)
            {
                composed.Add((name, resolved));
            }
            else
            {
                config.Data[name] = Configured(workload, name, resolved);
                if (endpoints.Count > 0)
                {
                    workload.Conditions[name] = endpoints;
                }
            }
        }

        foreach (var (name, value) in composed)
        {
            var text = value.ToExpandedText(secrets.VariableOf);
            container.Env.Add(new() { Name = name, Value = text.AsTemplate() });
        }
    }

    // Text without anything to fill in is a value of the chart: an operator may want another.
    private string Configured(ChartWorkload workload, string name, ChartValue value)
    {
        if (!value.IsLiteral || value.ToText().IsBlock)
        {
            return value.ToText().AsTemplate();
        }

        parameters.AddSetting(workload, name, string.Concat(value.Parts.Select(part => ((ChartValue.Literal)part).Text)));
        return $"{{{{ index .Values.config.{workload.Key} \"{name}\" }}}}";
    }

    private async Task AddCommandAsync(ChartWorkload workload, ContainerV1 container, CancellationToken cancellationToken)
    {
        if (workload.Resource is ContainerResource { Entrypoint: { } entrypoint })
        {
            container.Command.Add(entrypoint);
        }

        var secrets = new SecretVariables(container);
        var at = 0;
        foreach (var value in await ResolvedConfiguration.ArgumentsAsync(workload.Resource, execution, logger, cancellationToken))
        {
            at++;
            if (Resolve(workload, FormattableString.Invariant($"argument {at}"), value, out _) is { } resolved)
            {
                container.Args.Add(resolved.ToExpandedText(secrets.VariableOf).AsTemplate());
            }
        }
    }

    private ChartValue? Resolve(ChartWorkload workload, string what, object value, out HashSet<ChartWorkload> endpoints)
    {
        var resolver = new ChartValueResolver(graph, workload, parameters);
        endpoints = resolver.Endpoints;
        try
        {
            return resolver.Resolve(value);
        }
        catch (ChartFault fault)
        {
            graph.Faults.Add($"{workload.Resource.Name}, {what}: {fault.Message}.");
            return null;
        }
    }
}

/// <summary>The variables by which a container gets its secrets: each refers to a Secret, none holds a value.</summary>
internal sealed class SecretVariables(ContainerV1 container)
{
    /// <summary>A variable that is a secret and nothing else.</summary>
    public void Add(string name, ChartValue.Secret secret) => container.Env.Add(new()
    {
        Name = name,
        ValueFrom = new() { SecretKeyRef = Reference(secret) },
    });

    /// <summary>The variable that holds a secret for use inside of others.</summary>
    public string VariableOf(ChartValue.Secret secret)
    {
        var key = KeyOf(secret);
        var existing = container.Env.Find(one => one.ValueFrom?.SecretKeyRef is { } reference && reference.Name == NameOf(secret) && reference.Key == key);
        if (existing is null)
        {
            existing = new() { Name = "SECRET_" + VariableName.Of(secret.Parameter.Name) + (secret.ForUri ? "_URI" : ""), ValueFrom = new() { SecretKeyRef = Reference(secret) } };

            // Only what stands before a variable can be used in it.
            container.Env.Insert(0, existing);
        }

        return existing.Name;
    }

    private static SecretKeySelectorV1 Reference(ChartValue.Secret secret) => new() { Name = NameOf(secret), Key = KeyOf(secret) };

    private static string NameOf(ChartValue.Secret secret) =>
        $"{{{{ .Values.secrets.{ChartNames.Key(secret.Parameter.Name)}.existingSecret | default \"{ChartNames.Secret(secret.Parameter.Name)}\" }}}}";

    /// <remarks>A Secret that the chart makes has its own key, whatever is said of one that it does not.</remarks>
    private static string KeyOf(ChartValue.Secret secret) =>
        $"{{{{ include \"chart.secretKey\" .Values.secrets.{ChartNames.Key(secret.Parameter.Name)} }}}}{(secret.ForUri ? "-uri" : "")}";
}
