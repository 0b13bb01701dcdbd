using System.Text;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Builder.Targets.Kubernetes.Manifests;

/// <summary>One object as it is to be.</summary>
/// <param name="Namespace">Absent: it is of the cluster.</param>
/// <param name="IsRevisions">Whether it goes with its revision, not with the deployment.</param>
internal sealed record Manifest(KubernetesResource Resource, string? Namespace, JsonObject Body, bool IsRevisions = false);

/// <summary>What is made for a revision, as data: the same wish gives the same objects.</summary>
internal static class ModelManifests
{
    /// <summary>In the order in which they are made: the StatefulSet last, so that no pod starts before what it needs is there.</summary>
    public static IReadOnlyList<Manifest> Of(WantedReplicas wanted, KubernetesTargetOptions options, string? home)
    {
        var (key, template) = (wanted.Key, wanted.Template);
        var ns = options.NamespaceOf(key.Namespace);
        var name = ShortNames.Revision(key.Name, wanted.Revision);
        var manifests = new List<Manifest>();
        if (options.Network.Policies)
        {
            manifests.Add(new(KubernetesResource.NetworkPolicies, ns, NetworkManifests.OfDeployment(key, ns, options, home)));
        }

        manifests.Add(new(KubernetesResource.DisruptionBudgets, ns, DisruptionBudget(key, ns, options)));
        if (template.PullSecret is not null && wanted.PullCredentials is { } credentials)
        {
            manifests.Add(new(KubernetesResource.Secrets, ns, PullSecret(key, credentials, ns, options)));
        }

        manifests.Add(new(KubernetesResource.Services, ns, Service(wanted, ns, name, options), IsRevisions: true));
        if (template.Secrets.Count > 0)
        {
            manifests.Add(new(KubernetesResource.Secrets, ns, Secret(wanted, ns, name, options), IsRevisions: true));
        }

        if (template.Files is { } files)
        {
            manifests.Add(new(KubernetesResource.ConfigMaps, ns, ConfigMap(wanted, files, ns, name, options), IsRevisions: true));
        }

        if (options.Network.Policies && NetworkManifests.Fetches(template))
        {
            manifests.Add(new(KubernetesResource.NetworkPolicies, ns, NetworkManifests.OfFetching(key, wanted.Revision, ns, name, options), IsRevisions: true));
        }

        manifests.Add(new(KubernetesResource.StatefulSets, ns, StatefulSet(wanted, ns, name, options), IsRevisions: true));
        return manifests;
    }

    /// <summary>An organisation's namespace; pods that want more than the profile <c>baseline</c> are refused there.</summary>
    public static JsonObject Namespace(string organisation, KubernetesTargetOptions options)
    {
        var labels = ModelLabels.OfInstallation(options.Installation);
        labels[ModelLabels.Organisation] = organisation;
        labels["pod-security.kubernetes.io/enforce"] = "baseline";
        labels["pod-security.kubernetes.io/warn"] = "restricted";
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new JsonObject { ["name"] = options.NamespaceOf(organisation), ["labels"] = labels },
        };
    }

    /// <summary>Where the models of a namespace are kept. Made once and never changed or deleted by us.</summary>
    public static JsonObject Claim(string ns, KubernetesTargetOptions options)
    {
        var spec = new JsonObject
        {
            ["accessModes"] = new JsonArray(options.Cache.AccessMode),
            ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = options.Cache.Size } },
        };
        if (options.Cache.StorageClass is { Length: > 0 } storageClass)
        {
            spec["storageClassName"] = storageClass;
        }

        return Object(KubernetesResource.Claims, ns, ShortNames.Claim, ModelLabels.OfInstallation(options.Installation), spec);
    }

    /// <summary>
    /// Ordinals are the replicas. Pods start and end side by side; a changed template does not touch running pods, since another template is
    /// another revision.
    /// </summary>
    private static JsonObject StatefulSet(WantedReplicas wanted, string ns, string name, KubernetesTargetOptions options) => Object(
        KubernetesResource.StatefulSets, ns, name, ModelLabels.OfRevision(options.Installation, wanted.Key, wanted.Revision), new JsonObject
        {
            ["replicas"] = wanted.Count,
            ["serviceName"] = name,
            ["podManagementPolicy"] = "Parallel",
            ["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" },
            ["revisionHistoryLimit"] = 0,
            ["selector"] = new JsonObject { ["matchLabels"] = ModelLabels.PodsOf(wanted.Key, wanted.Revision) },
            ["template"] = PodManifest.Of(wanted, name, options),
        });

    /// <summary>Gives each replica a name in DNS, ready or not: the gateway asks replicas, and never this Service.</summary>
    private static JsonObject Service(WantedReplicas wanted, string ns, string name, KubernetesTargetOptions options) => Object(
        KubernetesResource.Services, ns, name, ModelLabels.OfRevision(options.Installation, wanted.Key, wanted.Revision), new JsonObject
        {
            ["clusterIP"] = "None",
            ["publishNotReadyAddresses"] = true,
            ["selector"] = ModelLabels.PodsOf(wanted.Key, wanted.Revision),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = PodManifest.PortName, ["port"] = wanted.Template.Port, ["targetPort"] = PodManifest.PortName, ["protocol"] = "TCP" }),
        });

    /// <summary>Immutable, as the revision is: another value is another fingerprint, and that another revision.</summary>
    private static JsonObject Secret(WantedReplicas wanted, string ns, string name, KubernetesTargetOptions options)
    {
        var data = new JsonObject();
        foreach (var variable in wanted.Template.Secrets.OrderBy(variable => variable.Name, StringComparer.Ordinal))
        {
            var value = wanted.SecretValues.GetValueOrDefault(variable.Name) ?? throw new TargetException(
                "SecretMissing", $"{wanted.Key}: no value came for the variable {variable.Name} (Secret '{variable.Secret}', key '{variable.Key}'). Is the Secret there, and does it have the key?");
            data[variable.Name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        }

        var secret = Object(KubernetesResource.Secrets, ns, name, ModelLabels.OfRevision(options.Installation, wanted.Key, wanted.Revision), null);
        secret["type"] = "Opaque";
        secret["immutable"] = true;
        secret["data"] = data;
        return secret;
    }

    /// <summary>Immutable, as the revision is; its keys stand for paths, which no key can be.</summary>
    private static JsonObject ConfigMap(WantedReplicas wanted, IReadOnlyDictionary<string, string> files, string ns, string name, KubernetesTargetOptions options)
    {
        var map = Object(KubernetesResource.ConfigMaps, ns, name, ModelLabels.OfRevision(options.Installation, wanted.Key, wanted.Revision), null);
        map["immutable"] = true;
        map["data"] = new JsonObject(PodManifest.FileKeys(files).Select(file => KeyValuePair.Create(file.Key, (JsonNode?)files[file.Path])));
        return map;
    }

    /// <summary>Not of a revision, and not immutable: what was pulled stays pulled, and a password that changes makes no other model of it.</summary>
    private static JsonObject PullSecret(DeploymentKey key, string credentials, string ns, KubernetesTargetOptions options)
    {
        var secret = Object(KubernetesResource.Secrets, ns, ShortNames.PullSecret(key.Name), ModelLabels.OfDeployment(options.Installation, key), null);
        secret["type"] = "kubernetes.io/dockerconfigjson";
        secret["data"] = new JsonObject { [".dockerconfigjson"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)) };
        return secret;
    }

    /// <summary>Of a deployment's replicas that serve, nodes are drained of one after the other; those that do not serve hold nobody up.</summary>
    private static JsonObject DisruptionBudget(DeploymentKey key, string ns, KubernetesTargetOptions options) => Object(
        KubernetesResource.DisruptionBudgets, ns, key.Name, ModelLabels.OfDeployment(options.Installation, key), new JsonObject
        {
            ["maxUnavailable"] = 1,
            ["unhealthyPodEvictionPolicy"] = "AlwaysAllow",
            ["selector"] = new JsonObject { ["matchLabels"] = ModelLabels.PodsOf(key) },
        });

    public static JsonObject Object(KubernetesResource resource, string ns, string name, JsonObject labels, JsonObject? spec)
    {
        var body = new JsonObject
        {
            ["apiVersion"] = resource.ApiVersion,
            ["kind"] = resource.Kind,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns, ["labels"] = labels },
        };
        if (spec is not null)
        {
            body["spec"] = spec;
        }

        return body;
    }
}
