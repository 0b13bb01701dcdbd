using System.Net;
using System.Net.Sockets;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Egress;

/// <summary>What is connected to after a name has been resolved. Names are answered by the test; servers are real.</summary>
public sealed class EgressConnectTests
{
    private const string Loopback = "Gateway:Egress:AllowLoopback=true";

    [Fact]
    public async Task The_connection_goes_to_the_address_that_was_checked_and_there_is_no_second_look_up()
    {
        await using var server = await TlsServer.StartAsync(null);
        using var world = new EgressWorld(Loopback);
        world.Answer("vllm.internal", "127.0.0.1");
        world.Answer("vllm.internal", "169.254.169.254"); // What a rebinding name says when it is asked again.
        Assert.Equal("hello", await world.GetAsync($"http://vllm.internal:{server.Port}/"));
        Assert.Equal(["vllm.internal"], world.LookUps);

        // The next connection asks anew, and is refused.
        var fault = await world.FaultOfAsync($"http://vllm.internal:{server.Port}/");
        Assert.Equal(
            (EgressCauses.AddressRefused, "169.254.169.254, the address of 'vllm.internal', is a link-local address, where clouds keep their metadata; expected the address of a model server"),
            (fault.Cause, fault.Message));
        Assert.DoesNotContain("169.254", fault.Shown, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_name_outside_that_leads_inside_is_not_followed()
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue("api.example.com");
        await using var server = await TlsServer.StartAsync(certificate);
        using var world = new EgressWorld(Loopback);
        var route = new EgressRoute(null, certificates.Pem, null);
        foreach (var address in new[] { "127.0.0.1", "10.0.0.1", "::ffff:192.168.1.1", "::1", "fd12::1", "100.64.0.1" })
        {
            world.Answers.Remove("api.example.com");
            world.Answer("api.example.com", "93.184.216.34", address); // Beside a good one: the whole answer is distrusted.
            Assert.Equal(EgressCauses.AddressRefused, (await world.FaultOfAsync($"https://api.example.com:{server.Port}/", route)).Cause);
        }

        Assert.Empty(server.Requests);
        Assert.Empty(server.Names);
        Assert.Contains(world.Logged.Lines, line => line.StartsWith("No connection to api.example.com (address_refused): 10.0.0.1, the address of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_outside_may_lead_to_a_network_that_is_listed()
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue("api.example.com");
        await using var server = await TlsServer.StartAsync(certificate);
        using var world = new EgressWorld("Gateway:Egress:AllowedNetworks:0=127.0.0.0/8");
        world.Answer("api.example.com", "127.0.0.1");
        Assert.Equal("hello", await world.GetAsync($"https://api.example.com:{server.Port}/", new EgressRoute(null, certificates.Pem, null)));
    }

    [Fact]
    public async Task An_internal_name_is_called_at_its_good_addresses_and_not_at_the_others()
    {
        await using var server = await TlsServer.StartAsync(null);
        using var world = new EgressWorld(Loopback);
        world.Answer("mac.local", "fe80::1", "169.254.7.7", "127.0.0.1");
        Assert.Equal("hello", await world.GetAsync($"http://mac.local:{server.Port}/"));
    }

    [Fact]
    public async Task Of_several_addresses_the_first_that_answers_is_taken()
    {
        await using var server = await TlsServer.StartAsync(null);
        using var world = new EgressWorld(Loopback);
        world.Answer("vllm", "127.0.0.9", "::1", "127.0.0.1"); // Nobody listens at the first two.
        Assert.Equal("hello", await world.GetAsync($"http://vllm:{server.Port}/"));

        world.Answer("dead", "127.0.0.9", "127.0.0.8");
        var fault = await world.FaultOfAsync($"http://dead:{server.Port}/");
        Assert.Equal((EgressCauses.ConnectionRefused, "connection refused"), (fault.Cause, fault.Shown));
    }

    [Fact]
    public async Task An_address_that_swallows_everything_holds_up_the_next_one_for_a_moment_only()
    {
        await using var server = await TlsServer.StartAsync(null, address: IPAddress.Parse("127.0.0.1"));
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.7"), server.Port));
        full.Listen(0);
        var waiting = new List<Socket>();
        try
        {
            // A queue that is full: the kernel answers no further SYN, as a firewall that drops.
            for (var i = 0; i < 4; i++)
            {
                var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                waiting.Add(one);
                Assert.ThrowsAny<SocketException>(() => one.Connect(new IPEndPoint(IPAddress.Parse("127.0.0.7"), server.Port)));
            }

            using var world = new EgressWorld(Loopback);
            world.Answer("vllm", "127.0.0.7", "127.0.0.1");
            Assert.Equal("hello", await world.GetAsync($"http://vllm:{server.Port}/"));
        }
        finally
        {
            waiting.ForEach(one => one.Dispose());
        }
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_named()
    {
        using var world = new EgressWorld();
        var fault = await world.FaultOfAsync("http://nowhere.internal:8000/");
        Assert.Equal((EgressCauses.NameNotFound, "the name 'nowhere.internal' has no address"), (fault.Cause, fault.Message));
    }

    [Fact]
    public async Task Without_leave_from_the_operator_the_machine_itself_is_not_called()
    {
        await using var server = await TlsServer.StartAsync(null);
        using var world = new EgressWorld();
        world.Answer("localhost", "127.0.0.1");
        world.Answer("vllm", "127.0.0.1");
        foreach (var host in new[] { "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "vllm", "2130706433" })
        {
            Assert.Equal(EgressCauses.AddressRefused, (await world.FaultOfAsync($"http://{host}:{server.Port}/")).Cause);
        }

        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_refusal_that_goes_on_is_logged_once_a_minute()
    {
        using var world = new EgressWorld();
        var dialer = world.Dialers.For(EgressRoute.Default);
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => world.GetAsync("http://10.0.0.1/", dialer));
        }

        Assert.Single(world.Logged.Lines, line => line.StartsWith("No connection to 10.0.0.1", StringComparison.Ordinal));
    }
}
