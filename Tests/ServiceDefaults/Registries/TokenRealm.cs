using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>
/// A token server for a real registry: it answers as distribution's token specification says (<c>docs/spec/auth/token.md</c> and <c>jwt.md</c> of
/// distribution/distribution v2.8.2), with tokens that the registry verifies.
/// </summary>
internal sealed class TokenRealm : IAsyncDisposable
{
    private const string Issuer = "tests";
    private const string Service = "registry.tests";

    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _certificate;
    private readonly string _file = Path.GetTempFileName();
    private readonly bool _isOpen;
    private TlsServer _server = null!;

    private TokenRealm(bool isOpen)
    {
        var now = TimeProvider.System.GetUtcNow();
        _isOpen = isOpen;
        _certificate = new CertificateRequest("CN=tokens", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(_file, _certificate.ExportCertificatePem());
    }

    /// <summary>What was asked: the query, and who asked.</summary>
    public List<string> Questions { get; } = [];

    public bool LastsNoLongerThanASecond { get; set; }

    /// <summary>The section <c>auth</c> of a registry that trusts it.</summary>
    public string Auth => $"{{ token: {{ realm: 'http://127.0.0.1:{_server.Port}/token', service: {Service}, issuer: {Issuer}, rootcertbundle: {_file} }} }}";

    /// <param name="isOpen">Whether anybody may pull; else <see cref="RegistryServer.User"/> alone.</param>
    public static async Task<TokenRealm> StartAsync(bool isOpen)
    {
        var realm = new TokenRealm(isOpen);
        realm._server = await TlsServer.StartAsync(null, realm.AnswerAsync);
        return realm;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
        _key.Dispose();
        File.Delete(_file);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var who = http.Request.Headers.Authorization.ToString();
        var isKnown = who == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{RegistryServer.User}:{RegistryServer.Password}"));
        lock (Questions)
        {
            Questions.Add($"{http.Request.Query["service"]} {http.Request.Query["scope"]} {(who.Length == 0 ? "nobody" : isKnown ? RegistryServer.User : "stranger")}");
        }

        if (!isKnown && (who.Length > 0 || !_isOpen))
        {
            http.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
            return;
        }

        await http.Response.WriteAsJsonAsync(new { token = Token([.. http.Request.Query["scope"].Select(scope => scope!.Split(':'))]) });
    }

    private string Token(string[][] scopes)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var header = Part(new { typ = "JWT", alg = "RS256", x5c = new[] { Convert.ToBase64String(_certificate.RawData) } });
        var claims = Part(new
        {
            iss = Issuer,
            sub = "",
            aud = Service,
            exp = now + (LastsNoLongerThanASecond ? -59 : 60), // The registry grants a minute more.
            nbf = now - 60,
            iat = now,
            jti = "1",
            access = scopes.Select(scope => new { type = scope[0], name = scope[1], actions = scope[2].Split(',') }),
        });
        return $"{header}.{claims}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Part<T>(T value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
