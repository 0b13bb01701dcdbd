using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Kubernetes.Manifests;

/// <summary>Who may talk to the models, and whom they may talk to: gateway and Builder in, names out, and the hub for those that fetch weights.</summary>
internal static class NetworkManifests
{
    /// <summary>Where nothing public is: private networks, this host, and the link-local addresses that clouds serve credentials on.</summary>
    private static readonly string[] Private4 = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
    private static readonly string[] Private6 = ["::1/128", "fc00::/7", "fe80::/10"];

    /// <summary>Where the node-local DNS cache listens.</summary>
    private const string NodeLocalDns = "169.254.20.10/32";

    /// <summary>Ports by name, so that revisions with different ones share it. Its name ends as no revision's does.</summary>
    public static JsonObject OfDeployment(DeploymentKey key, string ns, KubernetesTargetOptions options, string? home) => ModelManifests.Object(
        KubernetesResource.NetworkPolicies, ns, $"{key.Name}-pods", ModelLabels.OfDeployment(options.Installation, key), new JsonObject
        {
            ["podSelector"] = new JsonObject { ["matchLabels"] = ModelLabels.PodsOf(key) },
            ["policyTypes"] = new JsonArray("Ingress", "Egress"),
            ["ingress"] = new JsonArray(new JsonObject
            {
                ["from"] = new JsonArray([.. Clients(options, home).Select(Peer)]),
                ["ports"] = new JsonArray(new JsonObject { ["port"] = PodManifest.PortName, ["protocol"] = "TCP" }),
            }),
            ["egress"] = new JsonArray(new JsonObject
            {
                ["to"] = new JsonArray(
                    new JsonObject { ["namespaceSelector"] = new JsonObject() },
                    new JsonObject { ["ipBlock"] = new JsonObject { ["cidr"] = NodeLocalDns } }),
                ["ports"] = new JsonArray([.. options.Network.DnsPorts.SelectMany(port => (string[])["UDP", "TCP"], Port)]),
            }),
        });

    /// <summary>Only as long as a revision fetches weights itself.</summary>
    public static JsonObject OfFetching(DeploymentKey key, int revision, string ns, string name, KubernetesTargetOptions options) => ModelManifests.Object(
        KubernetesResource.NetworkPolicies, ns, name, ModelLabels.OfRevision(options.Installation, key, revision), new JsonObject
        {
            ["podSelector"] = new JsonObject { ["matchLabels"] = ModelLabels.PodsOf(key, revision) },
            ["policyTypes"] = new JsonArray("Egress"),
            ["egress"] = new JsonArray(new JsonObject
            {
                ["to"] = Hub(options),
                ["ports"] = new JsonArray([.. options.Network.HubPorts.Select(port => Port(port, "TCP"))]),
            }),
        });

    /// <summary>Whether a replica goes to the hub: unless it is told to work offline, because its weights are there.</summary>
    public static bool Fetches(RevisionTemplate template) => !HubVariables.AreOffline(template.Environment);

    /// <summary>Gateway and Builder, wherever they are.</summary>
    private static IEnumerable<KubernetesTargetOptions.Client> Clients(KubernetesTargetOptions options, string? home) => options.Network.Clients is { Count: > 0 } given ? given
        : ((string[])["gateway", "builder"]).Select(component => new KubernetesTargetOptions.Client
        {
            Namespace = home ?? "orrery",
            Labels = new Dictionary<string, string> { ["app.kubernetes.io/component"] = component },
        });

    private static JsonObject Peer(KubernetesTargetOptions.Client client)
    {
        var peer = new JsonObject { ["namespaceSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["kubernetes.io/metadata.name"] = client.Namespace } } };
        if (client.Labels.Count > 0)
        {
            peer["podSelector"] = new JsonObject
            {
                ["matchLabels"] = new JsonObject(client.Labels.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))),
            };
        }

        return peer;
    }

    private static JsonArray Hub(KubernetesTargetOptions options) => options.Network.Hub is { Count: > 0 } given
        ? new JsonArray([.. given.Select(cidr => Block(cidr, []))])
        : new JsonArray(Block("0.0.0.0/0", Private4), Block("::/0", Private6));

    private static JsonObject Block(string cidr, string[] except)
    {
        var block = new JsonObject { ["cidr"] = cidr };
        if (except.Length > 0)
        {
            block["except"] = new JsonArray([.. except.Select(one => (JsonNode)one)]);
        }

        return new JsonObject { ["ipBlock"] = block };
    }

    private static JsonObject Port(int port, string protocol) => new() { ["port"] = port, ["protocol"] = protocol };
}
