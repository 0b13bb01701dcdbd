using System.Globalization;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Builder.Targets.Kubernetes.Manifests;

/// <summary>By what our objects are known. Names only have to be free; whose an object is, its labels say.</summary>
internal static class ModelLabels
{
    public const string ManagedBy = "app.kubernetes.io/managed-by";
    public const string ManagedByUs = KubernetesClient.FieldManager;

    /// <summary>What else is in the cluster of another installation is not ours.</summary>
    public const string Installation = "orrery.dev/installation";

    /// <summary>The organisation; on the Kubernetes namespace it is what lets us in.</summary>
    public const string Organisation = "orrery.dev/namespace";
    public const string Deployment = "orrery.dev/deployment";
    public const string Uid = "orrery.dev/deployment-uid";
    public const string Revision = "orrery.dev/revision";

    /// <summary>Given by the StatefulSet's controller.</summary>
    public const string Ordinal = "apps.kubernetes.io/pod-index";

    /// <summary>All that an installation made.</summary>
    public static string SelectInstallation(string installation) => $"{ManagedBy}={ManagedByUs},{Installation}={installation}";

    public static string SelectDeployment(string uid) => $"{ManagedBy}={ManagedByUs},{Uid}={uid}";

    public static string SelectRevision(string uid, int revision) => $"{SelectDeployment(uid)},{Revision}={revision.ToString(CultureInfo.InvariantCulture)}";

    public static JsonObject OfInstallation(string installation) => new() { [ManagedBy] = ManagedByUs, [Installation] = installation };

    public static JsonObject OfDeployment(string installation, DeploymentKey key)
    {
        var labels = OfInstallation(installation);
        labels["app.kubernetes.io/name"] = "orrery-model";
        labels["app.kubernetes.io/component"] = "model-server";
        labels[Organisation] = key.Namespace;
        labels[Deployment] = key.Name;
        labels[Uid] = key.Uid;
        return labels;
    }

    public static JsonObject OfRevision(string installation, DeploymentKey key, int revision)
    {
        var labels = OfDeployment(installation, key);
        labels[Revision] = revision.ToString(CultureInfo.InvariantCulture);
        return labels;
    }

    /// <summary>The pods of a deployment, of whatever revision.</summary>
    public static JsonObject PodsOf(DeploymentKey key) => new() { [Uid] = key.Uid };

    public static JsonObject PodsOf(DeploymentKey key, int revision) => new() { [Uid] = key.Uid, [Revision] = revision.ToString(CultureInfo.InvariantCulture) };
}
