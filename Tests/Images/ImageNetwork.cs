using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Orrery.Tests.Images;

/// <summary>
/// A network of containers, each at an address of its own and known to all others by its host name, as services are in a cluster.
/// Hosts that are no containers (the stores) are this machine's loopback ports, forwarded to the network's gateway.
/// </summary>
internal sealed class ImageNetwork : IAsyncDisposable
{
    private static int _networks;
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly Dictionary<string, IPAddress> _addresses = [];
    private readonly string _name;
    private readonly IPAddress _gateway;

    private ImageNetwork(string name, IPAddress gateway)
    {
        _name = name;
        _gateway = gateway;
    }

    /// <summary>A network in which <paramref name="hosts"/> can be started.</summary>
    public static async Task<ImageNetwork> CreateAsync(params string[] hosts)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Leftovers.Mine}-{Interlocked.Increment(ref _networks)}");
        _ = (await Command.RunAsync("podman", "network", "create", name)).Text;
        using var description = JsonDocument.Parse((await Command.RunAsync("podman", "network", "inspect", name)).Text);
        var bridge = description.RootElement[0].GetProperty("network_interface").GetString()!;
        var subnet = description.RootElement[0].GetProperty("subnets")[0];
        var gateway = IPAddress.Parse(subnet.GetProperty("gateway").GetString()!);
        var length = subnet.GetProperty("subnet").GetString()!.Split('/')[1];

        // podman would make the bridge with the first container; what is forwarded listens on it before.
        _ = (await Command.RunAsync("ip", "link", "add", bridge, "type", "bridge")).Text;
        _ = (await Command.RunAsync("ip", "address", "add", $"{gateway}/{length}", "dev", bridge)).Text;
        _ = (await Command.RunAsync("ip", "link", "set", bridge, "up")).Text;

        var network = new ImageNetwork(name, gateway);
        foreach (var host in hosts)
        {
            var address = gateway.GetAddressBytes();
            address[^1] += (byte)(network._addresses.Count + 1);
            network._addresses.Add(host, new IPAddress(address));
        }

        return network;
    }

    /// <summary>Lets containers reach a port of this machine's loopback as <paramref name="host"/>:<paramref name="port"/>.</summary>
    public void Forward(string host, int port, int loopbackPort)
    {
        _addresses.Add(host, _gateway);
        _parts.Add(new Relay(new IPEndPoint(_gateway, port), loopbackPort));
    }

    /// <summary>Starts a container at the address of its host name; it ends with the network at the latest.</summary>
    public async Task<ImageRun> StartAsync(ContainerSpec spec)
    {
        var run = await ImageRun.StartAsync(spec, _name, _addresses[spec.Host], _addresses.Select(entry => $"{entry.Key}:{entry.Value}"));
        _parts.Add(run);
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_parts))
        {
            await part.DisposeAsync();
        }

        await Command.RunAsync("podman", "network", "rm", "--force", _name);
    }
}
