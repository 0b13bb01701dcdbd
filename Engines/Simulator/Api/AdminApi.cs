using System.Net;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;

namespace Orrery.Simulator.Api;

/// <summary>What runs, and changes to it, for this machine only. Errors are problem details, as on every control plane of ours.</summary>
internal static class AdminApi
{
    public static void MapAdminApi(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/simulator").AddEndpointFilter(RequireLoopbackAsync);
        admin.MapGet("/state", ReadState);
        admin.MapPut("/faults", PutFaults);
        admin.MapPut("/profile", PutProfile);
        admin.MapPut("/replicas/{replica}", PutReplica);
        admin.MapDelete("/replicas/{replica}", DeleteReplica);
    }

    private static async ValueTask<object?> RequireLoopbackAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address)
            ? TypedResults.Problem("The admin API answers on the loopback address only.", statusCode: StatusCodes.Status403Forbidden)
            : await next(context);

    private static Ok<AdminState> ReadState(ReplicaSet replicas, FaultRules rules) =>
        TypedResults.Ok(new AdminState(rules.All, [.. replicas.All.Select(StateOf)]));

    private static ReplicaState StateOf(Replica replica) => new(
        replica.Name,
        replica.Unready == TimeSpan.Zero,
        replica.StartedAt,
        replica.Labels,
        [.. replica.Engines.Select(model => (model, state: model.Scheduler.State)).Select(one => new ModelState(
            one.model.Id, one.model.Type, one.model.ContextWindow, [.. replica.Models.Where(model => model.Parent == one.model.Id).Select(model => model.Id)],
            one.state.Running, one.state.Waiting, one.state.UsedBlocks, one.state.Capacity, one.state.Metrics.Preemptions, one.model.Scheduler.Profile))]);

    private static Results<NoContent, ProblemHttpResult> PutFaults(FaultRule[] faults, FaultRules rules)
    {
        var errors = faults.SelectMany((rule, index) => rule.Validate($"[{index}]")).ToList();
        if (errors.Count > 0)
        {
            return Problem(errors);
        }

        rules.Replace(faults);
        return TypedResults.NoContent();
    }

    /// <summary>Changes the speed of one model, or of all, from the next step on.</summary>
    private static Results<NoContent, ProblemHttpResult> PutProfile(ProfileOptions profile, string? replica, string? model, ReplicaSet replicas)
    {
        var errors = profile.Validate("profile").ToList();
        if (profile.KvBlocks is not null || profile.PrefixCaching is not null || profile.StartupDelay is not null || profile.Seed is not null)
        {
            errors.Add("profile: KvBlocks, PrefixCaching, StartupDelay and Seed are fixed when an engine starts; put a replica instead.");
        }

        var models = replicas.TryFind(replica, out var found) ? found.Engines.Where(one => model is null || one.Id == model).ToList() : [];
        if (models.Count == 0)
        {
            errors.Add($"There is no model '{model}' in replica '{replica}'; GET /simulator/state lists them.");
        }

        if (errors.Count > 0)
        {
            return Problem(errors);
        }

        models.ForEach(one => one.Scheduler.Profile = profile.ApplyTo(one.Scheduler.Profile));
        return TypedResults.NoContent();
    }

    /// <summary>Adds a replica, or replaces one; with <c>If-None-Match: *</c> one that is there stays, and its state with it.</summary>
    private static Results<Ok<ReplicaState>, ProblemHttpResult> PutReplica(
        string replica, SimulatedModelOptions[] models, [FromQuery] string[]? label, HttpContext http, ReplicaSet replicas, IOptions<SimulatorOptions> options)
    {
        var errors = SimulatorOptionsValidator.ValidateModels(models, options.Value, "body").ToList();
        if (!FieldRules.IsName(replica))
        {
            errors.Add($"The replica's name is '{replica}'; expected {FieldRules.NameExpectation}.");
        }

        if (models.Length == 0)
        {
            errors.Add("The body is an empty list; expected at least one model.");
        }

        var labels = new Dictionary<string, string>();
        foreach (var one in label ?? [])
        {
            if (one.IndexOf('=') is not (> 0 and var at))
            {
                errors.Add($"The label is '{one}'; expected name=value.");
                continue;
            }

            labels[one[..at]] = one[(at + 1)..];
        }

        if (errors.Count > 0)
        {
            return Problem(errors);
        }

        var condition = http.Request.Headers.IfNoneMatch;
        if (condition.Count > 0 && condition != "*")
        {
            return Problem([$"If-None-Match is '{condition}'; expected *."]);
        }

        return replicas.Put(replica, models, labels, onlyNew: condition.Count > 0) is { } started
            ? TypedResults.Ok(StateOf(started))
            : TypedResults.Problem($"There is a replica '{replica}' already; it stays as it is.", statusCode: StatusCodes.Status412PreconditionFailed);
    }

    private static Results<NoContent, NotFound> DeleteReplica(string replica, ReplicaSet replicas) =>
        replicas.Remove(replica) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static ProblemHttpResult Problem(List<string> errors) =>
        TypedResults.Problem(string.Join(' ', errors), statusCode: StatusCodes.Status400BadRequest);
}
