using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Reconciling;

/// <summary>
/// Asks a server that has just come up which models it serves. One that answers its health path and calls its model otherwise than the gateway does would refuse every request,
/// and would be seen as running.
/// </summary>
internal sealed class ServedNames(TimeProvider time) : IDisposable
{
    private const int MostBytes = 1 << 20;
    private const int MostNamed = 3;

    // What was said of servers that ended long ago is of no use; more than this are not on their way at once.
    private const int MostRemembered = 1_000;

    private readonly ConcurrentDictionary<(string Uid, int Revision, int Ordinal, string Incarnation), Verdict> _verdicts = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.Zero })
    {
        MaxResponseContentBufferSize = MostBytes,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The replicas as they were seen; one that answers for the first time since its start, and not to its model's name, as it counts.</summary>
    /// <param name="record">Knows who has answered before.</param>
    public async Task<IReadOnlyList<Replica>> HoldAgainstAsync(DeploymentRecord record, IReadOnlyList<Replica> seen, CancellationToken cancellationToken)
    {
        var known = record.Replicas.Where(replica => replica.ReadyAt is not null).Select(replica => (replica.Revision, replica.Ordinal, replica.Incarnation)).ToHashSet();

        // What cannot be reached from here is reached by nobody, but in a cluster, whose network this process need not share.
        var isNear = record.Target != DeploymentTargets.Kubernetes;
        return await Task.WhenAll(seen.Select(replica =>
            replica.State == ReplicaState.Ready && !known.Contains((replica.Revision, replica.Ordinal, replica.Incarnation)) && record.Find(replica.Revision) is { } revision
                ? HoldAgainstAsync(record.Key, replica, revision.Template, isNear, cancellationToken)
                : Task.FromResult(replica)));
    }

    public void Dispose() => _http.Dispose();

    private async Task<Replica> HoldAgainstAsync(DeploymentKey key, Replica replica, RevisionTemplate template, bool isNear, CancellationToken cancellationToken)
    {
        // The other engines' servers are of many makes, and list what they please.
        if (template.Engine is not (Engines.Vllm or Engines.Transformers or Engines.OpenAi) || replica.Address is not { } address)
        {
            return replica;
        }

        var which = (key.Uid, replica.Revision, replica.Ordinal, replica.Incarnation);
        if (!_verdicts.TryGetValue(which, out var verdict) || time.GetElapsedTime(verdict.At) >= template.Probes.Interval)
        {
            if (_verdicts.Count >= MostRemembered)
            {
                _verdicts.Clear();
            }

            verdict = await AskAsync(new Uri(address.ToString().TrimEnd('/') + "/v1/models"), template, isNear, cancellationToken);
            _verdicts[which] = verdict;
        }

        return verdict.Reason is null && verdict.Message is null ? replica
            : replica with { State = verdict.Reason is null ? ReplicaState.Starting : ReplicaState.Failed, Reason = verdict.Reason, Message = verdict.Message };
    }

    private async Task<Verdict> AskAsync(Uri address, RevisionTemplate template, bool isNear, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(template.Probes.Timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            using var response = await _http.GetAsync(address, limit.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => Judge(await response.Content.ReadAsByteArrayAsync(limit.Token), template),

                // It has no such list, or shows it to nobody.
                HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Fine(),
                var other => Later($"answers {(int)other}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return isNear ? Later(FormattableString.Invariant($"gave no answer within {template.Probes.Timeout.TotalSeconds:0.#} s")) : Fine();
        }
        catch (HttpRequestException error)
        {
            return isNear ? Later($"failed: {error.InnerException?.Message ?? error.Message}") : Fine();
        }
    }

    private Verdict Judge(byte[] body, RevisionTemplate template)
    {
        var listed = Listed(body);
        return listed is null || listed.Intersect(Expected(template)).Any() ? Fine()
            : listed.Count == 0 ? Later("lists no model yet")
            : new Verdict(time.GetTimestamp(), ReplicaReasons.OtherModel,
                $"Its server answers to {Named(listed)} and not to '{template.ModelId}', which the gateway asks it for: have what starts it say --served-model-name {template.ModelId}, or deploy the image of that model.");
    }

    /// <summary>The model's id; TGI, which cannot be told of one and takes every name, lists what it has loaded.</summary>
    private static IEnumerable<string> Expected(RevisionTemplate template)
    {
        const string Loaded = "--model-id";
        var words = (template.Command ?? []).Concat(template.Arguments ?? []).ToList();
        return words.Zip(words.Skip(1)).Where(pair => pair.First == Loaded).Select(pair => pair.Second)
            .Concat(words.Where(word => word.StartsWith(Loaded + "=", StringComparison.Ordinal)).Select(word => word[(Loaded.Length + 1)..]))
            .Concat(template.Environment.TryGetValue("MODEL_ID", out var id) ? [id] : [])
            .Prepend(template.ModelId);
    }

    /// <returns><c>null</c>: it is no list of models.</returns>
    private static List<string>? Listed(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array
                ? [.. data.EnumerateArray().Select(model => model.ValueKind == JsonValueKind.Object && model.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null).OfType<string>()]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Named(List<string> listed) =>
        string.Join(", ", listed.Take(MostNamed).Select(name => $"'{(name.Length > 100 ? name[..100] + "…" : name)}'")) + (listed.Count > MostNamed ? $" and {listed.Count - MostNamed} more" : "");

    private Verdict Fine() => new(time.GetTimestamp(), null, null);

    private Verdict Later(string what) => new(time.GetTimestamp(), null, $"The server is up and has not said yet which models it serves: GET /v1/models {what}.");

    /// <param name="At">A timestamp of the time provider's.</param>
    /// <param name="Message">Absent: it is as good as it seems.</param>
    private sealed record Verdict(long At, string? Reason, string? Message);
}
