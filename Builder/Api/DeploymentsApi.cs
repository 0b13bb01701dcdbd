using System.Globalization;
using System.Runtime.CompilerServices;
using Orrery.Builder.Acceptance;
using Orrery.Builder.Declared;
using Orrery.Builder.Reconciling;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Builder.Api;

/// <summary>What is told and can be asked of a deployment beyond its declaration. For the Catalogue, which passes on what its callers may ask.</summary>
internal static class DeploymentsApi
{
    /// <summary>On whose behalf the Catalogue asks.</summary>
    public const string CallerHeader = "X-Orrery-Caller";

    private const int MostEvents = 1_000;

    public static void MapDeploymentsApi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/internal/namespaces/{namespace}/deployments").RequireInternalCaller().WithTags("Deployments");
        group.MapPost("/plan", Plan).WithSummary("What declaring it would do");
        group.MapGet("/{name}/revisions", Revisions).WithSummary("Everything that was applied");
        group.MapGet("/{name}/replicas", Replicas).WithSummary("Every replica, as it is seen now");
        group.MapGet("/{name}/events", Events).WithSummary("What happened; ?watch=true follows");
        group.MapGet("/{name}/logs", Logs).WithSummary("What a replica's server writes");
        group.MapPost("/{name}/rollback", Rollback).WithSummary("Goes back to a revision, the one before where none is named");
        group.MapPost("/{name}/promote", Promote).WithSummary("Has the canary take over");
        group.MapPost("/{name}/restart", Restart).WithSummary("Makes a new revision of the same declaration");
    }

    private static async Task<IResult> Plan(
        string @namespace, ModelDeploymentSpec spec, DeploymentGate gate, TargetSet targets, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        spec.Validate(errors);
        if (errors.Any)
        {
            return TypedResults.Problem(string.Join(" ", errors.All.Select(error => $"{error.Path}: expected {error.Expectation}.")), statusCode: StatusCodes.Status400BadRequest);
        }

        try
        {
            var metadata = new ResourceMetadata { Name = "plan", Namespace = @namespace, Uid = Guid.Empty.ToString() };
            var target = targets.Find(spec.Target ?? targets.Usual);
            var verdict = await gate.JudgeAsync(new DeclaredDeployment(metadata, spec, default, null), target, runs: false, wish: null, cancellationToken);
            return TypedResults.Ok(new PlanAnswer(verdict.Faults.Count == 0, target.Name, verdict.Template is { } template ? RevisionAnswer.Of(template) : null, verdict.Faults, verdict.Warnings is [] ? null : verdict.Warnings));
        }
        catch (TargetException error)
        {
            return TypedResults.Ok(new PlanAnswer(false, spec.Target, null, [new DeploymentFault(error.Reason, error.Message)]));
        }
    }

    private static async Task<IResult> Revisions(string @namespace, string name, DeploymentStore store, CancellationToken cancellationToken) =>
        await store.FindAsync(@namespace, name, cancellationToken) is { } record
            ? TypedResults.Ok(new RevisionList([.. record.Revisions.OrderByDescending(revision => revision.Number).Select(revision => RevisionAnswer.Of(revision, record))]))
            : Missing(@namespace, name);

    private static async Task<IResult> Replicas(string @namespace, string name, DeploymentStore store, TargetSet targets, ServedNames names, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(@namespace, name, cancellationToken) is not { Target: { } target } record)
        {
            return Missing(@namespace, name);
        }

        var memory = record.Replicas.ToDictionary(replica => (replica.Revision, replica.Ordinal));
        try
        {
            var seen = await names.HoldAgainstAsync(record, await targets.Find(target).ObserveAsync(record.Key, cancellationToken), cancellationToken);
            return TypedResults.Ok(new ReplicaList([.. seen.OrderBy(replica => replica.Revision).ThenBy(replica => replica.Ordinal)
                .Select(replica => ReplicaAnswer.Of(replica, memory.GetValueOrDefault((replica.Revision, replica.Ordinal))))]));
        }
        catch (TargetException error)
        {
            return Unavailable(error);
        }
    }

    private static async Task<IResult> Events(
        string @namespace, string name, HttpContext http, DeploymentStore store, IHostApplicationLifetime lifetime, long after = 0, bool watch = false, int limit = 200, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MostEvents)
        {
            return TypedResults.Problem($"limit is '{limit}'; expected a whole number from 1 to {MostEvents}.", statusCode: StatusCodes.Status400BadRequest);
        }

        var events = await store.EventsAsync(@namespace, name, after, limit, cancellationToken);
        if (events.Count == 0 && after == 0 && await store.FindAsync(@namespace, name, cancellationToken) is null)
        {
            return Missing(@namespace, name);
        }

        if (!watch)
        {
            return TypedResults.Ok(new EventList(events, events.Count == limit ? events[^1].Id : null));
        }

        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seen))
        {
            after = seen;
        }

        return TypedResults.ServerSentEvents(FollowAsync(store, @namespace, name, after, lifetime.ApplicationStopping, cancellationToken));
    }

    private static async IAsyncEnumerable<System.Net.ServerSentEvents.SseItem<EventRecord>> FollowAsync(
        DeploymentStore store, string @namespace, string name, long after, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        await foreach (var _ in store.ListenAsync(DeploymentStore.EventChannel, ending.Token))
        {
            foreach (var told in await store.EventsAsync(@namespace, name, after, MostEvents, ending.Token))
            {
                after = told.Id;
                yield return new System.Net.ServerSentEvents.SseItem<EventRecord>(told, told.Type) { EventId = told.Id.ToString(CultureInfo.InvariantCulture) };
            }
        }
    }

    private static async Task<IResult> Logs(
        string @namespace, string name, HttpContext http, DeploymentStore store, LogStore kept, TargetSet targets, IHostApplicationLifetime lifetime, int? replica = null, int? revision = null, int? tail = null,
        bool follow = false, bool previous = false, CancellationToken cancellationToken = default)
    {
        if (new[] { ("replica", replica), ("revision", revision), ("tail", tail) }.FirstOrDefault(one => one.Item2 < 0) is { Item1: { } wrong, Item2: { } value })
        {
            return TypedResults.Problem($"{wrong} is '{value}'; expected a whole number from 0.", statusCode: StatusCodes.Status400BadRequest);
        }

        if (await store.FindAsync(@namespace, name, cancellationToken) is not { Target: { } targetName } record)
        {
            return Missing(@namespace, name);
        }

        try
        {
            var target = targets.Find(targetName);
            var seen = await target.ObserveAsync(record.Key, cancellationToken);
            var wanted = seen.Where(one => (revision is null || one.Revision == revision) && (replica is null || one.Ordinal == replica))
                .OrderByDescending(one => one.Revision).ThenBy(one => one.Ordinal).FirstOrDefault();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping, cancellationToken);
            if (wanted is { Incarnation.Length: > 0, State: not ReplicaState.Waiting })
            {
                if (await SendAsync(http.Response, target.LogsAsync(record.Key, wanted, new LogQuestion(tail ?? (follow ? 100 : 1_000), follow, previous), ending.Token), ending.Token))
                {
                    return TypedResults.Empty;
                }

                if (!previous)
                {
                    return TypedResults.Text("", "text/plain; charset=utf-8"); // It has written nothing yet.
                }
            }

            // It is no more: what was kept of it, or of what ran in its place before.
            var logs = await kept.OfAsync(record.Key, cancellationToken);
            var last = logs.FirstOrDefault(one => (revision ?? wanted?.Revision ?? one.Revision) == one.Revision && (replica ?? wanted?.Ordinal ?? one.Ordinal) == one.Ordinal && one.Incarnation != wanted?.Incarnation);
            return last is not null ? TypedResults.Text(Tail(last.Lines, tail), "text/plain; charset=utf-8")
                : wanted is not null ? TypedResults.Text("", "text/plain; charset=utf-8")
                : TypedResults.Problem(
                    $"There is no such replica of {record.Key}; there are: {Named(seen.Select(one => (one.Ordinal, one.Revision)))}{(logs.Count == 0 ? "" : $"; what others wrote last is kept: {Named(logs.Select(one => (one.Ordinal, one.Revision)))}")}.",
                    statusCode: StatusCodes.Status404NotFound);
        }
        catch (TargetException error)
        {
            return Unavailable(error);
        }
    }

    /// <returns>Whether there was anything to send.</returns>
    private static async Task<bool> SendAsync(HttpResponse response, IAsyncEnumerable<LogLine> lines, CancellationToken cancellationToken)
    {
        var any = false;
        await foreach (var line in lines)
        {
            if (!any)
            {
                any = true;
                response.ContentType = "text/plain; charset=utf-8";
            }

            await response.WriteAsync(LogText.Of(line with { Text = LogText.Masked(line.Text) }) + "\n", cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }

        return any;
    }

    private static string Tail(string lines, int? tail) =>
        tail is { } count ? string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(count).Select(line => line + "\n")) : lines;

    private static string Named(IEnumerable<(int Ordinal, int Revision)> replicas) =>
        replicas.Distinct().Select(one => $"replica={one.Ordinal}&revision={one.Revision}").ToList() is { Count: > 0 } names ? string.Join(", ", names) : "none";

    private static async Task<IResult> Rollback(
        string @namespace, string name, HttpContext http, DeploymentStore store, CatalogueClient catalogue, RevisionGate revisions, int? to = null, CancellationToken cancellationToken = default)
    {
        if (await store.FindAsync(@namespace, name, cancellationToken) is not { } record || await catalogue.FindAsync(record.Key, cancellationToken) is not { } declared)
        {
            return Missing(@namespace, name);
        }

        if (Paused(record, declared) is { } paused)
        {
            return paused;
        }

        // Without a number: what served before what serves, or what serves, if something else is on its way.
        var aim = to ?? (record.Next is not null && record.Serving is not null
            ? record.Serving
            : record.Revisions.Where(revision => revision.Number < (record.Serving ?? record.Next) && revision.State != RevisionStates.Failed).Select(revision => (int?)revision.Number).Max());
        if (record.Find(aim) is not { } revision)
        {
            return TypedResults.Problem(
                aim is null
                    ? $"{record.Key} has no revision to go back to."
                    : $"to is '{aim}'; expected a revision of {record.Key}: {string.Join(", ", record.Revisions.Select(known => known.Number))}.",
                statusCode: aim is null ? StatusCodes.Status409Conflict : StatusCodes.Status400BadRequest);
        }

        // To what serves is no start: what is on its way beside it is left, and nothing more.
        if (revision.Number != record.Serving && await revisions.RefusalAsync(declared, record.Target, revision, cancellationToken) is { } refusal)
        {
            return Refused(refusal.Message);
        }

        await store.PinAsync(record.Key, revision.Number, declared.Metadata.Generation, http.CallerName(), cancellationToken);
        return TypedResults.Ok(RevisionAnswer.Of(revision, record));
    }

    private static async Task<IResult> Promote(
        string @namespace, string name, HttpContext http, DeploymentStore store, CatalogueClient catalogue, RevisionGate revisions, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(@namespace, name, cancellationToken) is not { } record || await catalogue.FindAsync(record.Key, cancellationToken) is not { } declared)
        {
            return Missing(@namespace, name);
        }

        if (Paused(record, declared) is { } paused)
        {
            return paused;
        }

        if (record.NextRevision is not { } next || record.Serving is null)
        {
            return TypedResults.Problem($"{record.Key} has no revision on its way that could be promoted.", statusCode: StatusCodes.Status409Conflict);
        }

        if (await revisions.RefusalAsync(declared, record.Target, next, cancellationToken) is { } refusal)
        {
            return Refused(refusal.Message);
        }

        await store.PromoteAsync(record.Key, next.Number, http.CallerName(), cancellationToken);
        return TypedResults.Ok(RevisionAnswer.Of(next, record));
    }

    private static async Task<IResult> Restart(string @namespace, string name, HttpContext http, DeploymentStore store, CatalogueClient catalogue, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(@namespace, name, cancellationToken) is not { } record || await catalogue.FindAsync(record.Key, cancellationToken) is not { } declared)
        {
            return Missing(@namespace, name);
        }

        if (Paused(record, declared) is { } paused)
        {
            return paused;
        }

        await store.RestartAsync(record.Key, http.CallerName(), cancellationToken);
        return TypedResults.Accepted((string?)null);
    }

    private static IResult Refused(string message) => TypedResults.Problem(message, statusCode: StatusCodes.Status409Conflict, title: DeploymentReasons.LicenceRefused);

    internal static string CallerName(this HttpContext http) => http.Request.Headers[CallerHeader].ToString() is { Length: > 0 } name ? name : $"service {http.InternalCaller()}";

    /// <summary>What is asked for now would be done at some later time, or never.</summary>
    private static IResult? Paused(DeploymentRecord record, DeclaredDeployment declared) => declared.Spec.Paused != true ? null : TypedResults.Problem(
        $"{record.Key} is paused, and nothing of it is changed until spec.paused goes. Take that out, then ask again.", statusCode: StatusCodes.Status409Conflict);

    private static IResult Missing(string @namespace, string name) => TypedResults.Problem(
        $"The Builder knows no ModelDeployment '{name}' in namespace '{@namespace}'. One that was just declared is known within a second.", statusCode: StatusCodes.Status404NotFound);

    private static IResult Unavailable(TargetException error) => TypedResults.Problem(error.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: error.Reason);
}
