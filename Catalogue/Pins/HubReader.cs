using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Pins;

/// <summary>Asks the hub of models which commit a repository's revision is now.</summary>
/// <remarks>
/// <c>GET /api/models/OWNER/NAME/revision/REVISION?blobs=true</c>, as <c>HfApi.model_info</c> of huggingface/huggingface_hub (ee0a4510f4,
/// <c>src/huggingface_hub/hf_api.py</c>) asks and reads it. What errors mean is read as <c>hf_raise_for_status</c> reads it (<c>utils/_http.py</c> there):
/// by <c>X-Error-Code</c>, since a 401 stands for a missing repository too, and 429 by <c>RateLimit</c>.
/// </remarks>
internal sealed partial class HubReader(EgressClient client, IOptions<CatalogueOptions> options)
{
    private const string Stage = "revision";
    private const int LongestAnswer = 16 << 20;
    private const string TokenPlace = "the namespace's Secret '" + PinSecrets.Hub + "', key '" + PinSecrets.HubKey + "'";

    /// <param name="token">Whose rights it is asked with; <c>null</c>: nobody's.</param>
    public Task<(HubCommit? Found, RemoteFault? Fault)> FindAsync(string repo, string revision, string? token, CancellationToken cancellationToken)
    {
        var url = new Uri($"{options.Value.Hub.Endpoint.TrimEnd('/')}/api/models/{repo}/revision/{Uri.EscapeDataString(revision)}?blobs=true");
        return client.TryAsync(url.Authority, options.Value.Hub.Timeout, AskAsync, cancellationToken);

        async Task<HubCommit> AskAsync(CancellationToken limit)
        {
            var reply = await client.SendAsync(HttpMethod.Get, url, token is null ? null : "Bearer " + token, "application/json", LongestAnswer + 1, limit);
            return reply.Status == 200
                ? Read(reply, url.Authority) ?? throw Failure(RemoteCauses.UnexpectedAnswer, $"{url.Authority} answers 200 without a commit for '{repo}'", "Is Catalogue:Hub:Endpoint the address of a hub?")
                : throw FailureOf(reply, url.Authority, repo, revision, token is not null);
        }
    }

    private static HubCommit? Read(EgressReply reply, string hub)
    {
        if (reply.Body.Length > LongestAnswer)
        {
            throw Failure(RemoteCauses.UnexpectedAnswer, $"{hub} answers with more than {LongestAnswer >> 20} MB", "Is Catalogue:Hub:Endpoint the address of a hub?");
        }

        try
        {
            var read = JsonSerializer.Deserialize(reply.Body, PinsJson.Default.HubRevision);
            return Pinnable.IsCommit(read?.Sha) ? new HubCommit(read!.Sha!, read.Facts) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private RemoteFailure FailureOf(EgressReply reply, string hub, string repo, string revision, bool hasToken)
    {
        var code = reply.Header("X-Error-Code");
        return (reply.Status, code) switch
        {
            (_, "RevisionNotFound") => Failure(HubCauses.UnknownRevision, $"'{repo}' has no revision '{revision}'", "Name a branch, a tag or a commit of it in revision."),
            (_, "GatedRepo") => Failure(
                HubCauses.Gated, $"'{repo}' is gated, and " + (hasToken ? "the token's account has not accepted its terms, or has not been let in yet" : "nobody is let in without a token"),
                $"Accept them at {options.Value.Hub.Endpoint.TrimEnd('/')}/{repo}" + (hasToken ? "." : $", and put a token of that account into {TokenPlace}.")),
            (401, not "RepoNotFound") when hasToken => Failure(RemoteCauses.AccessDenied, $"{hub} refuses the token", $"Renew it in {TokenPlace}."),
            (401 or 404, _) when code == "RepoNotFound" || reply.Status == 401 => Failure(
                HubCauses.UnknownRepository, $"{hub} has no model repository '{repo}', or shows it to others alone",
                hasToken ? $"Is the name right, and may the token in {TokenPlace} read it?" : $"Is the name right? For one that is private, put a token that may read it into {TokenPlace}."),
            (403, _) => Failure(
                RemoteCauses.AccessDenied, $"{hub} shows '{repo}' to others alone (403)",
                hasToken ? $"Give the token in {TokenPlace} the right to read it, and accept its terms if it has some." : $"Put a token that may read it into {TokenPlace}."),
            (404, _) => Failure(RemoteCauses.NotFound, $"{hub} answers 404 for '{repo}' at '{revision}', and does not say of which", "Are both right, and is Catalogue:Hub:Endpoint the address of a hub?"),
            (429, _) => RateLimited(reply, hub, hasToken),
            ( >= 500, _) => new RemoteFailure(new RemoteFault(Stage, RemoteCauses.ServerError, $"{hub} failed ({reply.Status})", "Try again later.", reply.RetryAfter)),
            _ => Failure(RemoteCauses.UnexpectedAnswer, $"{hub} answers {reply.Status}, and not as hubs do", "Is Catalogue:Hub:Endpoint the address of a hub?"),
        };
    }

    private static RemoteFailure RateLimited(EgressReply reply, string hub, bool hasToken)
    {
        var wait = reply.RetryAfter ?? (RateLimit.Match(reply.Header("RateLimit") ?? "") is { Success: true } told
            ? TimeSpan.FromSeconds(int.Parse(told.Groups["seconds"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture))
            : null);
        return new RemoteFailure(new RemoteFault(
            Stage, RemoteCauses.RateLimited,
            $"{hub} takes no more questions from us now (429)" + (wait is { } time ? FormattableString.Invariant($", for {Math.Ceiling(time.TotalSeconds)} s") : ""),
            hasToken ? "Try again later." : $"Try again later; a token in {TokenPlace} allows more.", wait));
    }

    private static RemoteFailure Failure(string cause, string message, string remedy) => new(new RemoteFault(Stage, cause, message, remedy));

    /// <summary><c>"api";r=0;t=55</c></summary>
    [GeneratedRegex(@";\s*t\s*=\s*(?<seconds>[0-9]{1,6})")]
    private static partial Regex RateLimit { get; }
}

internal sealed record HubCommit(string Commit, RevisionFacts Facts);

/// <summary>The part of the hub's answer that counts here.</summary>
/// <param name="Gated"><c>false</c>, <c>"auto"</c> or <c>"manual"</c>.</param>
internal sealed record HubRevision(string? Sha, JsonElement Gated, IReadOnlyList<HubSibling>? Siblings)
{
    public RevisionFacts Facts => new(
        Gated.ValueKind == JsonValueKind.String ? Gated.GetString() : null,
        [.. (Siblings ?? []).Where(file => file.Rfilename is not null).Select(file => new RepositoryFile(file.Rfilename!, file.Size, file.Lfs?.Sha256))]);
}

internal sealed record HubSibling(string? Rfilename, long? Size, HubLargeFile? Lfs);

internal sealed record HubLargeFile(string? Sha256);

/// <summary>What the hub has of its own beside <see cref="RemoteCauses"/>.</summary>
internal static class HubCauses
{
    public const string UnknownRepository = "unknown_repository";
    public const string UnknownRevision = "unknown_revision";
    public const string Gated = "gated";
}
