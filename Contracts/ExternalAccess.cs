namespace Orrery.Contracts;

/// <summary>What callers from outside may do with a provider. Callers with access keys are external.</summary>
public sealed record ExternalAccess
{
    /// <summary>Whether they may use it at all. Required where externalAccess stands.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Tokens that all of them together may use from midnight to midnight UTC.</summary>
    public long? MaxTokensPerDay { get; init; }

    internal void Validate(FieldErrors errors)
    {
        if (Enabled is null)
        {
            errors.Add("spec.externalAccess.enabled", null, "required: true or false", "Leave externalAccess out where every access key may use the provider.");
        }

        ProviderBudgets.RequireTokens(errors, "spec.externalAccess.maxTokensPerDay", MaxTokensPerDay);
    }
}

/// <summary>A provider's token budgets as limits.</summary>
public static class ProviderBudgets
{
    /// <summary>What all callers together may use: the declared limits, and the tokens of a day.</summary>
    public static Limits? LimitsOf(ModelProviderSpec spec) =>
        spec.MaxTokensPerDay is not { } tokens ? spec.Limits
        : (spec.Limits ?? new Limits()) with { Tokens = [.. spec.Limits?.Tokens ?? [], WindowLimit.PerDay(tokens)] };

    /// <summary>What external callers together may use of it; <c>null</c>: as much as all.</summary>
    public static Limits? ExternalLimitsOf(ModelProviderSpec spec) =>
        spec.ExternalAccess?.MaxTokensPerDay is { } tokens ? new Limits { Tokens = [WindowLimit.PerDay(tokens)] } : null;

    internal static void Validate(ModelProviderSpec spec, FieldErrors errors)
    {
        RequireTokens(errors, "spec.maxTokensPerDay", spec.MaxTokensPerDay);
        RequireTokens(errors, "spec.maxTokensPerRequest", spec.MaxTokensPerRequest);
        if (spec.MaxTokensPerDay is { } tokens && spec.Limits?.Tokens?.Any(window => window.Calendar) is true)
        {
            errors.Add("spec.maxTokensPerDay", $"{tokens}", "a day's tokens that are limited once; limits.tokens limits the calendar day too", "Keep one of the two.");
        }

        spec.ExternalAccess?.Validate(errors);
    }

    internal static void RequireTokens(FieldErrors errors, string path, long? tokens)
    {
        if (tokens is < 1 or > WindowLimit.Most)
        {
            errors.Add(path, $"{tokens}", $"a number of tokens from 1 to {WindowLimit.Most}");
        }
    }
}
