using System.Globalization;
using System.Text.Json.Nodes;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Kubernetes.Manifests;

/// <summary>The pod of a replica.</summary>
internal static class PodManifest
{
    public const string PortName = "http";

    private const string CacheVolume = "models";
    private const string SharedMemoryVolume = "shared-memory";
    private const string FilesVolume = "files";

    private static readonly Dictionary<string, string> NoFiles = [];

    /// <summary>Processes of one replica exchange tensors through it; what runtimes give without asking is 64 MiB.</summary>
    private static readonly ByteSize LeastSharedMemory = ByteSize.FromGibibytes(1);
    private static readonly ByteSize MostSharedMemory = ByteSize.FromGibibytes(16);

    public static JsonObject Of(WantedReplicas wanted, string name, KubernetesTargetOptions options)
    {
        var (key, template) = (wanted.Key, wanted.Template);
        var spec = new JsonObject
        {
            ["automountServiceAccountToken"] = false,
            ["enableServiceLinks"] = false,
            ["terminationGracePeriodSeconds"] = (int)Math.Ceiling((template.Drain + options.TerminationMargin).TotalSeconds),
            ["securityContext"] = SecurityContext(template, options),
            ["topologySpreadConstraints"] = new JsonArray(new JsonObject
            {
                ["maxSkew"] = 1,
                ["topologyKey"] = "kubernetes.io/hostname",
                ["whenUnsatisfiable"] = "ScheduleAnyway",
                ["labelSelector"] = new JsonObject { ["matchLabels"] = ModelLabels.PodsOf(key, wanted.Revision) },
            }),
            ["containers"] = new JsonArray(Container(template, name)),
        };
        AddPlacement(spec, template);
        List<string> pullSecrets = [.. template.PullSecret is null ? [] : (string[])[ShortNames.PullSecret(key.Name)], .. options.ImagePullSecrets];
        if (pullSecrets.Count > 0)
        {
            spec["imagePullSecrets"] = new JsonArray([.. pullSecrets.Select(secret => new JsonObject { ["name"] = secret })]);
        }

        if (Volumes(template, name) is { Count: > 0 } volumes)
        {
            spec["volumes"] = volumes;
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["labels"] = ModelLabels.OfRevision(options.Installation, key, wanted.Revision),
                ["annotations"] = new JsonObject { ["orrery.dev/model"] = template.ModelId, ["kubectl.kubernetes.io/default-container"] = ShortNames.Container },
            },
            ["spec"] = spec,
        };
    }

    /// <summary>A template's files in the order of their paths, with the keys that they have in the revision's ConfigMap.</summary>
    public static IEnumerable<(string Path, string Key)> FileKeys(IReadOnlyDictionary<string, string> files) =>
        files.Keys.Order(StringComparer.Ordinal).Select((path, i) => (path, string.Create(CultureInfo.InvariantCulture, $"file-{i}")));

    /// <summary>A quantity that says exactly so many bytes.</summary>
    public static string Quantity(ByteSize size) => size.Bytes switch
    {
        > 0 and var bytes when bytes % (1L << 30) == 0 => $"{bytes >> 30}Gi",
        > 0 and var bytes when bytes % (1L << 20) == 0 => $"{bytes >> 20}Mi",
        var bytes => bytes.ToString(CultureInfo.InvariantCulture),
    };

    private static JsonObject SecurityContext(RevisionTemplate template, KubernetesTargetOptions options)
    {
        var context = new JsonObject { ["runAsNonRoot"] = true, ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" } };
        if (options.RunAs > 0)
        {
            context["runAsUser"] = options.RunAs;
            context["runAsGroup"] = options.RunAs;
        }

        if (options.FsGroup > 0 && template.Cache == WeightCaches.SharedVolume)
        {
            // Without OnRootMismatch every start would walk through terabytes of weights.
            context["fsGroup"] = options.FsGroup;
            context["fsGroupChangePolicy"] = "OnRootMismatch";
        }

        return context;
    }

    private static void AddPlacement(JsonObject spec, RevisionTemplate template)
    {
        if (template.NodeSelector.Count > 0)
        {
            spec["nodeSelector"] = Map(template.NodeSelector);
        }

        if (template.Tolerations.Count > 0)
        {
            spec["tolerations"] = new JsonArray([.. template.Tolerations.Select(Toleration)]);
        }

        if (template.RuntimeClass is { } runtimeClass)
        {
            spec["runtimeClassName"] = runtimeClass;
        }
    }

    private static JsonObject Toleration(Toleration toleration)
    {
        var map = new JsonObject();
        foreach (var (name, value) in ((string, string?)[])[("key", toleration.Key), ("operator", toleration.Operator), ("value", toleration.Value), ("effect", toleration.Effect)])
        {
            if (value is not null)
            {
                map[name] = value;
            }
        }

        return map;
    }

    private static JsonObject Container(RevisionTemplate template, string name)
    {
        var container = new JsonObject
        {
            ["name"] = ShortNames.Container,
            ["image"] = template.Image,
            ["imagePullPolicy"] = "IfNotPresent",
            ["ports"] = new JsonArray(new JsonObject { ["name"] = PortName, ["containerPort"] = template.Port, ["protocol"] = "TCP" }),
            ["resources"] = Resources(template),
            ["securityContext"] = new JsonObject
            {
                ["allowPrivilegeEscalation"] = false,
                ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            },
            // The status then holds the end of the log, which says why a server ended.
            ["terminationMessagePolicy"] = "FallbackToLogsOnError",
        };
        AddProbes(container, template);
        if (template.Command is { } command)
        {
            container["command"] = Texts(command);
        }

        if (template.Arguments is { } arguments)
        {
            container["args"] = Texts(arguments);
        }

        if (Environment(template, name) is { Count: > 0 } environment)
        {
            container["env"] = environment;
        }

        if (Mounts(template) is { Count: > 0 } mounts)
        {
            container["volumeMounts"] = mounts;
        }

        if (template.Drain >= TimeSpan.FromSeconds(1))
        {
            // Servers break off what they do when they are told to end; so they are told later.
            container["lifecycle"] = new JsonObject { ["preStop"] = new JsonObject { ["sleep"] = new JsonObject { ["seconds"] = (int)Math.Ceiling(template.Drain.TotalSeconds) } } };
        }

        return container;
    }

    private static void AddProbes(JsonObject container, RevisionTemplate template)
    {
        var probes = template.Probes;
        var period = Seconds(probes.Interval);
        JsonObject Probe(int failures) => new()
        {
            ["httpGet"] = new JsonObject { ["path"] = template.HealthPath, ["port"] = PortName },
            ["periodSeconds"] = period,
            ["timeoutSeconds"] = Seconds(probes.Timeout),
            ["failureThreshold"] = failures,
        };

        // The other two begin when this one has succeeded: weights may take half an hour.
        container["startupProbe"] = Probe(Math.Max(1, (int)Math.Ceiling(probes.StartWithin.TotalSeconds / period)));
        container["readinessProbe"] = Probe(Math.Clamp(probes.Failures / 2, 1, 3));
        container["livenessProbe"] = Probe(Math.Max(1, probes.Failures));
    }

    private static JsonObject Resources(RevisionTemplate template)
    {
        var (asked, gpu) = (template.Resources, template.Gpu);
        var requests = new JsonObject { ["cpu"] = asked.Cpu ?? "500m", ["memory"] = asked.Memory is { } memory ? Quantity(memory) : "1Gi" };
        var limits = new JsonObject();
        if (asked.Memory is { } most)
        {
            limits["memory"] = Quantity(most);
        }

        if (asked.Disk is { Bytes: > 0 } disk && template.Cache == WeightCaches.None)
        {
            requests["ephemeral-storage"] = Quantity(disk);
            limits["ephemeral-storage"] = Quantity(disk);
        }

        if (gpu is { Count: > 0 })
        {
            // A string, as the server itself would write it: the object then reads back as it was sent.
            requests[gpu.ResourceName] = gpu.Count.ToString(CultureInfo.InvariantCulture);
            limits[gpu.ResourceName] = gpu.Count.ToString(CultureInfo.InvariantCulture);
        }

        var resources = new JsonObject { ["requests"] = requests };
        if (limits.Count > 0)
        {
            resources["limits"] = limits;
        }

        return resources;
    }

    private static JsonArray Environment(RevisionTemplate template, string name) => new([
        .. template.Environment.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => new JsonObject { ["name"] = one.Key, ["value"] = Literal(one.Value) }),
        .. template.Secrets.OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => new JsonObject
        {
            ["name"] = one.Name,
            ["valueFrom"] = new JsonObject { ["secretKeyRef"] = new JsonObject { ["name"] = name, ["key"] = one.Name } },
        }),
    ]);

    private static JsonArray Mounts(RevisionTemplate template)
    {
        var mounts = new JsonArray { new JsonObject { ["name"] = CacheVolume, ["mountPath"] = RevisionTemplate.CachePath } };
        if (template.Gpu is { Count: > 1 })
        {
            mounts.Add(new JsonObject { ["name"] = SharedMemoryVolume, ["mountPath"] = "/dev/shm" });
        }

        foreach (var (path, key) in FileKeys(template.Files ?? NoFiles))
        {
            // One by one: what else the image has in the folder stays.
            mounts.Add(new JsonObject { ["name"] = FilesVolume, ["mountPath"] = path, ["subPath"] = key, ["readOnly"] = true });
        }

        return mounts;
    }

    private static JsonArray Volumes(RevisionTemplate template, string name)
    {
        var cache = new JsonObject { ["name"] = CacheVolume };
        if (template.Cache == WeightCaches.SharedVolume)
        {
            cache["persistentVolumeClaim"] = new JsonObject { ["claimName"] = ShortNames.Claim };
        }
        else
        {
            var folder = new JsonObject();
            if (template.Resources.Disk is { Bytes: > 0 } disk)
            {
                folder["sizeLimit"] = Quantity(disk);
            }

            cache["emptyDir"] = folder;
        }

        var volumes = new JsonArray { cache };
        if (template.Gpu is { Count: > 1 })
        {
            volumes.Add(new JsonObject
            {
                ["name"] = SharedMemoryVolume,
                ["emptyDir"] = new JsonObject { ["medium"] = "Memory", ["sizeLimit"] = Quantity(SharedMemory(template.Resources.Memory)) },
            });
        }

        if (template.Files is not null)
        {
            volumes.Add(new JsonObject { ["name"] = FilesVolume, ["configMap"] = new JsonObject { ["name"] = name } });
        }

        return volumes;
    }

    // It counts against the container's memory, so it is a part of that.
    private static ByteSize SharedMemory(ByteSize? memory)
    {
        var quarter = memory is { } all ? new ByteSize(all.Bytes / 4 / (1L << 20) * (1L << 20)) : ByteSize.FromGibibytes(8);
        return quarter < LeastSharedMemory ? LeastSharedMemory : quarter > MostSharedMemory ? MostSharedMemory : quarter;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)Literal(text))]);

    // The kubelet replaces $(NAME) in commands, arguments and values; a doubled $ is one that means itself.
    private static string Literal(string text) => text.Replace("$", "$$", StringComparison.Ordinal);

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));

    private static JsonObject Map(IReadOnlyDictionary<string, string> texts) =>
        new(texts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
}
