using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>Whether a model may be deployed in a namespace.</summary>
/// <param name="Decision"><c>allow</c>: it may; <c>acceptance</c>: once somebody has accepted what <see cref="Findings"/> name; <c>deny</c>: it may not.</param>
internal sealed record GateDecision(string Model, string Decision, IReadOnlyList<GateFinding> Findings);

/// <summary>One licence, or the code of one repository.</summary>
/// <param name="Subject"><c>licence Gemma</c>, <c>remote code of owner/name</c>.</param>
/// <param name="Decision">What the policy says of it, before acceptances.</param>
/// <param name="Reason">Why.</param>
/// <param name="Open">Whether it stands in the way.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="AcceptedBy">Whose acceptance holds.</param>
/// <param name="Text">The text that was accepted, or is to be read.</param>
internal sealed record GateFinding(
    string Subject, string Decision, string Reason, bool Open, string? Remedy = null, string? AcceptedBy = null, DateTimeOffset? AcceptedAt = null, string? Text = null);

/// <summary>Decides over deployments by licence: the namespace's policy, what was accepted in it, what the licence itself says.</summary>
/// <remarks>
/// A licence that does not cover the use at all (a region, commercial use, a size) is denied whatever the rules say, unless a rule names
/// that very licence: then somebody knows more, a contract above all.
/// </remarks>
internal sealed class LicenceGate(LicencePolicySpec policy, IReadOnlyCollection<StoredResource> acceptances)
{
    private static readonly LicencePolicySpec Default = new() { Rules = [new LicenceRule { Properties = [LicenceProperties.Permissive], Decision = LicenceDecisions.Allow }] };

    /// <summary>As it is in a namespace now.</summary>
    public static LicenceGate Of(CatalogueState state, string @namespace)
    {
        var resources = state.Namespace(@namespace);
        var policy = resources.GetValueOrDefault(new ResourceKey(ResourceKind.LicencePolicy, @namespace, LicencePolicySpec.EffectiveName))?.Spec as LicencePolicySpec;
        return new LicenceGate(policy ?? Default, [.. resources.Values.Where(resource => resource is { Spec: LicenceAcceptanceSpec, IsGoing: false })]);
    }

    public GateDecision Decide(ModelSpec model)
    {
        var findings = KnownLicences.Of(model).Select(licence => DecideLicence(licence, model)).ToList();
        if (findings.Count == 0)
        {
            findings.Add(new GateFinding("licence", LicenceDecisions.Deny, "The entry names no licence.", Open: true, "Name one in spec.licence: an SPDX identifier, or your own name for it."));
        }

        if (model.RemoteCode == true)
        {
            findings.Add(DecideRemoteCode(model));
        }

        var decision = findings.Where(finding => finding.Open).Select(finding => finding.Decision).DefaultIfEmpty(LicenceDecisions.Allow).MaxBy(Severity)!;
        return new GateDecision(model.Id, decision, findings);
    }

    private GateFinding DecideLicence(string id, ModelSpec model)
    {
        var facts = KnownLicences.Find(id);
        var properties = facts?.Properties.ToHashSet(StringComparer.Ordinal) ?? [LicenceProperties.Unknown];
        var rule = (policy.Rules ?? []).FirstOrDefault(rule => Matches(rule, id, properties));
        var subject = $"licence {id}";
        if (rule?.Licences?.Contains(id) != true && facts is not null && NotCovered(facts, model) is { } gap)
        {
            return new GateFinding(
                subject, LicenceDecisions.Deny, gap, Open: true,
                $"Where a contract says otherwise, a rule of the LicencePolicy that names {id} decides.", Text: facts.Link);
        }

        var decision = rule?.Decision ?? policy.Otherwise ?? LicenceDecisions.Acceptance;
        var reason = rule?.Reason ?? Reason(rule, id, facts);
        return Answer(subject, decision, reason, facts?.Link, AcceptanceOf(id, facts), $"{{ licence: {id}, text: \"{facts?.Link ?? "LINK"}\" }}");
    }

    private GateFinding DecideRemoteCode(ModelSpec model)
    {
        var repo = model.Repo ?? model.Id;
        var acceptance = acceptances.FirstOrDefault(resource => resource.Spec is LicenceAcceptanceSpec spec && spec.RemoteCode == repo && (spec.Revision is null || spec.Revision == model.Revision));
        return Answer(
            $"remote code of {repo}",
            policy.RemoteCode ?? LicenceDecisions.Acceptance,
            "The model runs Python code out of its repository.",
            $"https://huggingface.co/{repo}/tree/{model.Revision ?? "main"}",
            acceptance,
            model.Revision is null ? $"{{ remoteCode: {repo} }}" : $"{{ remoteCode: {repo}, revision: {model.Revision} }}");
    }

    private static GateFinding Answer(string subject, string decision, string reason, string? text, StoredResource? acceptance, string spec) => decision switch
    {
        LicenceDecisions.Acceptance when acceptance is not null => new GateFinding(
            subject, decision, reason, Open: false, null, acceptance.ChangedBy, acceptance.Metadata.CreationTimestamp, ((LicenceAcceptanceSpec)acceptance.Spec).Text ?? text),
        LicenceDecisions.Acceptance => new GateFinding(subject, decision, reason, Open: true, $"Read it, then apply a LicenceAcceptance with spec {spec}.", Text: text),
        LicenceDecisions.Deny => new GateFinding(subject, decision, reason, Open: true, "Choose another model, or have the namespace's LicencePolicy changed.", Text: text),
        _ => new GateFinding(subject, decision, reason, Open: false, Text: text),
    };

    /// <summary>An acceptance holds for the text that it names: where the licence has a new one, that is to be read again.</summary>
    private StoredResource? AcceptanceOf(string id, LicenceFacts? facts) =>
        acceptances.FirstOrDefault(resource => resource.Spec is LicenceAcceptanceSpec spec && spec.Licence == id && (facts is null || spec.Text == facts.Link));

    private static bool Matches(LicenceRule rule, string id, HashSet<string> properties) =>
        (rule.Licences is not { Count: > 0 } named || named.Contains(id)) && (rule.Properties is not { Count: > 0 } wanted || wanted.All(properties.Contains));

    private string? NotCovered(LicenceFacts facts, ModelSpec model)
    {
        var excluded = facts.Regions is { } regions && (regions.ModelTypes?.Contains(model.ModelType) ?? true) ? (policy.Regions ?? []).Intersect(regions.Excluded).ToList() : [];
        return excluded.Count > 0 ? $"It grants nothing in {string.Join(", ", excluded)}."
            : facts.ForbidsCommercialUse && policy.Commercial == true ? "It forbids commercial use."
            : policy.MonthlyActiveUsers >= facts.Threshold?.MonthlyActiveUsers ? $"From {facts.Threshold.MonthlyActiveUsers:N0} monthly users on it asks for terms of its own."
            : policy.AnnualRevenue >= facts.Threshold?.AnnualRevenue ? $"From {facts.Threshold.AnnualRevenue:N0} {facts.Threshold.Currency} of revenue a year on it asks for terms of its own."
            : null;
    }

    private static string Reason(LicenceRule? rule, string id, LicenceFacts? facts) =>
        rule?.Licences?.Contains(id) == true ? "A rule of the policy names it."
        : rule is not null ? $"A rule of the policy: {string.Join(", ", rule.Properties!)}."
        : facts is null ? "The catalogue has no facts about it."
        : $"No rule of the policy is about it ({facts.Name})." + (facts.Note is null ? "" : " " + facts.Note);

    private static int Severity(string decision)
    {
        for (var i = 0; i < LicenceDecisions.All.Count; i++)
        {
            if (LicenceDecisions.All[i] == decision)
            {
                return i;
            }
        }

        return LicenceDecisions.All.Count;
    }
}
