using Orrery.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Egress;

public sealed class EgressOptionsTests
{
    [Fact]
    public void Every_fault_is_named_and_no_password_repeated()
    {
        var options = new EgressOptions
        {
            AllowedNetworks = { "10.0.0.0/8", "10.0.0.1/33", "169.254.0.0/16", "fe80::/10", "host" },
            Proxy = "http://user:hidden-password@proxy:3128",
            ProxyUser = "a:b",
            NoProxy = { "*.example.com", "10.0.0.0/8", "a b" },
            CertificateAuthorities = "/nowhere/at/all.pem",
        };
        var result = new EgressOptionsValidator().Validate(null, options);
        Assert.Equal(
            [
                "Gateway:Egress:AllowedNetworks:1 is '10.0.0.1/33'; expected an address, or a network such as 10.20.0.0/16.",
                "Gateway:Egress:AllowedNetworks:2 is '169.254.0.0/16'; expected a network that may be opened: 169.254.0.0 is a link-local address, where clouds keep their metadata.",
                "Gateway:Egress:AllowedNetworks:3 is 'fe80::/10'; expected a network that may be opened: fe80:: is a link-local address.",
                "Gateway:Egress:AllowedNetworks:4 is 'host'; expected an address, or a network such as 10.20.0.0/16.",
                "Gateway:Egress:Proxy is not a proxy's URL such as http://proxy.internal:3128, without user, password and path.",
                "Gateway:Egress:ProxyUser holds a ':'; expected a name without one, because it ends the name in what is sent.",
                "Gateway:Egress:NoProxy:2 is 'a b'; expected a host's name, an address or a network.",
                "Gateway:Egress:CertificateAuthorities is '/nowhere/at/all.pem'; expected a PEM file with certificates, or a folder of such files: Could not find a part of the path '/nowhere/at/all.pem'.",
            ],
            result.Failures);
    }

    [Fact]
    public void Nothing_set_is_nothing_wrong() => Assert.True(new EgressOptionsValidator().Validate(null, new EgressOptions()).Succeeded);
}
