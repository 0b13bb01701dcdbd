using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>A real registry of images (Debian's docker-registry) of one test, on this machine only; gone when the test is, however it ends.</summary>
/// <remarks>A shell holds the server and a pipe from us: when the pipe closes, because we say so or because we died, it ends the server.</remarks>
internal sealed class RegistryServer : IAsyncDisposable
{
    public const string User = "tests";
    public const string Password = "registry-Tests-0123456789";

    /// <summary>The user with the password, as htpasswd writes it with bcrypt.</summary>
    private const string UserFile = User + ":$2b$05$MHRNPwm4ZbG8A.wi3ZF2nOYHEIyP.l68ZovbLp9yuZ1TyGEISnoUC\n";

    private const string Script =
        """
        trap '' INT TERM HUP
        [ -z "$2" ] || mount -t tmpfs -o "size=$2" tmpfs "$1/images" || exit 1
        docker-registry serve "$1/config.yml" >"$1/log" 2>&1 & pid=$!
        read -r ended
        kill -KILL "$pid"; wait "$pid" 2>/dev/null
        [ -z "$2" ] || umount "$1/images"
        rm -rf "$1"
        """;

    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    private const string Index = "application/vnd.oci.image.index.v1+json";

    private readonly Process _shell;
    private readonly HttpClient _client;

    private RegistryServer(Process shell, int port, string storage, bool isSecure)
    {
        (_shell, Port, Storage) = (shell, port, storage);
        var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        _client = new HttpClient(handler) { BaseAddress = new Uri($"{(isSecure ? "https" : "http")}://{Address}/v2/") };
    }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Where images lie, so that another registry may serve them as well.</summary>
    public string Storage { get; }

    /// <param name="storage">Another registry's images; <c>null</c>: none yet.</param>
    /// <param name="auth">The section <c>auth</c> of its configuration; <c>htpasswd</c> alone: that of <see cref="User"/>.</param>
    /// <param name="certificate">For TLS; <c>null</c>: plain http.</param>
    /// <param name="disk">The size of its disk, such as <c>2m</c>; <c>null</c>: what there is.</param>
    /// <param name="deletes">Whether manifests may be deleted.</param>
    public static async Task<RegistryServer> StartAsync(string? storage = null, string? auth = null, X509Certificate2? certificate = null, string? disk = null, bool deletes = false, int? port = null)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/docker-registry"), "docker-registry is not installed.");
        var directory = Directory.CreateTempSubdirectory("orrery-registry-").FullName;
        port ??= FreePort();
        await File.WriteAllTextAsync(Path.Combine(directory, "users"), UserFile);
        if (certificate is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "certificate"), certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(Path.Combine(directory, "key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }

        await File.WriteAllTextAsync(
            Path.Combine(directory, "config.yml"),
            $$"""
              version: 0.1
              log: { accesslog: { disabled: true }, level: error }
              storage: { filesystem: { rootdirectory: {{storage ?? Path.Combine(directory, "images")}} }, delete: { enabled: {{(deletes ? "true" : "false")}} } }
              http: { addr: 127.0.0.1:{{port}}{{(certificate is null ? "" : $", tls: {{ certificate: {directory}/certificate, key: {directory}/key }}")}} }
              {{(auth == "htpasswd" ? $"auth: {{ htpasswd: {{ realm: tests, path: {directory}/users }} }}" : auth is null ? "" : "auth: " + auth)}}
              """);
        Directory.CreateDirectory(Path.Combine(directory, "images"));
        string[] script = ["sh", "-c", Script, "sh", directory, disk ?? ""];
        var shell = Process.Start(new ProcessStartInfo(disk is null ? "sh" : "unshare", disk is null ? script[1..] : ["-m", .. script]) { RedirectStandardInput = true })!;
        var server = new RegistryServer(shell, port.Value, storage ?? Path.Combine(directory, "images"), certificate is not null);
        await Eventually.Holds(() => server._client.GetAsync(""), answer => answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Unauthorized);
        return server;
    }

    /// <summary>Pushes an image that holds <paramref name="content"/>, and gives its digest, which is reckoned here.</summary>
    public async Task<string> PushAsync(string repository, string tag, string content)
    {
        var config = await PushBlobAsync(repository, "{}");
        var layer = await PushBlobAsync(repository, content);
        return await PushManifestAsync(
            repository, tag, Manifest,
            $$"""
              {"schemaVersion":2,"mediaType":"{{Manifest}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{config.Digest}}","size":{{config.Size}}},
              "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{layer.Digest}}","size":{{layer.Size}}}]}
              """);
    }

    /// <summary>Pushes a list with the image of this digest for one platform.</summary>
    public Task<string> PushIndexAsync(string repository, string tag, string digest) => PushManifestAsync(
        repository, tag, Index,
        $$"""{"schemaVersion":2,"mediaType":"{{Index}}","manifests":[{"mediaType":"{{Manifest}}","digest":"{{digest}}","size":1,"platform":{"architecture":"amd64","os":"linux"} }]}""");

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
    }

    public static string DigestOf(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<(string Digest, int Size)> PushBlobAsync(string repository, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var digest = DigestOf(bytes);
        using var begun = await _client.PostAsync($"{repository}/blobs/uploads/", null);
        var place = new Uri(_client.BaseAddress!, begun.EnsureSuccessStatusCode().Headers.Location!);
        using var pushed = await _client.PutAsync(new UriBuilder(place) { Query = $"{place.Query.TrimStart('?')}&digest={Uri.EscapeDataString(digest)}" }.Uri, new ByteArrayContent(bytes));
        pushed.EnsureSuccessStatusCode();
        return (digest, bytes.Length);
    }

    private async Task<string> PushManifestAsync(string repository, string tag, string type, string manifest)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(manifest)) { Headers = { { "Content-Type", type } } };
        using var pushed = await _client.PutAsync($"{repository}/manifests/{tag}", content);
        pushed.EnsureSuccessStatusCode();
        return DigestOf(Encoding.UTF8.GetBytes(manifest));
    }
}
