using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Kubernetes.Manifests;

namespace Orrery.Builder.Builds.Cluster;

/// <summary>What is made in a cluster for one build, as data: a Job with one pod, the recipe as a ConfigMap, the credentials as a Secret.</summary>
/// <remarks>
/// The pod writes the image's digest where Kubernetes reads why a container ended, so that nobody has to believe a log. It is started once:
/// whether a failure may pass is decided by who reads it.
/// </remarks>
internal static class BuildJob
{
    public const string Container = "build";
    public const string Build = "orrery.dev/build";

    private const string NameLabel = "app.kubernetes.io/name";
    private const string NameOfAll = "orrery-build";
    private const string Recipe = "/recipe";
    private const string Context = "/context";
    private const string Credentials = "/credentials";
    private const string Scratch = "/scratch";
    private const string DockerfileKey = "dockerfile";
    private const string CredentialsKey = "config.json";
    private const string DaemonKey = "daemon";
    private const int RootlessUser = 1000;

    /// <summary>As on a machine: everybody may read, and scripts may be run.</summary>
    private const int Readable = 0b110_100_100;
    private const int Runnable = 0b111_101_101;

    /// <summary>What is left of a Job that nobody came for.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    public static string NameOf(Guid build) => $"build-{build:N}";

    /// <summary>In the order in which they are made.</summary>
    /// <param name="credentials">As <c>config.json</c> of Docker has them.</param>
    public static IReadOnlyList<Manifest> Of(BuildOrder order, string credentials, IReadOnlyList<string> plainHttp, BuildOptions options, ClusterBuildOptions cluster, string installation)
    {
        var (name, labels) = (NameOf(order.Id), LabelsOf(order.Id, installation));
        return
        [
            new(KubernetesResource.ConfigMaps, cluster.Namespace, ConfigMap(name, labels, order, plainHttp, cluster)),
            new(KubernetesResource.Secrets, cluster.Namespace, Secret(name, labels, credentials, cluster)),
            new(KubernetesResource.Jobs, cluster.Namespace, Job(name, labels, order, options, cluster)),
        ];
    }

    /// <summary>The namespace of builds: what these pods need is more than where models run is given.</summary>
    public static JsonObject Namespace(ClusterBuildOptions cluster, string installation)
    {
        var labels = ModelLabels.OfInstallation(installation);
        labels["pod-security.kubernetes.io/enforce"] = cluster.Method == ClusterMethods.Buildah ? "baseline" : "privileged";
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = cluster.Namespace, ["labels"] = labels } };
    }

    public static string Select(string installation) => $"{ModelLabels.SelectInstallation(installation)},{NameLabel}={NameOfAll}";

    private static JsonObject LabelsOf(Guid build, string installation)
    {
        var labels = ModelLabels.OfInstallation(installation);
        labels[NameLabel] = NameOfAll;
        labels["app.kubernetes.io/component"] = "image-builder";
        labels[Build] = build.ToString("N");
        return labels;
    }

    private static JsonObject ConfigMap(string name, JsonObject labels, BuildOrder order, IReadOnlyList<string> plainHttp, ClusterBuildOptions cluster)
    {
        var data = new JsonObject { [DockerfileKey] = order.Recipe.Dockerfile, [DaemonKey] = Daemon(plainHttp, cluster) };
        foreach (var (_, key, text) in FilesOf(order))
        {
            data[key] = text;
        }

        var map = ModelManifests.Object(KubernetesResource.ConfigMaps, cluster.Namespace, name, labels, null);
        map["immutable"] = true;
        map["data"] = data;
        return map;
    }

    private static JsonObject Secret(string name, JsonObject labels, string credentials, ClusterBuildOptions cluster)
    {
        var secret = ModelManifests.Object(KubernetesResource.Secrets, cluster.Namespace, name, (JsonObject)labels.DeepClone(), null);
        secret["type"] = "Opaque";
        secret["data"] = new JsonObject { [CredentialsKey] = Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)) };
        return secret;
    }

    private static JsonObject Job(string name, JsonObject labels, BuildOrder order, BuildOptions options, ClusterBuildOptions cluster) => ModelManifests.Object(
        KubernetesResource.Jobs, cluster.Namespace, name, (JsonObject)labels.DeepClone(), new JsonObject
        {
            ["backoffLimit"] = 0,
            ["completions"] = 1,
            ["parallelism"] = 1,
            ["activeDeadlineSeconds"] = (int)options.Within.TotalSeconds,
            ["ttlSecondsAfterFinished"] = (int)KeptFor.TotalSeconds,
            ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() }, ["spec"] = Pod(name, order, cluster) },
        });

    private static JsonObject Pod(string name, BuildOrder order, ClusterBuildOptions cluster)
    {
        var pod = new JsonObject
        {
            ["restartPolicy"] = "Never",
            ["automountServiceAccountToken"] = false,
            ["enableServiceLinks"] = false,
            ["terminationGracePeriodSeconds"] = 10,
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = Container,
                ["image"] = cluster.EffectiveImage,
                ["imagePullPolicy"] = "IfNotPresent",
                ["command"] = new JsonArray("sh", "-ec", ScriptOf(cluster.Method), "sh", $"{order.Target}"),
                ["env"] = Environment(cluster.Method),
                ["resources"] = new JsonObject
                {
                    ["requests"] = new JsonObject { ["cpu"] = cluster.Cpu, ["memory"] = cluster.Memory, ["ephemeral-storage"] = cluster.Disk },
                    ["limits"] = new JsonObject { ["memory"] = cluster.Memory, ["ephemeral-storage"] = cluster.Disk },
                },
                ["securityContext"] = Security(cluster.Method),
                ["terminationMessagePolicy"] = "File",
                ["volumeMounts"] = new JsonArray(
                [
                    Mount("recipe", Recipe, isReadOnly: true), Mount("credentials", Credentials, isReadOnly: true), Mount("scratch", Scratch), Mount("context", Context),

                    // One by one: a volume's own entries are links, which a copy of the whole context would take along.
                    .. FilesOf(order).Select(file => (JsonNode)Mount("files", $"{Context}/{file.Path}", isReadOnly: true, file.Key)),
                ]),
            }),
            ["volumes"] = new JsonArray(
            [
                Volume("recipe", name, [(DockerfileKey, "Dockerfile", Readable), (DaemonKey, DaemonFile(cluster.Method), Readable)]),
                new JsonObject { ["name"] = "credentials", ["secret"] = new JsonObject { ["secretName"] = name } },
                new JsonObject { ["name"] = "scratch", ["emptyDir"] = new JsonObject { ["sizeLimit"] = cluster.Disk } },
                new JsonObject { ["name"] = "context", ["emptyDir"] = new JsonObject() },
                .. order.Recipe.Files.Count == 0 ? (JsonNode[])[] : [Volume("files", name, FilesOf(order).Select(file => (file.Key, file.Key, file.Text.StartsWith("#!", StringComparison.Ordinal) ? Runnable : Readable)))],
            ]),
        };
        if (cluster.Method == ClusterMethods.BuildKit)
        {
            pod["securityContext"] = new JsonObject { ["fsGroup"] = RootlessUser };
        }

        if (cluster.NodeSelector.Count > 0)
        {
            pod["nodeSelector"] = new JsonObject(cluster.NodeSelector.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        return pod;
    }

    /// <summary>The image's name is the script's first argument; the digest is its last word.</summary>
    private static string ScriptOf(string method) => method switch
    {
        ClusterMethods.Buildah => $"""
            buildah build --timestamp 0 --layers --format docker --isolation chroot --file {Recipe}/Dockerfile --tag built {Context}
            buildah push --digestfile {Scratch}/digest built "docker://$1"
            cat {Scratch}/digest > /dev/termination-log
            """,
        ClusterMethods.Docker => $$"""
            dockerd-entrypoint.sh --config-file {{Recipe}}/{{DaemonFile(method)}} --data-root {{Scratch}} >/tmp/dockerd.log 2>&1 &
            i=0
            until docker info >/dev/null 2>&1; do
              i=$((i + 1))
              if [ $i -gt 60 ]; then cat /tmp/dockerd.log; exit 125; fi
              sleep 1
            done
            docker build --progress=plain --build-arg SOURCE_DATE_EPOCH=0 --provenance=false --file {{Recipe}}/Dockerfile --tag "$1" {{Context}}
            docker push "$1"
            docker image inspect --format '{{"{{"}}index .RepoDigests 0{{"}}"}}' "$1" | sed 's/.*@//' > /dev/termination-log
            """,
        _ => $"""
            buildctl-daemonless.sh build --progress=plain --frontend=dockerfile.v0 --local context={Context} --local dockerfile={Recipe} --opt build-arg:SOURCE_DATE_EPOCH=0 --output "type=image,name=$1,push=true,rewrite-timestamp=true" --metadata-file {Scratch}/metadata.json
            sed -n 's/.*"containerimage.digest": *"\([^"]*\)".*/\1/p' {Scratch}/metadata.json > /dev/termination-log
            """,
    };

    private static JsonArray Environment(string method) => method switch
    {
        ClusterMethods.Buildah => [Variable("REGISTRY_AUTH_FILE", $"{Credentials}/{CredentialsKey}"), Variable("STORAGE_DRIVER", "vfs"), Variable("BUILDAH_ISOLATION", "chroot"),
            Variable("CONTAINERS_REGISTRIES_CONF", $"{Recipe}/{DaemonFile(method)}"), Variable("TMPDIR", Scratch), Variable("XDG_DATA_HOME", Scratch)],
        ClusterMethods.Docker => [Variable("DOCKER_CONFIG", Credentials), Variable("DOCKER_TLS_CERTDIR", ""), Variable("DOCKER_BUILDKIT", "1")],
        _ => [Variable("DOCKER_CONFIG", Credentials), Variable("BUILDKITD_FLAGS", $"--oci-worker-no-process-sandbox --root {Scratch}/buildkit --config {Recipe}/{DaemonFile(method)}"), Variable("TMPDIR", Scratch)],
    };

    /// <summary>The least with which each of them works.</summary>
    private static JsonObject Security(string method) => method switch
    {
        ClusterMethods.Buildah => new JsonObject { ["runAsUser"] = 0, ["allowPrivilegeEscalation"] = false, ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" } },
        ClusterMethods.Docker => new JsonObject { ["privileged"] = true },
        _ => new JsonObject
        {
            ["runAsUser"] = RootlessUser,
            ["runAsGroup"] = RootlessUser,
            ["runAsNonRoot"] = true,
            ["seccompProfile"] = new JsonObject { ["type"] = "Unconfined" },
            ["appArmorProfile"] = new JsonObject { ["type"] = "Unconfined" },
        },
    };

    private static string DaemonFile(string method) => method switch
    {
        ClusterMethods.Buildah => "registries.conf",
        ClusterMethods.Docker => "daemon.json",
        _ => "buildkitd.toml",
    };

    /// <summary>Which registries are called without TLS, in the tool's own words.</summary>
    private static string Daemon(IReadOnlyList<string> plainHttp, ClusterBuildOptions cluster) => cluster.Method switch
    {
        ClusterMethods.Buildah => string.Concat(plainHttp.Select(host => $"[[registry]]\nlocation = \"{host}\"\ninsecure = true\n")),
        ClusterMethods.Docker => new JsonObject { ["insecure-registries"] = new JsonArray([.. plainHttp.Select(host => (JsonNode)host)]) }.ToJsonString(),
        _ => string.Concat(plainHttp.Select(host => $"[registry.\"{host}\"]\n  http = true\n")),
    };

    /// <summary>A ConfigMap's keys have no slashes.</summary>
    private static IEnumerable<(string Path, string Key, string Text)> FilesOf(BuildOrder order) => order.Recipe.Files.OrderBy(file => file.Key, StringComparer.Ordinal)
        .Select((file, number) => (file.Key, string.Create(CultureInfo.InvariantCulture, $"file-{number}"), file.Value));

    private static JsonObject Volume(string name, string map, IEnumerable<(string Key, string Path, int Mode)> items) => new()
    {
        ["name"] = name,
        ["configMap"] = new JsonObject
        {
            ["name"] = map,
            ["items"] = new JsonArray([.. items.Select(item => (JsonNode)new JsonObject { ["key"] = item.Key, ["path"] = item.Path, ["mode"] = item.Mode })]),
        },
    };

    private static JsonObject Mount(string name, string path, bool isReadOnly = false, string? subPath = null)
    {
        var mount = new JsonObject { ["name"] = name, ["mountPath"] = path };
        if (isReadOnly)
        {
            mount["readOnly"] = true;
        }

        if (subPath is not null)
        {
            mount["subPath"] = subPath;
        }

        return mount;
    }

    private static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };
}
