using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>A port that the outside uses, and the ports of the copies behind it.</summary>
internal sealed record Forward(int Port, IReadOnlyList<int> Targets);

/// <summary>The ports of a resource: of each copy, what a proxy must forward, and all that must be free at its start.</summary>
internal sealed record PortPlan(IReadOnlyList<InstancePorts> Instances, IReadOnlyList<Forward> Forwards, IReadOnlyList<int> Listening);

/// <summary>Gives every endpoint its ports when the graph starts; they stay the same over restarts.</summary>
internal sealed class EndpointAllocator(PortAllocator ports, IConfiguration configuration)
{
    private readonly ConcurrentDictionary<IResource, PortPlan> _plans = new();

    private bool Randomize => IsOn("AppHost:RandomizePorts") || IsOn("DcpPublisher:RandomizePorts");

    public PortPlan PlanOf(IResource resource) => _plans.TryGetValue(resource, out var plan)
        ? plan
        : new([.. InstanceNames.Of(resource).Select(name => new InstancePorts(name, new Dictionary<EndpointAnnotation, int>()))], [], []);

    /// <exception cref="DistributedApplicationException">Two endpoints are given the same port.</exception>
    public void Allocate(IEnumerable<IResource> resources)
    {
        var taken = new Dictionary<int, string>();
        foreach (var resource in resources.OfType<IResourceWithEndpoints>().Where(one => one.Annotations.OfType<EndpointAnnotation>().Any()))
        {
            _plans[resource] = Plan(resource, taken);
        }
    }

    private PortPlan Plan(IResourceWithEndpoints resource, Dictionary<int, string> taken)
    {
        var copies = InstanceNames.Of(resource);
        var targets = copies.Select(_ => new Dictionary<EndpointAnnotation, int>()).ToList();
        var forwards = new List<Forward>();
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var port = PublicPort(resource, endpoint, copies.Count, taken);
            var own = targets.ConvertAll(_ => OwnPort(resource, endpoint, copies.Count, port));
            for (var i = 0; i < own.Count; i++)
            {
                targets[i][endpoint] = own[i];
            }

            if (resource is not ContainerResource && own.Any(one => one != port))
            {
                forwards.Add(new Forward(port, own));
            }

            endpoint.AllocatedEndpoint = new AllocatedEndpoint(
                endpoint, "localhost", port, own[0] == port ? null : own[0].ToString(CultureInfo.InvariantCulture));
        }

        var listening = resource.Annotations.OfType<EndpointAnnotation>().Where(one => one.Protocol == ProtocolType.Tcp).Select(one => one.AllocatedEndpoint!.Port);
        return new PortPlan([.. targets.Select((ports, i) => new InstancePorts(copies[i], ports))], forwards, [.. listening]);
    }

    private int PublicPort(IResource resource, EndpointAnnotation endpoint, int copies, Dictionary<int, string> taken)
    {
        // A program that fixes its own port and is alone needs no other one in front of it.
        var fixedPort = endpoint.Port ?? (copies == 1 && resource is not ContainerResource ? endpoint.TargetPort : null);
        if (Randomize && endpoint.IsExplicitlyProxied != false || fixedPort is not { } port)
        {
            return ports.Take();
        }

        var who = $"endpoint '{endpoint.Name}' of '{resource.Name}'";
        return taken.TryAdd(port, who)
            ? port
            : throw new DistributedApplicationException($"Port {port} is given to {taken[port]} and to {who}: give one of them another port, or none.");
    }

    private int OwnPort(IResource resource, EndpointAnnotation endpoint, int copies, int port)
    {
        if (resource is ContainerResource || copies == 1)
        {
            return endpoint.TargetPort ?? port;
        }

        return endpoint.IsExplicitlyProxied == false
            ? throw new DistributedApplicationException(
                $"Endpoint '{endpoint.Name}' of '{resource.Name}' is not proxied, but {copies} copies of it cannot listen on one port.")
            : ports.Take();
    }

    private bool IsOn(string key) => string.Equals(configuration[key], "true", StringComparison.OrdinalIgnoreCase);
}
