namespace Orrery.Contracts;

/// <summary>Which models may be deployed in a namespace, by their licences. The one named <c>default</c> holds; without it everything but permissive licences waits for an acceptance.</summary>
public sealed record LicencePolicySpec
{
    /// <summary>The resource that holds in its namespace.</summary>
    public const string EffectiveName = "default";

    /// <summary>More than there are licences; each name is held against all that are known.</summary>
    private const int MostNames = 1_000;

    /// <summary>Where models are used: ISO 3166 codes, <c>EU</c> for the European Union. A licence that excludes one of them is denied; what excludes the Union excludes its members.</summary>
    public IReadOnlyList<string>? Regions { get; init; }

    /// <summary>Whether models are used commercially; <c>true</c> where absent. Licences that forbid it are denied then.</summary>
    public bool? Commercial { get; init; }

    /// <summary>People who use the products in a month. A licence with a lower threshold is denied, also one that counts visits: each of them visits at least once.</summary>
    public long? MonthlyActiveUsers { get; init; }

    /// <summary>In USD. A licence with a lower threshold is denied; a twelfth of it is held against thresholds of a month.</summary>
    public long? AnnualRevenue { get; init; }

    /// <summary>The first that matches decides.</summary>
    public IReadOnlyList<LicenceRule>? Rules { get; init; }

    /// <summary>Where no rule matches. One of <see cref="LicenceDecisions.All"/>; <c>acceptance</c> where absent.</summary>
    public string? Otherwise { get; init; }

    /// <summary>For models that run code out of their repository. One of <see cref="LicenceDecisions.All"/>; <c>acceptance</c> where absent.</summary>
    public string? RemoteCode { get; init; }

    public void Validate(FieldErrors errors)
    {
        if (Rules?.Sum(rule => Math.Max(1, rule.Licences?.Count ?? 0)) is > MostNames and var count)
        {
            errors.Add("spec.rules", $"{count} licences and rules", $"at most {MostNames}");
        }

        for (var i = 0; i < Rules?.Count; i++)
        {
            Rules[i].Validate(errors, $"spec.rules[{i}]");
        }

        for (var i = 0; i < Regions?.Count; i++)
        {
            if (!Countries.IsKnown(Regions[i]))
            {
                errors.Add($"spec.regions[{i}]", Regions[i], "an ISO 3166 code of two capital letters, or EU", Countries.Nearest(Regions[i]) is { } meant ? $"Did you mean '{meant}'?" : null);
            }
        }

        RequireNotNegative(errors, "spec.monthlyActiveUsers", MonthlyActiveUsers);
        RequireNotNegative(errors, "spec.annualRevenue", AnnualRevenue);

        RequireDecision(errors, "spec.otherwise", Otherwise);
        RequireDecision(errors, "spec.remoteCode", RemoteCode);
    }

    private static void RequireNotNegative(FieldErrors errors, string path, long? value)
    {
        if (value is < 0)
        {
            errors.Add(path, $"{value}", "a whole number from 0");
        }
    }

    private static void RequireDecision(FieldErrors errors, string path, string? decision)
    {
        if (decision is not null)
        {
            errors.RequireOneOf(path, decision, LicenceDecisions.All);
        }
    }
}

/// <summary>Matches a licence that is named, or that has every property that is named.</summary>
public sealed record LicenceRule
{
    /// <summary>As the catalogue or a Model of the namespace names them; in any case.</summary>
    public IReadOnlyList<string>? Licences { get; init; }

    /// <summary>Each one of <see cref="LicenceProperties.All"/>.</summary>
    public IReadOnlyList<string>? Properties { get; init; }

    /// <summary>One of <see cref="LicenceDecisions.All"/>.</summary>
    public required string Decision { get; init; }

    /// <summary>For people: it stands in the refusal.</summary>
    public string? Reason { get; init; }

    internal void Validate(FieldErrors errors, string path)
    {
        errors.RequireOneOf($"{path}.decision", Decision, LicenceDecisions.All);
        if (Licences is not { Count: > 0 } && Properties is not { Count: > 0 })
        {
            errors.Add(path, null, "licences or properties: a rule that matches something", "What is to hold for all others is spec.otherwise.");
        }

        for (var i = 0; i < Properties?.Count; i++)
        {
            errors.RequireOneOf($"{path}.properties[{i}]", Properties[i], LicenceProperties.All);
        }
    }
}

/// <summary>Somebody's word that a licence, or code out of a model's repository, was read and is accepted. Deleting it withdraws it.</summary>
public sealed record LicenceAcceptanceSpec
{
    /// <summary>The licence as the catalogue names it, or a Model of the namespace; in any case.</summary>
    public string? Licence { get; init; }

    /// <summary>Or the repository whose code may run: <c>owner/name</c>; the model's id where it has none; <c>/models/FOLDER</c> for weights out of the cache.</summary>
    public string? RemoteCode { get; init; }

    /// <summary>The commit or tag of the code that was read; absent: any.</summary>
    public string? Revision { get; init; }

    /// <summary>The licence's text that was read: the link that the catalogue gives.</summary>
    public string? Text { get; init; }

    /// <summary>For people: on whose behalf, which ticket.</summary>
    public string? Statement { get; init; }

    public void Validate(FieldErrors errors)
    {
        if (Licence is null == RemoteCode is null)
        {
            errors.Add("spec", null, "licence or remoteCode: one of the two");
        }

        if (RemoteCode is null && Revision is not null)
        {
            errors.Add("spec.revision", Revision, "no revision without remoteCode");
        }
    }
}

/// <summary>What a policy decides.</summary>
public static class LicenceDecisions
{
    public const string Allow = "allow";
    public const string Acceptance = "acceptance";
    public const string Deny = "deny";

    /// <summary>The mildest first.</summary>
    public static readonly IReadOnlyList<string> All = [Allow, Acceptance, Deny];
}

/// <summary>What can be said of a licence in a rule, and searched for.</summary>
public static class LicenceProperties
{
    /// <summary>Commercial use and passing on are allowed, with at most a notice to keep.</summary>
    public const string Permissive = "permissive";
    public const string NonCommercial = "non-commercial";
    public const string Threshold = "threshold";
    public const string Regions = "regions";
    public const string AcceptableUse = "acceptable-use";
    public const string Attribution = "attribution";
    public const string Outputs = "outputs";
    public const string Redistribution = "redistribution";

    /// <summary>The catalogue has no facts about it.</summary>
    public const string Unknown = "unknown";

    public static readonly IReadOnlyList<string> All = [Permissive, NonCommercial, Threshold, Regions, AcceptableUse, Attribution, Outputs, Redistribution, Unknown];
}
