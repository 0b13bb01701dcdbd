using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;
using Orrery.ServiceDefaults.Registries.Ecr;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>Passwords of Amazon ECR from an endpoint on this machine that answers in AWS's forms: no AWS was asked.</summary>
public sealed class EcrCredentialsTests : IAsyncLifetime
{
    private const string Image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/image";
    private const string Secret = "wJalrXUtnFEMI-secret-of-tests";

    private readonly EgressWorld _world = new("Gateway:Egress:AllowLoopback=true");
    private readonly ManualTime _time = new();
    private readonly Dictionary<string, string?> _variables = new() { ["AWS_ACCESS_KEY_ID"] = "AKIDTESTS", ["AWS_SECRET_ACCESS_KEY"] = Secret };
    private readonly List<string> _asked = [];
    private TlsServer _aws = null!;
    private TaskCompletionSource _open = new();
    private Func<HttpContext, string, Task>? _answer;
    private int _passwords;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _open.SetResult();
        _aws = await TlsServer.StartAsync(null, async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync();
            lock (_asked)
            {
                _asked.Add($"{http.Request.Method} {http.Request.Path} {http.Request.ContentType} {http.Request.Headers["X-Amz-Target"]} {http.Request.Headers["X-Amz-Date"]} {http.Request.Headers["X-Amz-Security-Token"]} {http.Request.Headers.Authorization} {body}");
            }

            await _open.Task;
            await (_answer?.Invoke(http, body) ?? AnswerAsync(http));
        });
    }

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_asked, asked => asked.Contains(Secret, StringComparison.Ordinal));
        _world.Dispose();
        await _aws.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/x-amz-json-1.1";
        var token = Convert.ToBase64String(Encoding.UTF8.GetBytes($"AWS:password-{Interlocked.Increment(ref _passwords)}"));
        return http.Response.WriteAsync(
            $$"""{"authorizationData":[{"authorizationToken":"{{token}}","expiresAt":{{_time.GetUtcNow().AddHours(12).ToUnixTimeSeconds()}}.5,"proxyEndpoint":"https://123456789012.dkr.ecr.eu-central-1.amazonaws.com"}]}""");
    }

    private EcrCredentials Credentials()
    {
        var options = new RegistryOptions { Ecr = { Endpoint = $"http://127.0.0.1:{_aws.Port}/", StsEndpoint = $"http://127.0.0.1:{_aws.Port}/sts" } };
        return new EcrCredentials(_world.Egress, Options.Create(options), _time, _variables.GetValueOrDefault);
    }

    private static async Task<string?> PasswordOf(EcrCredentials credentials, string image = Image) => (await credentials.FindAsync(ImageReference.Parse(image)!, Cancelled))?.Password;

    private static async Task<string> FaultOf(EcrCredentials credentials)
    {
        var fault = (await Assert.ThrowsAsync<RemoteFailure>(() => PasswordOf(credentials))).Fault;
        Assert.DoesNotContain(Secret, $"{fault}", StringComparison.Ordinal);
        return System.Text.RegularExpressions.Regex.Replace($"{fault.Stage} {fault.Cause}: {fault.Message}", "127.0.0.1:[0-9]+", "HOST");
    }

    [Fact]
    public async Task A_password_is_asked_for_as_AWS_wants_it_and_kept_until_well_before_its_end()
    {
        var credentials = Credentials();
        var found = await credentials.FindAsync(ImageReference.Parse(Image)!, Cancelled);
        Assert.Equal(("AWS", "password-1"), (found!.User, found.Password));
        Assert.Matches(
            "^POST / application/x-amz-json-1.1 AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken 20260101T000000Z  AWS4-HMAC-SHA256 Credential=AKIDTESTS/20260101/eu-central-1/ecr/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64} {}$",
            Assert.Single(_asked));
        _time.Advance(TimeSpan.FromHours(9.9));
        Assert.Equal("password-1", await PasswordOf(credentials));
        _time.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal("password-2", await PasswordOf(credentials));

        // What cannot be renewed is good until it ends.
        _answer = (http, _) =>
        {
            http.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        _time.Advance(TimeSpan.FromHours(11));
        Assert.Equal("password-2", await PasswordOf(credentials));
        _time.Advance(TimeSpan.FromHours(1.1));
        Assert.Equal("token server_error: HOST failed (503)", await FaultOf(credentials));
        _answer = null;
        Assert.Equal("password-3", await PasswordOf(credentials));
    }

    [Fact]
    public async Task Who_asks_at_once_shares_one_question_and_may_leave()
    {
        _open = new TaskCompletionSource();
        var credentials = Credentials();
        using var leaving = new CancellationTokenSource();
        var left = credentials.FindAsync(ImageReference.Parse(Image)!, leaving.Token);
        var waiting = Enumerable.Range(0, 20).Select(_ => PasswordOf(credentials)).ToList();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        _open.SetResult();
        Assert.All(await Task.WhenAll(waiting), password => Assert.Equal("password-1", password));
        Assert.Single(_asked);
    }

    [Fact]
    public async Task A_session_and_a_role_of_a_service_account_are_taken()
    {
        _variables["AWS_SESSION_TOKEN"] = "session/token==";
        Assert.Equal("password-1", await PasswordOf(Credentials()));
        Assert.Contains(" session/token== AWS4-HMAC-SHA256 Credential=AKIDTESTS/", Assert.Single(_asked), StringComparison.Ordinal);
        Assert.Contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,", _asked[0], StringComparison.Ordinal);

        _asked.Clear();
        _variables.Clear();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "ey.J+/=\n", Cancelled);
        (_variables["AWS_ROLE_ARN"], _variables["AWS_WEB_IDENTITY_TOKEN_FILE"]) = ("arn:aws:iam::123456789012:role/builder", file);
        _answer = (http, _) => http.Request.Path == "/sts"
            ? http.Response.WriteAsync(
                $"""
                 <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
                 <SessionToken>assumed</SessionToken><SecretAccessKey>{Secret}</SecretAccessKey><Expiration>2026-01-01T01:00:00Z</Expiration><AccessKeyId>ASIAROLE</AccessKeyId>
                 </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
                 """)
            : AnswerAsync(http);
        Assert.Equal("password-2", await PasswordOf(Credentials()));
        Assert.Equal(
            "POST /sts application/x-www-form-urlencoded; charset=us-ascii     Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fbuilder&RoleSessionName=orrery&WebIdentityToken=ey.J%2B%2F%3D",
            _asked[0]);
        Assert.Contains(" assumed AWS4-HMAC-SHA256 Credential=ASIAROLE/", _asked[1], StringComparison.Ordinal);

        _answer = (http, _) =>
        {
            http.Response.StatusCode = 403;
            return http.Response.WriteAsync("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>secret words</Message></Error></ErrorResponse>");
        };
        Assert.Equal("token access_denied: HOST does not let us take on the role of AWS_ROLE_ARN (403 AccessDenied)", await FaultOf(Credentials()));
        File.Delete(file);
        Assert.Equal($"token credential_invalid: the file of AWS_WEB_IDENTITY_TOKEN_FILE, '{file}', cannot be read as a token", await FaultOf(Credentials()));
    }

    [Fact]
    public async Task What_AWS_refuses_or_garbles_is_told_and_asked_for_again_the_next_time()
    {
        var credentials = Credentials();
        foreach (var (status, body, expected) in new[]
        {
            (400, """{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"words"}""", "token access_denied: HOST gives 'AKIDTESTS' no password for ECR (400 UnrecognizedClientException)"),
            (403, "<html>", "token access_denied: HOST gives 'AKIDTESTS' no password for ECR (403)"),
            (200, "{}", "token unexpected_answer: HOST answers 200 (without a type), and not as registries do"),
            (200, """{"authorizationData":[{"authorizationToken":"!","expiresAt":1}]}""", "token unexpected_answer: HOST answers 200 (without a type), and not as registries do"),
        })
        {
            _answer = (http, _) =>
            {
                http.Response.StatusCode = status;
                return http.Response.WriteAsync(body);
            };
            Assert.Equal(expected, await FaultOf(credentials));
        }

        _answer = null;
        Assert.Equal("password-1", await PasswordOf(credentials));
    }

    [Theory]
    [InlineData("public.ecr.aws/team/image")]
    [InlineData("team/image")]
    [InlineData("123456789012.dkr.ecr.eu-central-1.amazonaws.com.example.com/x")]
    [InlineData("123456789012.dkr.ecr.evil.example.com/x")]
    public async Task Other_registries_get_nothing(string image)
    {
        Assert.Null(await PasswordOf(Credentials(), image));
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Without_keys_nobody_is_asked()
    {
        _variables.Remove("AWS_SECRET_ACCESS_KEY");
        Assert.Null(await PasswordOf(Credentials()));
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "https://api.ecr.us-gov-west-1.amazonaws.com/", "https://sts.us-gov-west-1.amazonaws.com/")]
    [InlineData("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "https://api.ecr.cn-north-1.amazonaws.com.cn/", "https://sts.cn-north-1.amazonaws.com.cn/")]
    [InlineData("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "https://ecr-fips.us-east-1.amazonaws.com/", "https://sts.us-east-1.amazonaws.com/")]
    public void The_registrys_host_says_where_it_is_at_home(string registry, string api, string sts)
    {
        var place = EcrPlace.Of(registry)!;
        Assert.Equal((api, sts), (place.Api.AbsoluteUri, place.Sts.AbsoluteUri));
    }
}
