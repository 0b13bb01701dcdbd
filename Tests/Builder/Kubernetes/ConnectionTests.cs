using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.Builder.Kubernetes.Cluster;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>Kubeconfigs and a pod's files, each against a server with real TLS.</summary>
public sealed class ConnectionTests : IAsyncLifetime
{
    private readonly Certificates _authority = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-kubeconfig-").FullName;
    private readonly ManualTime _time = new();
    private FakeCluster _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await FakeCluster.StartAsync(_authority.Issue("127.0.0.1", "api.example.com"), client => client.Subject == "CN=ada");
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.crt"), _authority.Pem, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_pods_token_is_read_again_as_it_rotates_and_at_once_where_it_is_refused()
    {
        _cluster.Users["first"] = "u";
        await Write("token", "first\n");
        await Write("namespace", "orrery");
        var connection = InClusterConfiguration.Read(_time, name => name == "KUBERNETES_SERVICE_HOST" ? "127.0.0.1" : $"{_cluster.Address.Port}", _folder);
        Assert.Equal("orrery", connection.Namespace);
        using var client = Client(connection);
        await client.ListAsync(KubernetesResource.Nodes, null, Token);

        await Write("token", "second");
        _cluster.Users["second"] = "u";
        _cluster.Users.TryRemove("first", out _);
        await client.ListAsync(KubernetesResource.Nodes, null, Token);

        await Write("token", "third");
        _cluster.Users["third"] = "u";
        await client.ListAsync(KubernetesResource.Nodes, null, Token);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("third", (await connection.Credentials.GetAsync(Token))!.Parameter);

        _cluster.Users.Clear();
        _cluster.Users["none"] = "u";
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResource.Nodes, null, Token));
        Assert.Contains("does not know our credentials. Has the token expired", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("third", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_authority_that_is_named_is_believed()
    {
        using var other = new Certificates("Another authority");
        await Write("other.crt", other.Pem);
        await Write("config", Config("certificate-authority: other.crt", "token: t"));

        var error = await Assert.ThrowsAsync<KubernetesException>(() => AskAsync());

        Assert.Contains("TLS failed", error.Message, StringComparison.Ordinal);
        Assert.Contains("Does certificate-authority name the authority", error.Message, StringComparison.Ordinal);
        Assert.Contains("context 'c' of", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("certificate-authority: ca.crt", true)]
    [InlineData("insecure-skip-tls-verify: true", true)]
    [InlineData("certificate-authority: ca.crt\n    tls-server-name: api.example.com", true)]
    [InlineData("certificate-authority: ca.crt\n    tls-server-name: other.example.com", false)]
    [InlineData("proxy-url: ''", false)]
    public async Task The_server_is_held_to_be_who_the_cluster_says(string cluster, bool trusted)
    {
        await Write("config", Config(cluster, "token: t"));

        var failure = await Record.ExceptionAsync(() => AskAsync());

        Assert.Equal(trusted, failure is null);
    }

    [Fact]
    public async Task A_client_certificate_is_shown()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var own = new CertificateRequest("CN=ada", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await Write("ada.crt", own.ExportCertificatePem());
        await Write("ada.key", key.ExportECPrivateKeyPem());
        await Write("config", Config("certificate-authority: ca.crt", "client-certificate: ada.crt\n    client-key: ada.key"));
        var seen = "";
        _cluster.Roles = (user, _) => (seen = user).Length > 0;

        await AskAsync();

        Assert.Equal("ada", seen);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1beta1")]
    public async Task A_plug_in_is_run_once_until_its_credentials_expire_or_are_refused(string version)
    {
        await Write("plugin.sh", $$$"""
            #!/bin/sh
            echo run >>{{{_folder}}}/runs
            echo "$KUBERNETES_EXEC_INFO" >{{{_folder}}}/info
            printf '{"apiVersion":"client.authentication.k8s.io/{{{version}}}","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"2026-01-01T01:00:00Z"}}' "$1-$NAME"
            """);
        using (var chmod = System.Diagnostics.Process.Start("chmod", ["+x", Path.Combine(_folder, "plugin.sh")]))
        {
            await chmod.WaitForExitAsync(Token);
        }

        await Write("config", Config("certificate-authority: ca.crt", $$"""
            exec:
                  apiVersion: client.authentication.k8s.io/{{version}}
                  command: ./plugin.sh
                  args: [tok]
                  env: [{ name: NAME, value: en }]
                  interactiveMode: IfAvailable
                  provideClusterInfo: true
            """));
        _cluster.Users["tok-en"] = "u";
        using var client = Client(Read());

        await client.ListAsync(KubernetesResource.Nodes, null, Token);
        await client.ListAsync(KubernetesResource.Nodes, null, Token);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(_folder, "runs"), Token));
        Assert.Contains("\"certificate-authority-data\"", await File.ReadAllTextAsync(Path.Combine(_folder, "info"), Token), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(59.9));
        await client.ListAsync(KubernetesResource.Nodes, null, Token);
        Assert.Equal(2, (await File.ReadAllLinesAsync(Path.Combine(_folder, "runs"), Token)).Length);
    }

    [Theory]
    [InlineData("echo no browser >&2; exit 3", "ended with code 3: no browser")]
    [InlineData("echo secret-token", "did not print JSON")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{}}'""", "neither status.token nor")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"x"}}'""", "the kubeconfig says 'client.authentication.k8s.io/v1'")]
    public async Task A_plug_in_that_gives_nothing_says_why(string script, string says)
    {
        await Write("config", Config("certificate-authority: ca.crt", $"""
            exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: sh
                  args: [-c, {System.Text.Json.JsonSerializer.Serialize(script)}]
            """));

        var error = await Assert.ThrowsAsync<TargetException>(() => AskAsync());

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_files_the_first_that_says_something_has_its_say()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "a"));
        await Write("a/one", """
            current-context: second
            clusters: [{ name: k, cluster: { server: "https://one.example.com", certificate-authority: ../ca.crt } }]
            """);
        await Write("two", """
            { "current-context": "first",
              "clusters": [ { "name": "k", "cluster": { "server": "https://two.example.com" } } ],
              "contexts": [ { "name": "second", "context": { "cluster": "k", "user": "ada", "namespace": "n" } } ],
              "users": [ { "name": "ada", "user": { "username": "ada", "password": "pw", "as": "bob", "as-groups": ["g1", "g2"] } } ] }
            """);

        var connection = KubernetesConnection.Find(null, null, _time, name => name == "KUBECONFIG" ? $"{_folder}/none:{_folder}/a/one:{_folder}/two:" : null);

        Assert.Equal(("https://one.example.com/", "n"), (connection.Server.AbsoluteUri, connection.Namespace));
        Assert.Single(connection.Authorities!);
        Assert.Equal("Basic YWRhOnB3", (await connection.Credentials.GetAsync(Token))!.ToString());
        Assert.Equal(["Impersonate-User=bob", "Impersonate-Group=g1", "Impersonate-Group=g2"], connection.Credentials.Headers.Select(one => $"{one.Key}={one.Value}"));
        Assert.Equal($"context 'second' of {_folder}/two", connection.Source);
    }

    [Theory]
    [InlineData("clusters: 3", "current-context: expected the name of a context")]
    [InlineData("current-context: x", "there is no context 'x'; there are: (none)")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k } }]", "contexts[c].context.cluster: expected one of the clusters (none). Context 'c' names 'k'.")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k } }]\nclusters: [{ name: k, cluster: {} }]", "clusters[k].cluster.server: expected the API server's address")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k, user: u } }]\nclusters: [{ name: k, cluster: { server: a } }]", "contexts[c].context.user: expected one of the users (none)")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k } }]\nclusters: [{ name: k, cluster: { server: a, certificate-authority: no.crt } }]", "clusters[k].cluster.certificate-authority: expected a file that can be read")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k } }]\nclusters: [{ name: k, cluster: { server: a, certificate-authority-data: '!' } }]", "certificate-authority-data: expected base64")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k } }]\nclusters: [{ name: k, cluster: { server: a, insecure-skip-tls-verify: yes } }]", "insecure-skip-tls-verify: expected true or false")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k, user: u } }]\nclusters: [{ name: k, cluster: { server: a } }]\nusers: [{ name: u, user: { auth-provider: { name: gcp } } }]", "users[u].user.auth-provider: expected no auth-provider. Kubernetes removed it in 1.26")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k, user: u } }]\nclusters: [{ name: k, cluster: { server: a } }]\nusers: [{ name: u, user: { client-key-data: c2VjcmV0 } }]", "users[u].user.client-certificate: expected a certificate and its key")]
    [InlineData("current-context: c\ncontexts: [{ name: c, context: { cluster: k, user: u } }]\nclusters: [{ name: k, cluster: { server: a } }]\nusers: [{ name: u, user: { exec: { command: x, apiVersion: client.authentication.k8s.io/v1alpha1 } } }]", "users[u].user.exec.apiVersion: expected client.authentication.k8s.io/v1")]
    [InlineData("a: [", "no well-formed YAML")]
    [InlineData("- a", "is no kubeconfig")]
    public async Task What_is_wrong_is_named_with_file_and_field(string text, string says)
    {
        await Write("config", text);

        var error = Assert.Throws<TargetException>(() => Read());

        Assert.True(error.IsFinal);
        Assert.StartsWith($"{_folder}/config", error.Message, StringComparison.Ordinal);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_anything_to_go_by_it_says_what_there_could_be()
    {
        var error = Assert.Throws<TargetException>(() => KubernetesConnection.Find(null, null, _time, name => name == "HOME" ? _folder : null));

        Assert.Contains("KUBECONFIG is not set, this is no pod with a service account", error.Message, StringComparison.Ordinal);
    }

    private async Task AskAsync()
    {
        using var client = Client(Read());
        await client.ListAsync(KubernetesResource.Nodes, null, Token);
    }

    private KubernetesConnection Read() => KubernetesConnection.Find(Path.Combine(_folder, "config"), null, _time, _ => null);

    // Real time between attempts: the manual clock has no timers of its own.
    private static KubernetesClient Client(KubernetesConnection connection) => new(connection, TimeProvider.System, NullLogger<KubernetesClient>.Instance) { FirstPause = TimeSpan.FromMilliseconds(1) };

    private Task Write(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder, name), text, Token);

    private string Config(string cluster, string user) => $"""
        apiVersion: v1
        kind: Config
        current-context: c
        clusters:
        - name: k
          cluster:
            server: https://127.0.0.1:{_cluster.Address.Port}
            {cluster}
        contexts: [{"{ name: c, context: { cluster: k, user: u } }"}]
        users:
        - name: u
          user:
            {user}
        """;
}
