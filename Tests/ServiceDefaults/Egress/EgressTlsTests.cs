using System.Net.Sockets;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Egress;

/// <summary>Real certificates on real servers.</summary>
public sealed class EgressTlsTests : IDisposable
{
    private const string Loopback = "Gateway:Egress:AllowLoopback=true";
    private readonly Certificates _certificates = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;

    public void Dispose()
    {
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private EgressRoute Trusting => new(null, _certificates.Pem, null);

    [Fact]
    public async Task An_authority_of_ones_own_is_trusted_where_a_provider_names_it_and_nowhere_else()
    {
        using var certificate = _certificates.Issue("127.0.0.1");
        await using var server = await TlsServer.StartAsync(certificate);
        using var world = new EgressWorld(Loopback);
        var url = $"https://127.0.0.1:{server.Port}/";
        Assert.Equal("hello", await world.GetAsync(url, Trusting));
        var fault = await world.FaultOfAsync(url);
        Assert.Equal((EgressCauses.UnknownIssuer, "the certificate of '127.0.0.1' is issued by 'Tests' own authority', which is not known"), (fault.Cause, fault.Message));

        using var other = new Certificates("Another one");
        Assert.Equal(EgressCauses.UnknownIssuer, (await world.FaultOfAsync(url, new EgressRoute(null, other.Pem, null))).Cause);
        Assert.Single(server.Requests);
        Assert.Contains(world.Logged.Lines, line => line.StartsWith("No connection to 127.0.0.1 (unknown_issuer): the certificate of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Authorities_may_come_from_a_file_or_a_folder_for_all_providers()
    {
        using var certificate = _certificates.Issue("127.0.0.1");
        await using var server = await TlsServer.StartAsync(certificate);
        await File.WriteAllTextAsync(Path.Combine(_folder, "own.pem"), _certificates.Pem);
        await File.WriteAllTextAsync(Path.Combine(_folder, "README"), "not read");
        foreach (var path in new[] { _folder, Path.Combine(_folder, "own.pem") })
        {
            using var world = new EgressWorld(Loopback, "Gateway:Egress:CertificateAuthorities=" + path);
            Assert.Equal("hello", await world.GetAsync($"https://127.0.0.1:{server.Port}/"));
        }
    }

    [Fact]
    public async Task An_expired_certificate_is_named()
    {
        using var certificate = _certificates.IssueExpired("127.0.0.1");
        await using var server = await TlsServer.StartAsync(certificate);
        using var world = new EgressWorld(Loopback);
        var fault = await world.FaultOfAsync($"https://127.0.0.1:{server.Port}/", Trusting);
        Assert.Equal((EgressCauses.CertificateExpired, "its certificate is not valid now"), (fault.Cause, fault.Shown));
        Assert.Contains($"to {certificate.NotAfter.ToUniversalTime():u}", fault.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused_unless_the_provider_names_it()
    {
        using var certificate = _certificates.Issue("vllm.example", "other.example");
        await using var server = await TlsServer.StartAsync(certificate);
        using var world = new EgressWorld(Loopback);
        var url = $"https://127.0.0.1:{server.Port}/";
        var fault = await world.FaultOfAsync(url, Trusting);
        Assert.Equal((EgressCauses.NameMismatch, "the certificate is not for '127.0.0.1' but for vllm.example, other.example"), (fault.Cause, fault.Message));

        Assert.Equal("hello", await world.GetAsync(url, Trusting with { ServerName = "vllm.example" }));
        Assert.Contains("vllm.example", server.Names);
        Assert.Equal(EgressCauses.NameMismatch, (await world.FaultOfAsync(url, Trusting with { ServerName = "wrong.example" })).Cause);

        // One's own authority does not excuse the name, nor the right name the authority.
        Assert.Equal(EgressCauses.UnknownIssuer, (await world.FaultOfAsync(url, new EgressRoute(null, null, "vllm.example"))).Cause);
    }

    [Fact]
    public async Task A_server_without_TLS_is_told_apart()
    {
        await using var server = await TlsServer.StartAsync(null);
        using var world = new EgressWorld(Loopback);
        Assert.Equal(EgressCauses.TlsFailed, (await world.FaultOfAsync($"https://127.0.0.1:{server.Port}/")).Cause);
    }

    [Fact]
    public async Task A_server_that_never_finishes_TLS_is_given_up_in_time()
    {
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var world = new EgressWorld(Loopback);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var dialer = world.Dialers.For(EgressRoute.Default);
        var host = EgressHost.Of("127.0.0.1");
        var stream = await dialer.ReachAsync(host, ((System.Net.IPEndPoint)silent.LocalEndpoint).Port, isHttps: true, CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialer.SecureAsync(stream, host, limit.Token));
    }
}
