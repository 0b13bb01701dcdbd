using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>Registries that answer oddly, badly or not at all: what is made of it, in words.</summary>
public sealed class RegistryFaultTests
{
    private const string Password = "odd-Registry-0123456789";
    private const string Manifest = """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}""";
    private const string Type = "application/vnd.oci.image.manifest.v1+json";
    private const string Loopback = "Gateway:Egress:AllowLoopback=true";

    private static readonly string Digest = RegistryServer.DigestOf(Encoding.UTF8.GetBytes(Manifest));

    private static RequestDelegate Answer(int status, string body = "", string? type = null, params (string Name, string Value)[] headers) => async http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        foreach (var (name, value) in headers)
        {
            http.Response.Headers.Append(name, value);
        }

        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.WriteAsync(body);
        }
    };

    private static async Task<(string? Digest, RemoteFault? Fault)> AskAsync(TlsServer server, EgressWorld? world = null, string host = "127.0.0.1")
    {
        using var own = new EgressWorld(Loopback);
        var credentials = RegistryCredentials.TryRead($$$"""{"auths":{"{{{host}}}:{{{server.Port}}}":{"auth":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes("odd:" + Password))}}}"} } }""", out _);
        var (digest, fault) = await (world ?? own).Registries.FindDigestAsync(ImageReference.Parse($"{host}:{server.Port}/a/b:1")!, credentials, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Password, $"{fault} {string.Join('\n', (world ?? own).Logged.Lines)}", StringComparison.Ordinal);
        return (digest, fault);
    }

    private static async Task<string> FaultOf(RequestDelegate script, bool mayPass = false)
    {
        await using var server = await TlsServer.StartAsync(null, script);
        var (digest, fault) = await AskAsync(server);
        Assert.Null(digest);
        Assert.Equal(mayPass, fault!.MayPass);
        Assert.NotEmpty(fault.Remedy);
        return $"{fault.Stage} {fault.Cause}: {fault.Message}".Replace($"127.0.0.1:{server.Port}", "HOST", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_header_the_digest_is_that_of_the_body()
    {
        foreach (var script in new[] { Answer(200, Manifest, Type), http => Answer(HttpMethods.IsHead(http.Request.Method) ? 405 : 200, Manifest, Type)(http), Answer(200, Manifest, Type, ("Docker-Content-Digest", "nonsense")) })
        {
            await using var server = await TlsServer.StartAsync(null, script);
            Assert.Equal((Digest, null), await AskAsync(server));
            Assert.Equal([$"HEAD 127.0.0.1:{server.Port} /v2/a/b/manifests/1", $"GET 127.0.0.1:{server.Port} /v2/a/b/manifests/1"], server.Requests);
        }
    }

    [Fact]
    public async Task A_body_of_another_digest_than_the_header_says_is_not_taken()
    {
        var other = "sha256:" + new string('0', 64);
        Assert.Equal(
            $"manifest digest_mismatch: HOST names {other} for 'a/b:1' and sends a manifest of {Digest}",
            await FaultOf(http => Answer(HttpMethods.IsHead(http.Request.Method) ? 404 : 200, Manifest, Type, ("Docker-Content-Digest", other))(http)));
    }

    [Fact]
    public async Task What_is_no_manifest_is_said_to_be_none()
    {
        Assert.Equal("manifest no_manifest: what HOST sends for 'a/b:1' is no manifest of an image (text/html)", await FaultOf(Answer(200, "<html>Log in</html>", "text/html")));
        Assert.Equal(
            "manifest no_manifest: what HOST sends for 'a/b:1' is no manifest of an image (application/vnd.docker.distribution.manifest.v1+prettyjws)",
            await FaultOf(Answer(200, """{"schemaVersion":1,"fsLayers":[]}""", "application/vnd.docker.distribution.manifest.v1+prettyjws", ("Docker-Content-Digest", Digest))));
        Assert.Equal("manifest no_manifest: what HOST sends for 'a/b:1' is no manifest of an image (without a type)", await FaultOf(Answer(200, new string(' ', 5 << 20))));
        Assert.Equal("manifest not_found: HOST answers 404 for 'a/b:1', and not as registries do", await FaultOf(Answer(404, "nothing here", "text/plain")));
        Assert.Equal("manifest unexpected_answer: HOST answers 418 (without a type), and not as registries do", await FaultOf(Answer(418)));
        Assert.Equal("manifest access_denied: HOST refuses us (401) without saying what it wants", await FaultOf(Answer(401)));
    }

    [Fact]
    public async Task A_registry_that_wants_to_be_left_alone_says_for_how_long()
    {
        Assert.Equal("manifest rate_limited: HOST takes no more questions from us now (429), for 7 s", await FaultOf(Answer(429, "", null, ("Retry-After", "7")), mayPass: true));
        Assert.Equal("manifest rate_limited: HOST takes no more questions from us now (429)", await FaultOf(Answer(429), mayPass: true));
        await using var server = await TlsServer.StartAsync(null, Answer(429, "", null, ("Retry-After", TimeProvider.System.GetUtcNow().AddMinutes(10).ToString("r", System.Globalization.CultureInfo.InvariantCulture))));
        Assert.InRange((await AskAsync(server)).Fault!.RetryAfter!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Equal("manifest server_error: HOST failed (503)", await FaultOf(Answer(503), mayPass: true));
    }

    [Fact]
    public async Task A_redirection_is_followed_without_the_credential_and_never_to_where_nothing_goes()
    {
        await using var target = await TlsServer.StartAsync(null, async http =>
        {
            Assert.Equal("", http.Request.Headers.Authorization.ToString());
            await Answer(200, Manifest, Type, ("Docker-Content-Digest", Digest))(http);
        });
        await using var server = await TlsServer.StartAsync(null, http => http.Request.Headers.Authorization.Count == 0
            ? Answer(401, "", null, ("WWW-Authenticate", "Basic realm=\"x\""))(http)
            : Answer(307, "", null, ("Location", $"http://127.0.0.1:{target.Port}/elsewhere"))(http));
        Assert.Equal((Digest, null), await AskAsync(server));
        Assert.Equal([$"HEAD 127.0.0.1:{target.Port} /elsewhere"], target.Requests);

        Assert.Equal(
            "connection address_refused: HOST redirects to '169.254.169.254', which is not followed: 169.254.169.254 is a link-local address, where clouds keep their metadata",
            await FaultOf(Answer(302, "", null, ("Location", "http://169.254.169.254/latest/meta-data"))));
        Assert.Equal("connection redirected: HOST redirects more than 5 times", await FaultOf(Answer(302, "", null, ("Location", "/again"))));
    }

    [Theory]
    [InlineData("http://169.254.169.254/token", "token https_required: HOST sends us to '169.254.169.254' for a token, which is no https:// URL of a host")]
    [InlineData("https://169.254.169.254/token", "token address_refused: HOST sends us to '169.254.169.254' for a token: 169.254.169.254 is a link-local address, where clouds keep their metadata; expected the address of a model server")]
    [InlineData("http://auth.internal/token", "token https_required: HOST sends us to 'auth.internal' for a token, which is no https:// URL of a host")]
    [InlineData("ftp://auth.internal/token", "token https_required: HOST sends us to 'auth.internal' for a token, which is no https:// URL of a host")]
    [InlineData("nowhere", "token unexpected_answer: HOST names no address at which a token is to be had")]
    public async Task A_realm_is_under_the_same_rule(string realm, string expected) =>
        Assert.Equal(expected, await FaultOf(Answer(401, "", null, ("WWW-Authenticate", $"Bearer realm=\"{realm}\",service=\"x\""))));

    [Theory]
    [InlineData(200, "{}", "token unexpected_answer: HOST answers 200 (application/json), and not as registries do")]
    [InlineData(200, "{\"token\":\"a b\"}", "token unexpected_answer: HOST answers 200 (application/json), and not as registries do")]
    [InlineData(200, "[", "token unexpected_answer: HOST answers 200 (application/json), and not as registries do")]
    [InlineData(403, "{}", "token access_denied: HOST refuses user 'odd' for 'a/b', or has no such image")]
    public async Task A_token_server_that_gives_none_is_named(int status, string body, string expected)
    {
        await using var server = await TlsServer.StartAsync(null, http => http.Request.Path == "/token"
            ? Answer(status, body, "application/json")(http)
            : Answer(401, "", null, ("WWW-Authenticate", $"Bearer realm=\"http://{http.Request.Host}/token?a=b\",service=\"x y\",scope=\"repository:a/b:pull\""))(http));
        var fault = (await AskAsync(server)).Fault!;
        Assert.Equal(expected, $"{fault.Stage} {fault.Cause}: {fault.Message}".Replace($"127.0.0.1:{server.Port}", "HOST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_server_that_hangs_or_is_down_is_named_and_not_the_registry()
    {
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var realm = $"127.0.0.1:{((System.Net.IPEndPoint)silent.LocalEndpoint).Port}";
        await using var server = await TlsServer.StartAsync(null, Answer(401, "", null, ("WWW-Authenticate", $"Bearer realm=\"http://{realm}/token\"")));
        using var world = new EgressWorld(Loopback, "Registries:Timeout=00:00:04");
        var fault = (await AskAsync(server, world)).Fault!;
        Assert.Equal($"token timeout: 127.0.0.1:{server.Port} sends us to '{realm}' for a token: {realm} has not answered within 2 s", $"{fault.Stage} {fault.Cause}: {fault.Message}");
        silent.Stop();
        fault = (await AskAsync(server, world)).Fault!;
        Assert.Equal(("token", "connection_refused", true), (fault.Stage, fault.Cause, fault.MayPass));
    }

    [Fact]
    public async Task A_registry_that_cannot_be_reached_is_told_from_one_that_hangs()
    {
        using var world = new EgressWorld(Loopback, "Registries:Timeout=00:00:01");
        var closed = RegistryServer.FreePort();
        Assert.Equal($"connection_refused nothing listens at port {closed} of '127.0.0.1'", await Find($"127.0.0.1:{closed}/a"));
        Assert.Equal("name_not_found the name 'registry.internal' has no address", await Find("registry.internal/a"));

        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        Assert.Equal($"timeout 127.0.0.1:{port} has not answered within 1 s", await Find($"127.0.0.1:{port}/a"));

        var hangingUp = HangUpAsync();
        Assert.Equal($"connection_closed 127.0.0.1:{port} closed the connection without a whole answer in HTTP", await Find($"127.0.0.1:{port}/a"));
        silent.Stop();
        await hangingUp;

        async Task<string> Find(string image)
        {
            var (digest, fault) = await world.Registries.FindDigestAsync(ImageReference.Parse(image)!, null, TestContext.Current.CancellationToken);
            Assert.Null(digest);
            Assert.True(fault!.MayPass);
            return $"{fault.Cause} {fault.Message}";
        }

        async Task HangUpAsync()
        {
            try
            {
                while (true)
                {
                    (await silent.AcceptSocketAsync(TestContext.Current.CancellationToken)).Dispose();
                }
            }
            catch (SocketException)
            {
                // The listener is stopped.
            }
        }
    }

    [Fact]
    public async Task Inside_is_TLS_too_unless_the_operator_says_otherwise()
    {
        using var certificates = new Certificates();
        using var issued = certificates.Issue("registry.internal");
        await using var secure = await TlsServer.StartAsync(issued, Answer(200, Manifest, Type, ("Docker-Content-Digest", Digest)));
        await using var plain = await TlsServer.StartAsync(null, Answer(200, Manifest, Type, ("Docker-Content-Digest", Digest)));
        var authority = Path.GetTempFileName();
        await File.WriteAllTextAsync(authority, certificates.Pem, TestContext.Current.CancellationToken);
        using var trusting = World($"Gateway:Egress:CertificateAuthorities={authority}");
        Assert.Equal((Digest, null), await AskAsync(secure, trusting, "registry.internal"));

        using var usual = World();
        var fault = (await AskAsync(secure, usual, "registry.internal")).Fault!;
        Assert.Equal(
            ("unknown_issuer", "Name its authority in Registries:CaFile. Does the server send its intermediate certificates?"), (fault.Cause, fault.Remedy));
        fault = (await AskAsync(plain, usual, "registry.internal")).Fault!;
        Assert.Equal(("tls_failed", "Does the server speak TLS 1.2 or later at this port? If it is inside and speaks plain http, list it in Registries:PlainHttp."), (fault.Cause, fault.Remedy));

        using var told = World($"Registries:PlainHttp:0=registry.internal:{plain.Port}");
        Assert.Equal((Digest, null), await AskAsync(plain, told, "registry.internal"));
        using var whole = World("Registries:PlainHttp:0=Registry.internal");
        Assert.Equal((Digest, null), await AskAsync(plain, whole, "registry.internal"));
        File.Delete(authority);

        static EgressWorld World(params string[] settings)
        {
            var world = new EgressWorld([Loopback, .. settings]);
            world.Answer("registry.internal", "127.0.0.1");
            return world;
        }
    }

    [Theory]
    [InlineData("[]", "it has no object 'auths'; ")]
    [InlineData("{\"auths\":{\"a\":{\"auth\":\"!\"}}}", "auths has an entry without a credential; ")]
    [InlineData("{\"auths\":{\"a\":{\"auth\":\"c2VjcmV0\"}}}", "auths has an entry without a credential; ")]
    [InlineData("{\"auths\":{\"a\":{\"username\":\"u\"}}}", "auths has an entry without a credential; ")]
    [InlineData("secret", "it is no JSON; ")]
    public void A_file_of_credentials_that_is_none_is_said_to_be_none_without_showing_it(string text, string expected)
    {
        Assert.Null(RegistryCredentials.TryRead(text, out var fault));
        Assert.StartsWith(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://index.docker.io/v1/", "python")]
    [InlineData("docker.io", "docker.io/a/b")]
    [InlineData("ghcr.io/acme", "ghcr.io/acme/model:1")]
    public void A_credential_is_found_by_the_place_that_people_write(string place, string image)
    {
        var credentials = RegistryCredentials.TryRead($$$"""{"auths":{"{{{place}}}":{"username":"u","password":"p"},"quay.io":{"username":"other","password":"p"} } }""", out _)!;
        Assert.Equal("u", $"{credentials.For(ImageReference.Parse(image)!)}");
    }
}
