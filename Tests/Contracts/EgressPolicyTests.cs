using System.Net;
using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

/// <summary>The rule for URLs and addresses as a table: what an operator has allowed, and what becomes of it.</summary>
public sealed class EgressPolicyTests
{
    private const string Ok = "";
    private const string Url = EgressCauses.UrlInvalid;
    private const string Https = EgressCauses.HttpsRequired;
    private const string Address = EgressCauses.AddressRefused;

    private static readonly EgressPolicy Strict = new();
    private static readonly EgressPolicy Development = new() { AllowLoopback = true };

    /// <summary>Everything is listed that can be: what is refused here is refused always.</summary>
    private static readonly EgressPolicy Open = new() { AllowLoopback = true, AllowedNetworks = [IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")] };

    [Theory]
    [InlineData("https://api.openai.com/v1", Ok)]
    [InlineData("https://api.openai.com./v1", Ok)]
    [InlineData("https://API.OpenAI.com:8443", Ok)]
    [InlineData("https://xn--bcher-kva.example/v1", Ok)]
    [InlineData("https://8.8.8.8/v1", Ok)]
    [InlineData("https://[2606:4700::1111]/v1", Ok)]
    [InlineData("https://[64:ff9b::8.8.8.8]/v1", Ok)]
    [InlineData("http://vllm:8000", Ok)]
    [InlineData("http://vllm_1:8000/v1", Ok)]
    [InlineData("http://vllm.models.svc:8000", Ok)]
    [InlineData("http://vllm.models.svc.cluster.local:8000", Ok)]
    [InlineData("http://vllm.internal", Ok)]
    [InlineData("http://gpu-1.rack.internal.:8000", Ok)]
    [InlineData("http://mac.local:11434", Ok)]
    [InlineData("http://api.openai.com/v1", Https)]
    [InlineData("http://vllm.internal.evil.example", Https)]
    [InlineData("http://svc", Ok)]
    [InlineData("http://notsvc.example", Https)]
    [InlineData("http://8.8.8.8/v1", Https)]
    [InlineData("http://134744072/v1", Https)]
    [InlineData("http://[2606:4700::1111]/v1", Https)]
    [InlineData("https://10.0.0.1", Address)]
    [InlineData("http://10.0.0.1", Address)]
    [InlineData("http://172.16.0.1:8000", Address)]
    [InlineData("http://172.31.255.255:8000", Address)]
    [InlineData("http://192.168.1.1", Address)]
    [InlineData("http://100.64.0.1", Address)]
    [InlineData("http://198.18.0.1", Address)]
    [InlineData("http://192.0.2.1", Address)]
    [InlineData("http://[fc00::1]", Address)]
    [InlineData("http://[fd12:3456::1]:8000", Address)]
    [InlineData("http://[fec0::1]", Address)]
    [InlineData("http://[2001:db8::1]", Address)]
    [InlineData("http://[::ffff:10.0.0.1]", Address)]
    [InlineData("http://167772161", Address)]
    [InlineData("http://127.0.0.1:8000", Address)]
    [InlineData("http://127.1", Address)]
    [InlineData("http://2130706433", Address)]
    [InlineData("http://0x7f000001", Address)]
    [InlineData("http://0x7f.1", Address)]
    [InlineData("http://0177.0.0.1", Address)]
    [InlineData("http://127.0.0.1.:8000", Address)]
    [InlineData("http://0x7f.1.", Address)]
    [InlineData("http://localhost:11434", Address)]
    [InlineData("http://localhost.:11434", Address)]
    [InlineData("http://a.localhost", Address)]
    [InlineData("http://[::1]:8000", Address)]
    [InlineData("http://[::ffff:127.0.0.1]", Address)]
    [InlineData("http://[::127.0.0.1]", Address)]
    [InlineData("https://[64:ff9b::7f00:1]", Address)]
    [InlineData("https://[64:ff9b:1::10.0.0.1]", Address)]
    [InlineData("https://[2002:7f00:1::]", Address)]
    [InlineData("https://[2002:a00:1::1]", Address)]
    public void Without_leave_from_the_operator(string url, string cause) => Assert.Equal(cause, Strict.CheckUrl(url)?.Cause ?? Ok);

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("https://169.254.169.254")]
    [InlineData("http://169.254.170.2")]
    [InlineData("http://2852039166")]
    [InlineData("http://0xa9fea9fe")]
    [InlineData("http://0xA9.0xFE.0xA9.0xFE")]
    [InlineData("http://0251.0376.0251.0376")]
    [InlineData("http://169.254.43518")]
    [InlineData("http://169.254.169.254.")]
    [InlineData("http://[::ffff:169.254.169.254]")]
    [InlineData("http://[::ffff:a9fe:a9fe]")]
    [InlineData("http://[::169.254.169.254]")]
    [InlineData("http://[::ffff:0:169.254.169.254]")]
    [InlineData("http://[64:ff9b::169.254.169.254]")]
    [InlineData("http://[64:ff9b:1::169.254.169.254]")]
    [InlineData("http://[2002:a9fe:a9fe::1]")]
    [InlineData("http://[2001:0:a9fe:a9fe::1]")]
    [InlineData("http://[2001:0:4136:e378:8000:63bf:5601:5601]")]
    [InlineData("http://[2606:4700::5efe:169.254.169.254]")]
    [InlineData("http://[fe80::1]")]
    [InlineData("http://[febf::1]")]
    [InlineData("http://[fd00:ec2::254]")]
    [InlineData("http://[fd00:ec2::23]")]
    [InlineData("http://[fd20:ce::254]")]
    [InlineData("http://100.100.100.200")]
    [InlineData("http://168.63.129.16")]
    [InlineData("http://192.0.0.192")]
    [InlineData("http://metadata.google.internal")]
    [InlineData("http://METADATA.google.internal./computeMetadata/v1")]
    [InlineData("http://metadata")]
    [InlineData("https://metadata.goog")]
    [InlineData("http://instance-data.ec2.internal")]
    [InlineData("http://0.0.0.0:8000")]
    [InlineData("http://0")]
    [InlineData("http://0.1.2.3")]
    [InlineData("http://[::]:8000")]
    [InlineData("http://[::ffff:0.0.0.0]")]
    [InlineData("http://255.255.255.255")]
    [InlineData("http://224.0.0.1")]
    [InlineData("http://239.255.255.250")]
    [InlineData("http://240.0.0.1")]
    [InlineData("http://[ff02::1]")]
    public void Never_whatever_is_listed(string url)
    {
        var fault = Open.CheckUrl(url);
        Assert.NotNull(fault);
        Assert.Equal((Address, "No setting allows it: use the server's own address."), (fault.Cause, fault.Remedy));
    }

    [Theory]
    [InlineData("ftp://vllm")]
    [InlineData("vllm:8000")]
    [InlineData("//vllm:8000")]
    [InlineData("http://")]
    [InlineData("http://user@vllm")]
    [InlineData("http://user:password@vllm")]
    [InlineData("http://@vllm")]
    [InlineData("http://vllm:80\\@169.254.169.254/")]
    [InlineData("http:\\\\169.254.169.254")]
    [InlineData("http://vl lm")]
    [InlineData("http://vllm\n.example")]
    [InlineData("http://vllm:0")]
    [InlineData("http://[fe80::1%25eth0]")]
    [InlineData("http://[::1%1]")]
    [InlineData("http://127%2e0%2e0%2e1")]
    [InlineData("http://１２７.0.0.1")]
    [InlineData("http://127。0。0。1")]
    [InlineData("http://ⓛocalhost")]
    [InlineData("http://1.2.3.4.5")]
    [InlineData("http://256.1.1.1")]
    [InlineData("http://vllm.0x1")]
    [InlineData("http://a..b")]
    [InlineData("http://.internal")]
    [InlineData("http://-vllm")]
    [InlineData("http://vllm!.internal")]
    public void What_is_no_plain_URL_of_a_host(string url) => Assert.Equal(Url, Open.CheckUrl(url)?.Cause);

    [Theory]
    [InlineData("http://127.0.0.1:8000")]
    [InlineData("http://127.8.8.8")]
    [InlineData("http://[::1]:8000")]
    [InlineData("http://[::ffff:127.0.0.1]")]
    [InlineData("http://localhost:11434")]
    [InlineData("http://ollama.localhost")]
    [InlineData("https://localhost")]
    public void The_machine_itself_where_the_operator_says_so(string url) => Assert.Null(Development.CheckUrl(url));

    [Fact]
    public void A_network_that_is_listed_may_be_called_by_address_and_its_neighbours_may_not()
    {
        var policy = new EgressPolicy { AllowedNetworks = [IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("fd12::/16"), IPNetwork.Parse("203.0.113.7/32")] };
        foreach (var url in new[] { "http://10.20.1.1:8000", "https://10.20.255.255", "http://[::ffff:10.20.0.1]", "http://[fd12::7]", "http://203.0.113.7" })
        {
            Assert.Null(policy.CheckUrl(url));
        }

        foreach (var url in new[] { "http://10.21.0.1", "http://[fd13::1]", "http://127.0.0.1", "https://203.0.113.8" })
        {
            Assert.Equal(Address, policy.CheckUrl(url)?.Cause);
        }
    }

    /// <summary>Host, what it resolves to, over https or not, with loopback allowed or not.</summary>
    [Theory]
    [InlineData("api.example.com", "93.184.216.34", true, false, Ok)]
    [InlineData("api.example.com", "10.0.0.1", true, true, Address)]
    [InlineData("api.example.com", "127.0.0.1", true, true, Address)]
    [InlineData("api.example.com", "::1", true, true, Address)]
    [InlineData("api.example.com", "::ffff:192.168.0.1", true, true, Address)]
    [InlineData("api.example.com", "169.254.169.254", true, true, Address)]
    [InlineData("api.example.com", "fe80::1", true, true, Address)]
    [InlineData("api.example.com", "0.0.0.0", true, true, Address)]
    [InlineData("vllm.internal", "10.0.0.1", false, false, Ok)]
    [InlineData("vllm.internal", "fd12::1", false, false, Ok)]
    [InlineData("vllm", "100.64.0.9", false, false, Ok)]
    [InlineData("vllm", "172.17.0.2", true, false, Ok)]
    [InlineData("vllm", "127.0.1.1", false, false, Address)]
    [InlineData("vllm", "127.0.1.1", false, true, Ok)]
    [InlineData("vllm.svc", "169.254.169.254", false, true, Address)]
    [InlineData("vllm.svc", "100.100.100.200", false, true, Address)]
    [InlineData("vllm.internal", "8.8.8.8", false, true, Https)]
    [InlineData("vllm.internal", "8.8.8.8", true, true, Ok)]
    [InlineData("localhost", "127.0.0.1", false, true, Ok)]
    [InlineData("localhost", "10.0.0.1", false, true, Address)]
    [InlineData("localhost", "8.8.8.8", true, true, Address)]
    public void What_a_name_may_resolve_to(string host, string address, bool isHttps, bool allowLoopback, string cause) =>
        Assert.Equal(cause, (allowLoopback ? Development : Strict).CheckAddress(EgressHost.Of(host), isHttps, IPAddress.Parse(address))?.Cause ?? Ok);

    [Fact]
    public void A_zone_hides_nothing()
    {
        var address = new IPAddress(IPAddress.Parse("fe80::1").GetAddressBytes(), 7);
        Assert.Equal(Address, Open.CheckAddress(EgressHost.Of("mac.local"), isHttps: false, address)?.Cause);
    }

    [Fact]
    public void A_fault_says_what_is_there_and_what_to_do()
    {
        Assert.Equal(
            new EgressFault(
                Https, "an https:// URL", "'plain.example' lies outside",
                "Write https://. Only internal hosts may be called over http: names of one label, *.internal, *.local, *.svc."),
            Strict.CheckUrl("http://plain.example/v1"));
        Assert.Equal("169.254.169.254 (in 64:ff9b::a9fe:a9fe) is a link-local address, where clouds keep their metadata", Open.CheckUrl("http://[64:ff9b::169.254.169.254]")?.Reason);
        Assert.Equal("10.0.0.1, the address of 'api.example.com', is a private address", Strict.CheckAddress(EgressHost.Of("api.example.com"), true, IPAddress.Parse("10.0.0.1"))?.Reason);
        Assert.Contains("Gateway__Egress__AllowedNetworks__0=10.0.0.1/32", Strict.CheckUrl("http://10.0.0.1")?.Remedy, StringComparison.Ordinal);
        Assert.Contains("Gateway__Egress__AllowLoopback=true", Strict.CheckUrl("http://localhost")?.Remedy, StringComparison.Ordinal);
    }
}
