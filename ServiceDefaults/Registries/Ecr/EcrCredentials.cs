using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries.Ecr;

/// <summary>The section <c>Registries:Ecr</c>.</summary>
public sealed class EcrOptions
{
    /// <summary>Where ECR's API is asked; default: that of the registry's region. For an endpoint of one's own network.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Where roles are taken on; default: STS of the registry's region.</summary>
    public string? StsEndpoint { get; set; }
}

/// <summary>
/// User and password of Amazon ECR, which last 12 hours: fetched where they are asked for, shared by all who ask at once, and fetched anew well before they end.
/// They are this service's own, with all its rights: whoever asks on behalf of others has to know that.
/// </summary>
public sealed class EcrCredentials
{
    private const string Stage = "token";
    private const string Target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    private const string ContentType = "application/x-amz-json-1.1";
    private const int LongestAnswer = 64 << 10;

    /// <summary>So long before its end a password is fetched anew; at the latest after half of its time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromHours(2);

    private readonly EgressClient _client;
    private readonly RegistryOptions _options;
    private readonly AwsKeySource _keys;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<Uri, Password> _passwords = [];
    private readonly Dictionary<Uri, Task<Password>> _underWay = [];

    public EcrCredentials(RegistryEgress egress, IOptions<RegistryOptions> options, TimeProvider time)
        : this(egress, options, time, Environment.GetEnvironmentVariable)
    {
    }

    internal EcrCredentials(RegistryEgress egress, IOptions<RegistryOptions> options, TimeProvider time, Func<string, string?> variable) =>
        (_client, _options, _keys, _time) = (egress.Client, options.Value, new AwsKeySource(egress.Client, options.Value.Ecr, variable), time);

    /// <returns><c>null</c>: the image is not in ECR, or there is nobody that we are at AWS.</returns>
    /// <exception cref="RemoteFailure">AWS gives none.</exception>
    public async Task<RegistryCredential?> FindAsync(ImageReference image, CancellationToken cancellationToken)
    {
        if (EcrPlace.Of(image.Registry) is not { } place || !_keys.HasAny)
        {
            return null;
        }

        Password? known;
        Task<Password> fetched;
        lock (_lock)
        {
            known = _passwords.GetValueOrDefault(place.Api);
            if (known is not null && _time.GetUtcNow() < known.RenewAt)
            {
                return known.Credential;
            }

            if (!_underWay.TryGetValue(place.Api, out fetched!))
            {
                _underWay[place.Api] = fetched = FetchAsync(place);
            }
        }

        try
        {
            return (await fetched.WaitAsync(cancellationToken)).Credential;
        }
        catch (RemoteFailure) when (known is not null && _time.GetUtcNow() < known.ExpiresAt)
        {
            return known.Credential; // It is good for a while yet.
        }
    }

    /// <summary>For all who wait: none of them can call it off, and it ends by itself.</summary>
    private async Task<Password> FetchAsync(EcrPlace place)
    {
        await Task.Yield(); // Not under the lock.
        try
        {
            var api = _options.Ecr.Endpoint is { Length: > 0 } url ? new Uri(url) : place.Api;
            var password = await _client.RunAsync(api.Authority, _options.Timeout, limit => AskAsync(api, place, limit), CancellationToken.None);
            lock (_lock)
            {
                return _passwords[place.Api] = password;
            }
        }
        finally
        {
            lock (_lock)
            {
                _underWay.Remove(place.Api);
            }
        }
    }

    private async Task<Password> AskAsync(Uri api, EcrPlace place, CancellationToken cancellationToken)
    {
        var keys = await _keys.FindAsync(place, cancellationToken);
        var body = "{}"u8.ToArray();
        var now = _time.GetUtcNow();
        var (authorization, headers) = AwsSignature.Sign(
            HttpMethod.Post, api, [new("Content-Type", ContentType), new("X-Amz-Target", Target)], body, keys, place.Region, "ecr", now);
        var asked = new EgressRequest(HttpMethod.Post, api)
        {
            Authorization = authorization,
            Headers = [.. headers.Where(header => header.Key != "Content-Type")],
            Content = () => new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(ContentType) } },
        };
        var reply = await _client.SendAsync(asked, LongestAnswer, cancellationToken);
        return reply.Status switch
        {
            200 => PasswordIn(reply.Body, now) ?? throw RegistryFaults.Unexpected(reply, Stage, api.Authority),
            >= 500 => throw RegistryFaults.Unexpected(reply, Stage, api.Authority),
            _ => throw RegistryFaults.Failure(
                Stage, RemoteCauses.AccessDenied, $"{api.Authority} gives '{keys}' no password for ECR ({AwsError.Shown(reply.Status, TypeIn(reply.Body))})",
                "Are the keys right and this machine's clock, and may they ecr:GetAuthorizationToken?"),
        };
    }

    private static Password? PasswordIn(byte[] body, DateTimeOffset now)
    {
        using var document = RegistryFaults.Parse(body);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("authorizationData", out var list)
            || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0 || list[0] is not { ValueKind: JsonValueKind.Object } first
            || !first.TryGetProperty("authorizationToken", out var token) || token.ValueKind != JsonValueKind.String || !token.TryGetBytesFromBase64(out var both)
            || !first.TryGetProperty("expiresAt", out var end) || end.ValueKind != JsonValueKind.Number || !end.TryGetDouble(out var seconds) || seconds is not (> 0 and < 100_000_000_000)
            || Encoding.UTF8.GetString(both).Split(':', 2) is not [{ Length: > 0 } user, { Length: > 0 } password])
        {
            return null;
        }

        var expires = DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000));
        var early = TimeSpan.FromTicks(Math.Min(Early.Ticks, Math.Max(0, (expires - now).Ticks) / 2));
        return new Password(new RegistryCredential(user, password), expires - early, expires);
    }

    private static string? TypeIn(byte[] body)
    {
        using var document = RegistryFaults.Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("__type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
    }

    private sealed record Password(RegistryCredential Credential, DateTimeOffset RenewAt, DateTimeOffset ExpiresAt);
}
