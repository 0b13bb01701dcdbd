using Orrery.Builder.Declared;
using Orrery.Builder.Planning;
using Orrery.Builder.Reconciling;
using Orrery.Builder.Storage;
using Orrery.Contracts;

namespace Orrery.Builder.Acceptance;

/// <summary>Asks again whether a revision may be started: what was accepted may be withdrawn by now, a key no longer count. What runs goes on, and is healed.</summary>
internal sealed class RevisionGate(CatalogueClient catalogue, SignatureCheck signatures)
{
    /// <summary>Of a model that is gone nobody can say any more under which licence it is.</summary>
    private static readonly string[] Refusing = [DeploymentReasons.LicenceRefused, DeploymentReasons.UnknownModel];

    /// <returns>What stands in the way, with the remedy; <c>null</c>: nothing, or it is from before this was kept.</returns>
    public async Task<DeploymentFault?> RefusalAsync(DeclaredDeployment deployment, string? target, RevisionRecord revision, CancellationToken cancellationToken)
    {
        if (revision.Spec is not { } spec)
        {
            return null;
        }

        var brief = await catalogue.BriefAsync(deployment with { Spec = AsItRuns(spec, revision) }, wish: null, cancellationToken, revision.Model);
        var faults = brief.Faults.Where(fault => brief.Model is null || Refusing.Contains(fault.Reason)).ToList(); // Without a model nothing was judged.
        if (target != DeploymentTargets.Simulated && await signatures.FaultAsync(deployment.Metadata.Namespace, brief.ImagePolicy, revision.Template.Image, cancellationToken) is { } unsigned)
        {
            faults.Add(unsigned);
        }

        if (faults.Count == 0)
        {
            return null;
        }

        var reason = faults[0].Reason is DeploymentReasons.UnknownModel or DeploymentReasons.Misdeclared ? DeploymentReasons.LicenceRefused : faults[0].Reason;
        return new DeploymentFault(reason, $"Revision {revision.Number} is not started: {string.Join(" ", faults.Select(fault => fault.Message))}");
    }

    /// <summary>Lets start what the plan wants more of than was let before; where that is refused, as many stay as there were.</summary>
    public async Task<RolloutPlan> GrantAsync(Look look, RolloutPlan plan, CancellationToken cancellationToken)
    {
        var counts = plan.Counts.ToDictionary();
        foreach (var (number, count) in plan.Counts)
        {
            if (look.After.Find(number) is not { Spec: not null } revision || count == revision.Granted)
            {
                continue;
            }

            if (count > revision.Granted && await RefusalAsync(look.Declared, look.After.Target, revision, cancellationToken) is { } refusal)
            {
                counts[number] = revision.Granted;
                look.Faults = look.Faults.Any(fault => fault.Reason == refusal.Reason) ? look.Faults : [.. look.Faults, refusal];
                continue;
            }

            look.Grant(number, count);
        }

        return plan with { Counts = counts };
    }

    /// <summary>At the commit that it runs; of what is from before its model was kept, with the weights that its command names, which the model's entry may name no more.</summary>
    private static ModelDeploymentSpec AsItRuns(ModelDeploymentSpec spec, RevisionRecord revision)
    {
        var template = revision.Template;
        var pinned = template.Pin?.Reference;
        var repo = pinned?[..pinned.LastIndexOf('@')] ?? (revision.Model is null ? template.Arguments?.FirstOrDefault(ModelSpec.IsRepo) : null);
        return repo is null || spec.Weights?.Path is not null || template.Command is not null ? spec
            : spec with { Weights = new WeightsSource { Repo = repo, Revision = template.Pin?.Commit ?? spec.Weights?.Revision } };
    }
}
