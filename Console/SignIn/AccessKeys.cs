using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.WebConsole.SignIn;

/// <summary>What is known of an access key.</summary>
/// <param name="Identity">Whose it is; <c>null</c> when it is refused.</param>
/// <param name="Reason">Why it is refused, for the person who showed it.</param>
internal readonly record struct KeyAnswer(AccessKeyIdentity? Identity, string? Reason);

/// <summary>Asks the Catalogue whose access key it is, and remembers the answer for a few seconds.</summary>
internal sealed partial class AccessKeys(IHttpClientFactory clients, IOptions<ConsoleOptions> options, TimeProvider time, ILogger<AccessKeys> logger)
{
    private const int MostRemembered = 1_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<string, (KeyAnswer Answer, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);
    private readonly string? _firstKeyHash = options.Value.FirstKey is { Length: > 0 } key ? AccessToken.Hash(key) : null;

    /// <summary>Whose key it is, if it opens the Console.</summary>
    /// <param name="sha256">The token's hash.</param>
    /// <param name="isSignedIn">It has opened it before: while the Catalogue is away it goes on doing so.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<KeyAnswer> IdentifyAsync(string sha256, bool isSignedIn, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(sha256, out var known) && known.Until > time.GetUtcNow())
        {
            return known.Answer;
        }

        KeyAnswer answer;
        try
        {
            answer = await AskAsync(sha256, cancellationToken);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Log.CatalogueAway(logger, error.Message);
            return WithoutCatalogue(sha256, isSignedIn, known.Answer);
        }

        if (_known.Count >= MostRemembered)
        {
            _known.Clear();
        }

        _known[sha256] = (answer, time.GetUtcNow() + options.Value.KeyCheckInterval);
        return answer;
    }

    private async Task<KeyAnswer> AskAsync(string sha256, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var response = await clients.CreateClient("catalogue").PostAsJsonAsync(
            "/internal/access-keys/identify", new AccessKeyQuestion(sha256), ContractsJson.Default.AccessKeyQuestion, patience.Token);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return new(null, "This access key is not known here, has been revoked or has expired.");
        }

        response.EnsureSuccessStatusCode();
        var identity = await response.Content.ReadFromJsonAsync(ContractsJson.Default.AccessKeyIdentity, patience.Token);
        return identity switch
        {
            null => throw new HttpRequestException("The Catalogue's answer is empty."),
            { Role: AccessRoles.User } => new(null, $"The access key '{identity.Name}' has the role '{identity.Role}': it calls models. The Console takes a '{AccessRoles.Viewer}' or an '{AccessRoles.Administrator}'."),
            { Namespace: not ResourceMetadata.DefaultNamespace } => new(
                null, $"The access key '{identity.Name}' belongs to the namespace '{identity.Namespace}'. The Console shows every namespace's telemetry, so only keys of '{ResourceMetadata.DefaultNamespace}', the operator's, open it."),
            _ => new(identity, null),
        };
    }

    private KeyAnswer WithoutCatalogue(string sha256, bool isSignedIn, KeyAnswer last)
    {
        if (last.Reason is not null)
        {
            return last; // Refused when it was last asked, and so it stays.
        }

        if (last.Identity is not null || isSignedIn)
        {
            return last.Identity is not null ? last : new(new(ResourceMetadata.DefaultNamespace, "", ""), null);
        }

        return _firstKeyHash is { } first && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(first), Encoding.ASCII.GetBytes(sha256))
            ? new(new(ResourceMetadata.DefaultNamespace, "first", AccessRoles.Administrator), null)
            : new(null, "The Catalogue, which knows the access keys, does not answer. Until it does, only the first access key opens the Console.");
    }

    private static partial class Log
    {
        [LoggerMessage(301, LogLevel.Warning, "The Catalogue cannot be asked about an access key: {Reason}", EventName = "CatalogueAway")]
        public static partial void CatalogueAway(ILogger logger, string reason);
    }
}
