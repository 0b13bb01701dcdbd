using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>One question to one registry.</summary>
internal sealed class RegistryConversation
{
    private const string Manifest = "manifest";
    private const string Token = "token";

    /// <summary>The specification's bound of a manifest.</summary>
    private const int LongestManifest = 4 << 20;

    private const int LongestToken = 64 << 10;
    private const string DigestHeader = "Docker-Content-Digest";
    private const string CredentialRemedy = "Set a credential for this registry.";

    private readonly EgressClient _client;
    private readonly RegistryOptions _options;
    private readonly ImageReference _image;
    private readonly RegistryCredential? _credential;
    private readonly string _repository;
    private readonly Uri _url;
    private string? _authorization;

    /// <param name="image">With all written out.</param>
    public RegistryConversation(EgressClient client, RegistryOptions options, ImageReference image, RegistryCredential? credential)
    {
        (_client, _options, _image, _credential) = (client, options, image, credential);
        var place = options.Mirrors.TryGetValue(image.Registry!, out var mirror) ? mirror.TrimEnd('/').Split('/', 2)
            : [image.Registry == "docker.io" ? "registry-1.docker.io" : image.Registry!];
        Server = place[0];
        _repository = place.Length == 2 ? $"{place[1]}/{image.Repository}" : image.Repository;
        _url = new Uri($"{(options.IsPlain(Server) ? "http" : "https")}://{Server}/v2/{_repository}/manifests/{image.Tag}");
    }

    /// <summary>Who is asked, which a mirror makes another than who is named.</summary>
    public string Server { get; }

    public async Task<string> FindDigestAsync(CancellationToken cancellationToken)
    {
        var head = await AskAsync(HttpMethod.Head, _url, cancellationToken);
        if (head.Status == 200 && IsManifest(head.ContentType) && DigestOf(head) is { } named)
        {
            return named;
        }

        if (head.Status == 429)
        {
            throw RateLimited(head);
        }

        var reply = await AskAsync(HttpMethod.Get, _url, cancellationToken);
        return reply.Status == 404 && IsRegistrysError(reply.Body) ? throw await UnknownAsync(cancellationToken) : Derive(reply);
    }

    /// <summary>A missing repository's manifest is as unknown as a missing tag's: the list of tags tells them apart.</summary>
    private async Task<RemoteFailure> UnknownAsync(CancellationToken cancellationToken)
    {
        var tags = await AskAsync(HttpMethod.Get, new Uri(_url, "../tags/list?n=1"), cancellationToken);
        return tags.Status == 404
            ? Failure(Manifest, RegistryCauses.UnknownImage, $"{Server} has no image '{_repository}'", "Is the name right, and was it pushed there?")
            : Failure(Manifest, RegistryCauses.UnknownTag, $"{Server} has no '{_image.Tag}' of '{_repository}'", "Is the tag right, and was it deleted since?");
    }

    private async Task<EgressReply> AskAsync(HttpMethod method, Uri url, CancellationToken cancellationToken)
    {
        var reply = await SendAsync();
        if (reply.Status != 401 || _authorization is not null)
        {
            return reply;
        }

        var challenge = RegistryChallenge.Of(reply.Headers.WwwAuthenticate)
            ?? throw Failure(Manifest, RemoteCauses.AccessDenied, $"{Server} refuses us (401) without saying what it wants", "Is it a registry, and not a page to log in at?");
        _authorization = challenge.Realm is null ? Basic() : "Bearer " + await FetchTokenAsync(challenge, cancellationToken);
        return await SendAsync();

        Task<EgressReply> SendAsync() => _client.SendAsync(method, url, _authorization, RegistryReader.Accepted, LongestManifest + 1, cancellationToken);
    }

    private string Basic() => _credential is { } known
        ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.User}:{known.Password}"))
        : throw Failure(Manifest, RemoteCauses.AccessDenied, $"{Server} wants a user and a password, and none is set for it", CredentialRemedy);

    private async Task<string> FetchTokenAsync(RegistryChallenge challenge, CancellationToken cancellationToken)
    {
        if (challenge.Question(_repository) is not { } url)
        {
            throw Failure(Token, RemoteCauses.UnexpectedAnswer, $"{Server} names no address at which a token is to be had", "Look at the registry's auth settings: realm is a URL.");
        }

        if (url.Scheme != Uri.UriSchemeHttps && !_options.IsPlain(url.Authority))
        {
            throw Failure(
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
            401 or 403 => throw Denied(Token),
            429 => throw RateLimited(reply, Token),
            _ => throw Unexpected(reply, Token, url.Authority),
        };
    }

    private string Derive(EgressReply reply)
    {
        switch (reply.Status)
        {
            case 200 when reply.Body.Length <= LongestManifest && HasManifest(reply.Body):
                var derived = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(reply.Body));
                return DigestOf(reply) is { } named && named.StartsWith("sha256:", StringComparison.Ordinal) && named != derived
                    ? throw Failure(Manifest, RegistryCauses.DigestMismatch, $"{Server} names {named} for '{Shown}' and sends a manifest of {derived}", "Does something on the way change answers? Nothing was taken.")
                    : derived;
            case 200:
                throw Failure(
                    Manifest, RegistryCauses.NoManifest, $"what {Server} sends for '{Shown}' is no manifest of an image ({Type(reply)})",
                    "Is it a registry of images in OCI's or Docker's second format, and no web page?");
            case 401 or 403:
                throw Denied(Manifest);
            case 404:
                throw Failure(Manifest, RemoteCauses.NotFound, $"{Server} answers 404 for '{Shown}', and not as registries do", "Is it a registry? A mirror's path stands in Registries:Mirrors.");
            case 429:
                throw RateLimited(reply);
            default:
                throw Unexpected(reply, Manifest, Server);
        }
    }

    private string Shown => $"{_repository}:{_image.Tag}";

    private RemoteFailure Denied(string stage) => _credential is null
        ? Failure(stage, RemoteCauses.AccessDenied, $"{Server} has no image '{_repository}', or shows it to those alone whom it knows", "Is the name right? " + CredentialRemedy)
        : Failure(
            stage, RemoteCauses.AccessDenied, $"{Server} refuses user '{_credential.User.Cut(80, "…")}' for '{_repository}', or has no such image",
            "Is the password right, and may the user pull this image?");

    private RemoteFailure RateLimited(EgressReply reply, string stage = Manifest)
    {
        var wait = reply.RetryAfter;
        return new RemoteFailure(new RemoteFault(
            stage, RemoteCauses.RateLimited,
            $"{Server} takes no more questions from us now (429)" + (wait is { } time ? FormattableString.Invariant($", for {Math.Ceiling(time.TotalSeconds)} s") : ""),
            _credential is null ? "Try again later; a credential for this registry often allows more." : "Try again later.", wait));
    }

    private static RemoteFailure Unexpected(EgressReply reply, string stage, string server) => reply.Status >= 500
        ? new RemoteFailure(new RemoteFault(stage, RemoteCauses.ServerError, $"{server} failed ({reply.Status})", "Its log says why; try again later.", reply.RetryAfter))
        : Failure(stage, RemoteCauses.UnexpectedAnswer, $"{server} answers {reply.Status} ({Type(reply)}), and not as registries do", "Is it a registry, at this host and port?");

    private static RemoteFailure Failure(string stage, string cause, string message, string remedy) => new(new RemoteFault(stage, cause, message, remedy));

    private static string Type(EgressReply reply) => reply.ContentType?.Cut(80, "…") ?? "without a type";

    private static bool IsManifest(string? type) => type is not null && RegistryReader.Accepted.Split(", ").Contains(type);

    /// <summary>The header, where it is a digest.</summary>
    private static string? DigestOf(EgressReply reply) => reply.Header(DigestHeader) is { } named && ImageReference.Parse("x@" + named) is { Digest: { } digest } ? digest : null;

    private static bool HasManifest(byte[] body)
    {
        using var document = Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("schemaVersion", out var version) && version is { ValueKind: JsonValueKind.Number } && version.TryGetInt32(out var number) && number == 2
            && ((root.TryGetProperty("manifests", out var list) && list.ValueKind == JsonValueKind.Array) || (root.TryGetProperty("layers", out var layers) && layers.ValueKind == JsonValueKind.Array));
    }

    /// <summary>Whether it is an error as registries write them, and no web server's.</summary>
    private static bool IsRegistrysError(byte[] body)
    {
        using var document = Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array;
    }

    private static string? TokenIn(byte[] body)
    {
        using var document = Parse(body);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root)
        {
            return null;
        }

        var token = ((string[])["token", "access_token"]).Select(name => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null).FirstOrDefault(value => value is not null);
        return token is { Length: > 0 } && token.All(sign => sign is > ' ' and <= '~') ? token : null;
    }

    private static JsonDocument? Parse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
