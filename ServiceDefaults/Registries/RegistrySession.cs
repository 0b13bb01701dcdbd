using System.Net;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>What is to be done with a repository.</summary>
public enum RegistryAccess
{
    Pull,
    Push,
}

/// <summary>One repository at one registry, and who we are there: whoever wants to know (401) is told, by a token of the server that it names, or by Basic.</summary>
internal sealed class RegistrySession
{
    private const string Token = "token";
    private const int LongestToken = 64 << 10;

    private readonly EgressClient _client;
    private readonly RegistryOptions _options;
    private readonly RegistryCredential? _credential;
    private readonly RegistryScopes _scopes;
    private readonly Uri _root;
    private volatile string? _authorization;

    /// <param name="image">With all written out.</param>
    public RegistrySession(EgressClient client, RegistryOptions options, ImageReference image, RegistryCredential? credential, RegistryAccess access)
    {
        (_client, _options, _credential) = (client, options, credential);
        var place = access == RegistryAccess.Pull && options.Mirrors.TryGetValue(image.Registry!, out var mirror) ? mirror.TrimEnd('/').Split('/', 2)
            : [image.Registry == "docker.io" ? "registry-1.docker.io" : image.Registry!];
        Server = place[0];
        Repository = place.Length == 2 ? $"{place[1]}/{image.Repository}" : image.Repository;
        _root = new Uri($"{(options.IsPlain(Server) ? "http" : "https")}://{Server}/v2/{Repository}/");
        _scopes = new RegistryScopes(Repository, access);
        Faults = new RegistryFaults(Server, Repository, credential, access);
    }

    /// <summary>Who is asked, which a mirror makes another than who is named.</summary>
    public string Server { get; }

    public string Repository { get; }

    public RegistryFaults Faults { get; }

    /// <param name="path">Below the repository: <c>manifests/1.2</c>.</param>
    public Uri UrlOf(string path) => new(_root, path);

    public async Task<EgressReply> AskAsync(EgressRequest asked, int longest, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(asked, cancellationToken);
        return await _client.ReadAsync(response, longest, cancellationToken);
    }

    public Task<EgressReply> ReadAsync(HttpResponseMessage response, int longest, CancellationToken cancellationToken) => _client.ReadAsync(response, longest, cancellationToken);

    /// <summary>Asks as whom the registry knows. A token that has ended is fetched anew, once for each question.</summary>
    public async Task<HttpResponseMessage> OpenAsync(EgressRequest asked, CancellationToken cancellationToken)
    {
        var sent = _authorization;
        var response = await _client.OpenAsync(Authorised(asked), cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || !IsHere(asked.Url))
        {
            return response;
        }

        var challenge = RegistryChallenge.Of(response.Headers.WwwAuthenticate);
        if (sent is not null && challenge?.Realm is null)
        {
            return response; // User and password are as wrong the second time.
        }

        response.Dispose();
        await AuthenticateAsync(challenge, cancellationToken);
        return await _client.OpenAsync(Authorised(asked), cancellationToken);
    }

    private EgressRequest Authorised(EgressRequest asked) => asked.With(IsHere(asked.Url) ? _authorization : null);

    /// <summary>An upload may go to another host: who we are is no business of that one.</summary>
    private bool IsHere(Uri url) => url.Scheme == _root.Scheme && url.Authority == _root.Authority;

    private async Task AuthenticateAsync(RegistryChallenge? challenge, CancellationToken cancellationToken)
    {
        if (challenge is null)
        {
            throw RegistryFaults.Failure(
                RegistryFaults.Manifest, RemoteCauses.AccessDenied, $"{Server} refuses us (401) without saying what it wants", "Is it a registry, and not a page to log in at?");
        }

        _authorization = challenge.Realm is null ? Basic() : "Bearer " + await FetchTokenAsync(challenge, cancellationToken);
    }

    private string Basic() => _credential is { } known
        ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.User}:{known.Password}"))
        : throw RegistryFaults.Failure(
            RegistryFaults.Manifest, RemoteCauses.AccessDenied, $"{Server} wants a user and a password, and none is set for it", RegistryFaults.CredentialRemedy);

    private async Task<string> FetchTokenAsync(RegistryChallenge challenge, CancellationToken cancellationToken)
    {
        if (challenge.Question(_scopes.With(challenge.Scope)) is not { } url)
        {
            throw RegistryFaults.Failure(
                Token, RemoteCauses.UnexpectedAnswer, $"{Server} names no address at which a token is to be had", "Look at the registry's auth settings: realm is a URL.");
        }

        if (url.Scheme != Uri.UriSchemeHttps && !_options.IsPlain(url.Authority))
        {
            throw RegistryFaults.Failure(
                Token, EgressCauses.HttpsRequired, $"{Server} sends us to '{url.Authority.Cut(253)}' for a token, which is no https:// URL of a host",
                "Let the registry's realm be an https:// URL, or list the host in Registries:PlainHttp if it is inside and yours.");
        }

        var authorization = _credential is null ? null : Basic();
        var (reply, fault) = await _client.TryAsync(
            url.Authority, _options.Timeout / 2, limit => _client.SendAsync(HttpMethod.Get, url, authorization, "application/json", LongestToken, limit), cancellationToken);
        if (reply is null)
        {
            throw new RemoteFailure(fault! with { Stage = Token, Message = $"{Server} sends us to '{url.Authority.Cut(253)}' for a token: {fault!.Message}" });
        }

        return reply.Status switch
        {
            200 when TokenIn(reply.Body) is { } token => token,
            401 or 403 => throw Faults.Denied(Token),
            429 => throw Faults.RateLimited(reply, Token),
            _ => throw RegistryFaults.Unexpected(reply, Token, url.Authority),
        };
    }

    private static string? TokenIn(byte[] body)
    {
        using var document = RegistryFaults.Parse(body);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root)
        {
            return null;
        }

        var token = ((string[])["token", "access_token"]).Select(name => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null).FirstOrDefault(value => value is not null);
        return token is { Length: > 0 } && token.All(sign => sign is > ' ' and <= '~') ? token : null;
    }
}

/// <summary>What a token has to be good for: what we want, and what the registry has asked for so far.</summary>
internal sealed class RegistryScopes
{
    private readonly Lock _lock = new();
    private readonly List<(string Subject, List<string> Actions)> _scopes = [];

    public RegistryScopes(string repository, RegistryAccess access) =>
        Add($"repository:{repository}:{(access == RegistryAccess.Push ? "pull,push" : "pull")}");

    /// <param name="asked">Scopes with blanks between them, as a challenge has them.</param>
    public IReadOnlyList<string> With(string? asked)
    {
        lock (_lock)
        {
            foreach (var scope in asked?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [])
            {
                Add(scope);
            }

            return [.. _scopes.Select(scope => scope.Actions.Count == 0 ? scope.Subject : $"{scope.Subject}:{string.Join(',', scope.Actions)}")];
        }
    }

    private void Add(string scope)
    {
        var colon = scope.LastIndexOf(':');
        var (subject, actions) = colon < 0 ? (scope, "") : (scope[..colon], scope[(colon + 1)..]);
        var known = _scopes.FirstOrDefault(known => known.Subject == subject).Actions;
        if (known is null)
        {
            _scopes.Add((subject, known = []));
        }

        known.AddRange(actions.Split(',', StringSplitOptions.RemoveEmptyEntries).Except(known).ToList());
    }
}
