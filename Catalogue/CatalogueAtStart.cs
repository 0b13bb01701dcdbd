using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Documents.Shapes;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Resources;
using Orrery.Catalogue.Secrets;
using Orrery.Contracts;

namespace Orrery.Catalogue;

/// <summary>What the configuration declares is brought into the store: the current sealing key, the first access key, the managed set.</summary>
/// <remarks>
/// Replicas may start together: each step is one transaction under the store's lock, and the second replica finds nothing to do.
/// A refused set leaves the service unready with the reasons; it is tried again, because what stands in its way may be removed.
/// </remarks>
internal sealed partial class CatalogueAtStart(
    ChangeFollower follower, ResourceStore store, Revisions revisions, ApplyPlanner planner, SecretVault vault, EnvironmentValues environment, IOptions<CatalogueOptions> options,
    TimeProvider time, ILogger<CatalogueAtStart> logger)
    : BackgroundService, IHealthCheck
{
    private const string FirstKeyName = "first";
    private static readonly TimeSpan DatabasePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(5);
    private volatile string? _fault = "the configured resources have not been applied yet";

    /// <summary>Whether everything that the configuration declares is in the store.</summary>
    public bool IsDone => _fault is null;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(_fault is { } fault ? HealthCheckResult.Unhealthy(fault) : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await follower.Loaded.WaitAsync(stoppingToken);
        while (!IsDone)
        {
            var pause = RefusedPause;
            try
            {
                await SealAnewAsync(stoppingToken);
                await EnsureFirstKeyAsync(stoppingToken);
                var refusal = await ApplyManagedSetAsync(stoppingToken);
                Report(refusal);
                if (refusal is null)
                {
                    return;
                }
            }
            catch (Exception error) when (DatabaseAway.Is(error) && !stoppingToken.IsCancellationRequested)
            {
                _fault = "the database does not answer: " + error.Message;
                pause = DatabasePause;
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }

    private async Task SealAnewAsync(CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var plan = await store.WriteAsync(
            state => new ApplyPlan(
                [.. state.All.Where(resource => resource.Spec is SealedSecretSpec).Select(resource => SealAnew(state, resource, faults)).OfType<PlannedStep>()],
                Audited: false),
            cancellationToken);
        var (count, historic) = await revisions.SealAnewAsync(cancellationToken);
        if (plan.Changes.Count + count > 0)
        {
            Log.SealedAnew(logger, plan.Changes.Count, count);
        }

        foreach (var fault in faults.Concat(historic))
        {
            Log.CannotOpen(logger, fault);
        }
    }

    private PlannedStep? SealAnew(CatalogueState state, StoredResource secret, List<string> faults)
    {
        var anew = vault.SealAnew(secret.Key, (SealedSecretSpec)secret.Spec, out var fault);
        if (fault is not null)
        {
            faults.Add($"{secret.Key}: {fault}");
        }

        return anew is null
            ? null
            : new PlannedStep(null, ApplyActions.Configured, secret, ApplyPlanner.Next(state, secret with { Spec = anew }, Caller.Configuration.Name));
    }

    private async Task EnsureFirstKeyAsync(CancellationToken cancellationToken)
    {
        if (options.Value.FirstKey is not { Length: > 0 } token)
        {
            return;
        }

        var document = new DeclaredResource(0, ResourceKinds.Of(ResourceKind.AccessKey), new ResourceMetadata { Name = FirstKeyName }, new AccessKeySpec
        {
            Description = "The first administrator, from Catalogue:FirstKey",
            Sha256 = AccessToken.Hash(token),
            Prefix = AccessToken.ShownPrefix(token),
            Role = AccessRoles.Administrator,
        });
        var request = new ApplyRequest([document], Caller.Configuration, Managers.Configuration);
        var plan = await store.WriteAsync(state => planner.Plan(state, request), cancellationToken);
        if (plan.Refusal is { } refusal)
        {
            Log.FirstKeyRefused(logger, Describe(refusal));
        }
    }

    private async Task<Refusal?> ApplyManagedSetAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ManagedResources.Count == 0)
        {
            return null;
        }

        var text = string.Join("\n---\n", options.Value.ManagedResources.OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => part.Value));
        var errors = new FieldErrorList();
        var context = new DocumentContext(ResourceMetadata.DefaultNamespace) { Environment = environment };
        var documents = DocumentReader.Read(Encoding.UTF8.GetBytes(text), isJson: false, context, errors);
        if (errors.Any)
        {
            return Refusal.Fields(errors.All);
        }

        var request = new ApplyRequest(documents, Caller.Configuration, Managers.AppHost, Prune: true);
        var plan = await store.WriteAsync(state => planner.Plan(state, request), cancellationToken);
        if (plan.Refusal is null)
        {
            Log.Applied(logger, documents.Count, plan.Changes.Count);
        }

        return plan.Refusal;
    }

    private void Report(Refusal? refusal)
    {
        var fault = refusal is null ? null : "Catalogue:ManagedResources is refused: " + Describe(refusal);
        if (fault is not null && fault != _fault)
        {
            Log.Refused(logger, refusal!.Detail);
            foreach (var error in refusal.Errors ?? [])
            {
                Log.FieldRefused(logger, Describe(error));
            }
        }

        _fault = fault;
    }

    private static string Describe(Refusal refusal) => refusal.Errors is { Count: > 0 } errors ? string.Join("; ", errors.Select(Describe)) : refusal.Detail;

    private static string Describe(FieldError error) =>
        $"document {error.Document ?? 0}, line {error.Line ?? 0}, column {error.Column ?? 0}, {error.Path}: expected {error.Expectation}"
        + (error.Value is null ? "" : $", found '{error.Value}'") + (error.Remedy is null ? "" : $" ({error.Remedy})");

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Information, "Applied {Documents} managed resources; {Changes} changed", EventName = "ManagedSetApplied")]
        public static partial void Applied(ILogger logger, int documents, int changes);

        [LoggerMessage(2202, LogLevel.Error, "Catalogue:ManagedResources is refused and the service stays unready: {Reason}", EventName = "ManagedSetRefused")]
        public static partial void Refused(ILogger logger, string reason);

        [LoggerMessage(2203, LogLevel.Error, "Catalogue:ManagedResources, {Field}", EventName = "ManagedFieldRefused")]
        public static partial void FieldRefused(ILogger logger, string field);

        [LoggerMessage(2204, LogLevel.Error, "Catalogue:FirstKey is refused: {Reason}", EventName = "FirstKeyRefused")]
        public static partial void FirstKeyRefused(ILogger logger, string reason);

        [LoggerMessage(2205, LogLevel.Information, "Sealed {Secrets} secrets and {Revisions} of their revisions with the current key", EventName = "SecretsSealedAnew")]
        public static partial void SealedAnew(ILogger logger, int secrets, int revisions);

        [LoggerMessage(2206, LogLevel.Error, "A secret cannot be opened: {Fault}", EventName = "SecretUnreadable")]
        public static partial void CannotOpen(ILogger logger, string fault);
    }
}
