using System.Globalization;
using System.Text.Json.Serialization;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>Whether a model may be deployed in a namespace.</summary>
/// <param name="Decision"><c>allow</c>: it may; <c>acceptance</c>: once somebody has accepted what <see cref="Findings"/> name; <c>deny</c>: it may not.</param>
internal sealed record GateDecision(string Model, string Decision, IReadOnlyList<GateFinding> Findings)
{
    /// <summary>What stands in the way, as sentences.</summary>
    [JsonIgnore]
    public IEnumerable<string> Faults => Findings.Where(finding => finding.Open)
        .Select(finding => $"{char.ToUpperInvariant(finding.Subject[0])}{finding.Subject[1..]} ({finding.Decision}): {finding.Reason} {finding.Remedy}".TrimEnd());
}

/// <summary>One licence, or the code of one repository.</summary>
/// <param name="Subject"><c>licence Gemma</c>, <c>remote code of owner/name</c>.</param>
/// <param name="Decision">What the policy says of it, before acceptances.</param>
/// <param name="Reason">Why.</param>
/// <param name="Open">Whether it stands in the way.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="AcceptedBy">Whose acceptance holds.</param>
/// <param name="Text">The text that was accepted, or is to be read.</param>
/// <param name="Acceptance">The name of that acceptance.</param>
internal sealed record GateFinding(
    string Subject, string Decision, string Reason, bool Open, string? Remedy = null, string? AcceptedBy = null, DateTimeOffset? AcceptedAt = null, string? Text = null, string? Acceptance = null);

/// <summary>Decides over deployments by licence: the namespace's policy, what was accepted in it, what the licence itself says.</summary>
/// <remarks>
/// A licence that does not cover the use at all (a region, commercial use, a size) is denied whatever the rules say, unless the rule that
/// decides names that very licence: then somebody knows more, a contract above all. Whoever calls a repository by another licence than the
/// entry that comes with the service has both, so that the stricter counts.
/// </remarks>
internal sealed class LicenceGate(LicencePolicySpec policy, IReadOnlyCollection<StoredResource> acceptances)
{
    /// <summary>Nobody has said how models are used, so nothing is denied for it: who accepts a licence has read what it covers.</summary>
    private static readonly LicencePolicySpec NoPolicy = new() { Commercial = false, Rules = [new LicenceRule { Properties = [LicenceProperties.Permissive], Decision = LicenceDecisions.Allow }] };

    private readonly List<(StoredResource Resource, LicenceAcceptanceSpec Spec)> _acceptances =
        [.. acceptances.OrderBy(resource => resource.Metadata.Name, StringComparer.Ordinal).Select(resource => (resource, (LicenceAcceptanceSpec)resource.Spec))];

    /// <summary>As it is in a namespace now.</summary>
    public static LicenceGate Of(CatalogueState state, string @namespace)
    {
        var resources = state.Namespace(@namespace);
        var policy = resources.GetValueOrDefault(new ResourceKey(ResourceKind.LicencePolicy, @namespace, LicencePolicySpec.EffectiveName))?.Spec as LicencePolicySpec;
        return new LicenceGate(policy ?? NoPolicy, [.. resources.Values.Where(resource => resource is { Spec: LicenceAcceptanceSpec, IsGoing: false })]);
    }

    /// <summary>Over a model as its entry starts it.</summary>
    public GateDecision Decide(ModelSpec model) => Decide(new StartedModel(model));

    public GateDecision Decide(StartedModel started)
    {
        var model = started.Model;
        var findings = ServedWeights.LicencesOf(started).Select(DecideLicence).ToList();
        if (findings.Count == 0)
        {
            findings.Add(new GateFinding("licence", LicenceDecisions.Deny, "The entry names no licence.", Open: true, "Name one in spec.licence: an SPDX identifier, or your own name for it."));
        }

        if (RemoteCodeSigns.Of(started) is { } sign)
        {
            findings.AddRange(CodeSource.Of(started).Select(source => DecideRemoteCode(source, sign)));
        }

        if (model.Dockerfile is not null)
        {
            findings.Add(new GateFinding(
                "dockerfile", LicenceDecisions.Allow, "The entry brings a Dockerfile of its own: what that installs, fetches and starts cannot be looked through here.", Open: false,
                "Read it before it is built; without one it follows from the entry."));
        }

        var decision = findings.Where(finding => finding.Open).Select(finding => finding.Decision).DefaultIfEmpty(LicenceDecisions.Allow).MaxBy(Severity)!;
        return new GateDecision(model.Id, decision, findings);
    }

    private GateFinding DecideLicence(HeldLicence held)
    {
        var id = held.Id;
        var facts = KnownLicences.Find(id);
        var properties = facts?.Properties.ToHashSet(StringComparer.Ordinal) ?? [LicenceProperties.Unknown];
        var rule = (policy.Rules ?? []).FirstOrDefault(rule => Matches(rule, id, properties));
        var subject = $"licence {id}";
        var (valid, others) = AcceptancesOf(id, facts);
        if (!Names(rule, id) && facts is not null && held.Uses.FirstOrDefault(use => NotCovered(facts, use.ModelType) is not null) is { ModelType: { } type, Of: var user })
        {
            return new GateFinding(
                subject, LicenceDecisions.Deny, Origin(user) + NotCovered(facts, type), Open: true,
                $"Where a contract says otherwise, a rule of the LicencePolicy that names {id} decides." + Useless(valid), Text: facts.Link);
        }

        var decision = rule?.Decision ?? policy.Otherwise ?? LicenceDecisions.Acceptance;
        var reason = Origin(held.Of) + (rule?.Reason ?? Reason(rule, id, facts));
        return Answer(subject, decision, reason, facts?.Link, valid, others, $"{{ licence: {id}, text: \"{facts?.Link ?? "LINK"}\" }}");
    }

    private static string Origin(Entry? of) => of is null ? "" : $"The Catalogue's entry '{of.Id}' has the same repository, {of.Spec.Repo}, under it. ";

    private GateFinding DecideRemoteCode(CodeSource source, string sign)
    {
        var decision = policy.RemoteCode ?? LicenceDecisions.Acceptance;
        var subject = $"remote code of {source.Name}";
        var ofSource = _acceptances.Where(acceptance => source.IsNamed(acceptance.Spec.RemoteCode)).ToList();
        if (source.Kind == CodeSourceKind.Nothing && decision == LicenceDecisions.Acceptance)
        {
            return new GateFinding(
                subject, decision, sign, Open: true,
                string.Join(' ', ["Name its repository in repo, or its folder in a deployment's weights: what is accepted is held to that.", .. ofSource.Select(acceptance => $"{acceptance.Resource.Key} does not count: another model may have this id.")]));
        }

        var valid = ofSource.Where(acceptance => Opens(acceptance.Spec, source)).Select(acceptance => acceptance.Resource).FirstOrDefault();
        var others = ofSource.Where(acceptance => acceptance.Resource != valid).Select(acceptance => source.Kind == CodeSourceKind.Dockerfile
            ? $"{acceptance.Resource.Key} does not count: it is of {(acceptance.Spec.Revision is null ? "the repository" : $"revision {acceptance.Spec.Revision}")}, and what a Dockerfile starts is accepted by its digest, {source.Revision}."
            : $"{acceptance.Resource.Key} does not count: it is of revision {acceptance.Spec.Revision}, the entry's is {source.Revision ?? "none"}.");
        return Answer(
            subject,
            decision,
            sign,
            source.Kind == CodeSourceKind.Weights && ModelSpec.IsRepo(source.Name) ? $"https://huggingface.co/{source.Name}/tree/{source.Revision ?? "main"}" : null,
            valid,
            others,
            source.Revision is null ? $"{{ remoteCode: {source.Name} }}" : $"{{ remoteCode: {source.Name}, revision: \"{source.Revision}\" }}");
    }

    /// <summary>An acceptance without a revision is of any commit of a repository; of a Dockerfile there is no such word.</summary>
    private static bool Opens(LicenceAcceptanceSpec acceptance, CodeSource source) =>
        acceptance.Revision == source.Revision || (acceptance.Revision is null && source.Kind == CodeSourceKind.Weights);

    /// <param name="others">Why acceptances that seem to be about it do not count.</param>
    private static GateFinding Answer(string subject, string decision, string reason, string? text, StoredResource? acceptance, IEnumerable<string> others, string spec) => decision switch
    {
        LicenceDecisions.Acceptance when acceptance is not null && AcceptanceStatus.Of(acceptance) is var given => new GateFinding(
            subject, decision, $"{reason} {Accepted(acceptance, given)}", Open: false, null, given.AcceptedBy, given.AcceptedAt, ((LicenceAcceptanceSpec)acceptance.Spec).Text ?? text,
            acceptance.Metadata.Name),
        LicenceDecisions.Acceptance => new GateFinding(
            subject, decision, reason, Open: true, string.Join(' ', [$"Read it, then apply a LicenceAcceptance with spec {spec}.", .. others]), Text: text),
        LicenceDecisions.Deny => new GateFinding(subject, decision, reason, Open: true, "Choose another model, or have the namespace's LicencePolicy changed." + Useless(acceptance), Text: text),
        _ => new GateFinding(subject, decision, reason, Open: false, Text: text),
    };

    private static string Accepted(StoredResource acceptance, AcceptanceStatus given)
    {
        var statement = ((LicenceAcceptanceSpec)acceptance.Spec).Statement;
        return string.Create(CultureInfo.InvariantCulture, $"{given.AcceptedBy} has accepted it with {acceptance.Key}, declared on {given.AcceptedAt:yyyy-MM-dd}")
            + (statement is null ? "." : $": {statement}.");
    }

    private static string Useless(StoredResource? acceptance) => acceptance is null ? "" : $" {acceptance.Key} opens nothing that is denied.";

    /// <summary>An acceptance holds for the text that it names: where the licence has a new one, that is to be read again.</summary>
    private (StoredResource? Valid, IEnumerable<string> Others) AcceptancesOf(string id, LicenceFacts? facts)
    {
        var named = _acceptances.Where(acceptance => acceptance.Spec.Licence is { } licence && KnownLicences.AreSame(licence, id)).ToList();
        var valid = named.Where(acceptance => facts is null || acceptance.Spec.Text == facts.Link).Select(acceptance => acceptance.Resource).FirstOrDefault();
        return (valid, named.Where(acceptance => acceptance.Resource != valid)
            .Select(acceptance => $"{acceptance.Resource.Key} does not count: it is of the text {acceptance.Spec.Text}, the licence's is {facts?.Link}."));
    }

    private static bool Matches(LicenceRule rule, string id, HashSet<string> properties) =>
        (rule.Licences is not { Count: > 0 } || Names(rule, id)) && (rule.Properties is not { Count: > 0 } wanted || wanted.All(properties.Contains));

    private static bool Names(LicenceRule? rule, string id) => rule?.Licences?.Any(named => KnownLicences.AreSame(named, id)) == true;

    private string? NotCovered(LicenceFacts facts, string modelType)
    {
        var excluded = facts.Regions is { } regions && (regions.ModelTypes?.Contains(modelType) ?? true) ? Excluded(regions).Distinct().ToList() : [];
        return excluded.Count > 0 ? $"It grants nothing in {string.Join(", ", excluded)}."
            : facts.ForbidsCommercialUse && policy.Commercial != false ? "It forbids commercial use."
            : facts.Threshold is { } threshold ? Beyond(threshold, facts.Note)
            : null;
    }

    private IEnumerable<string> Excluded(LicenceRegions regions) =>
        from written in policy.Regions ?? []
        let used = Countries.IsKnown(written) ? written : Countries.Nearest(written) ?? written
        from excluded in regions.Excluded
        where Countries.Overlap(used, excluded)
        select used == excluded ? used : excluded == Countries.EuropeanUnion ? $"{used} (it excludes the {excluded})" : $"{excluded} (a part of the {used})";

    /// <summary>Who has so many users has at least as many visits; a year's revenue is held against a month's as its twelfth.</summary>
    private string? Beyond(LicenceThreshold threshold, string? note)
    {
        (long? Ours, long? From, string Of)[] figures =
        [
            (policy.MonthlyActiveUsers, threshold.MonthlyActiveUsers, "users a month"),
            (policy.MonthlyActiveUsers, threshold.MonthlyVisits, "visits a month"),
            (policy.AnnualRevenue, threshold.AnnualRevenue, $"{threshold.Currency} of revenue a year"),
            (policy.AnnualRevenue / 12, threshold.MonthlyRevenue, $"{threshold.Currency} of revenue a month"),
        ];
        var reached = figures.FirstOrDefault(figure => figure.Ours >= figure.From);
        return reached.Of is null ? null
            : string.Create(CultureInfo.InvariantCulture, $"From {reached.From:N0} {reached.Of} on other terms hold than those that everybody has.") + (note is null ? "" : " " + note);
    }

    private string Reason(LicenceRule? rule, string id, LicenceFacts? facts) =>
        Names(rule, id) ? "A rule of the policy names it."
        : ReferenceEquals(policy, NoPolicy) && rule is not null ? "It is permissive, and the namespace has no LicencePolicy that says otherwise."
        : rule is not null ? $"A rule of the policy: {string.Join(", ", rule.Properties!)}."
        : facts is null ? "The catalogue has no facts about it."
        : (ReferenceEquals(policy, NoPolicy) ? $"The namespace has no LicencePolicy, and it is not permissive ({facts.Name})." : $"No rule of the policy is about it ({facts.Name}).") + (facts.Note is null ? "" : " " + facts.Note);

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
