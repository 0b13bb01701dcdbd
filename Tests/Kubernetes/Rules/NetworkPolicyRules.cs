using System.Net;

namespace Orrery.Tests.Kubernetes;

/// <summary>A NetworkPolicy's ports exist, and its peers are well formed.</summary>
internal static class NetworkPolicyRules
{
    public static IEnumerable<Finding> Check(Chart chart) => Policies(chart).SelectMany(policy => (IEnumerable<Finding>)
    [
        .. Directions(policy),
        .. policy["spec"]["ingress"].Items.SelectMany(rule => Ports(chart, policy, rule, Selected(chart, policy))),
        .. policy["spec"]["egress"].Items.SelectMany(rule => Ports(chart, policy, rule, Peers(chart, policy, rule["to"]))),
        .. policy["spec"]["ingress"].Items.SelectMany(rule => rule["from"].Items).SelectMany(peer => Peer(policy, peer)),
        .. policy["spec"]["egress"].Items.SelectMany(rule => rule["to"].Items).SelectMany(peer => Peer(policy, peer)),
    ]);

    public static IEnumerable<Document> Policies(Chart chart) => chart.All("NetworkPolicy").Where(policy => policy.Group is "networking.k8s.io");

    /// <summary>The workloads to whose pods the policy applies.</summary>
    public static IEnumerable<Workload> Selected(Chart chart, Document policy) => chart.Selected(policy, labels => Selector.Matches(policy["spec"]["podSelector"], labels));

    /// <summary>Whether the policy speaks about <c>Ingress</c> or <c>Egress</c>.</summary>
    public static bool Covers(Document policy, string direction) => policy["spec"]["policyTypes"].IsEmpty
        ? direction is "Ingress" || policy["spec"]["egress"].Exists
        : policy["spec"]["policyTypes"].Items.Any(type => type.Text == direction);

    private static IEnumerable<Finding> Directions(Document policy)
    {
        foreach (var direction in ((string[])["Ingress", "Egress"]).Where(direction => policy["spec"][direction.ToLowerInvariant()].Exists && !Covers(policy, direction)))
        {
            yield return policy.Find(policy["spec"]["policyTypes"], $"{direction} too, since the policy has rules for it");
        }
    }

    private static IEnumerable<Workload> Peers(Chart chart, Document policy, Field peers) =>
        peers.IsEmpty || peers.Items.Any(peer => peer["namespaceSelector"].Exists)
            ? chart.Workloads
            : peers.Items.Where(peer => peer["podSelector"].Exists).SelectMany(peer => chart.Selected(policy, labels => Selector.Matches(peer["podSelector"], labels)));

    private static IEnumerable<Finding> Ports(Chart chart, Document policy, Field rule, IEnumerable<Workload> targets)
    {
        var candidates = targets.ToList();
        foreach (var port in rule["ports"].Items)
        {
            if (port["port"].Whole is { } number && !Formats.IsPortNumber(number))
            {
                yield return policy.Find(port["port"], "a port from 1 to 65535 or a port's name");
            }
            else if (port["port"].Exists && port["port"].Whole is null && !candidates.Any(workload => workload.HasPort(port["port"], port["protocol"].Text ?? "TCP")))
            {
                yield return policy.Find(port["port"], $"the name of a port of {(candidates.Count == 0 ? "a workload that the rule selects" : string.Join(", ", candidates.Select(workload => workload.Id)))}");
            }

            if (port["endPort"].Exists && !(port["endPort"].Whole >= port["port"].Whole))
            {
                yield return policy.Find(port["endPort"], "a number not below port, which must be a number too");
            }
        }
    }

    private static IEnumerable<Finding> Peer(Document policy, Field peer)
    {
        var block = peer["ipBlock"];
        if (block.Exists == (peer["podSelector"].Exists || peer["namespaceSelector"].Exists))
        {
            yield return policy.Find(peer, "either an ipBlock or selectors");
        }

        foreach (var range in block["except"].Items.Append(block["cidr"]).Where(range => range.Exists && !IPNetwork.TryParse(range.Text, out _)))
        {
            yield return policy.Find(range, "an address range, for example 10.0.0.0/8");
        }
    }
}

/// <summary>House rule: where there are policies, every workload is under one in both directions.</summary>
internal static class NetworkCoverageRules
{
    public static IEnumerable<Finding> Check(Chart chart) =>
        from workload in chart.Workloads
        where NetworkPolicyRules.Policies(chart).Any()
        from direction in (string[])["Ingress", "Egress"]
        where !NetworkPolicyRules.Policies(chart).Any(policy => NetworkPolicyRules.Covers(policy, direction) && NetworkPolicyRules.Selected(chart, policy).Contains(workload))
        select workload.Find(workload.Template["metadata"]["labels"], $"labels that a NetworkPolicy for {direction} selects");
}
