using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Catalogue.Accounting;

/// <summary>What an event must be to be recorded. A batch with one that is not is refused whole, so that nothing is half acknowledged.</summary>
internal static partial class UsageRules
{
    public const int MaxEvents = 1_000;
    private const int MaxCharacters = 512;
    private static readonly string[] Outcomes = [UsageOutcomes.Completed, UsageOutcomes.Refused, UsageOutcomes.UpstreamError, UsageOutcomes.ClientLeft];

    public static Refusal? Check(UsageBatch? batch)
    {
        if (batch?.Events is not { Count: > 0 and <= MaxEvents })
        {
            return new Refusal(
                StatusCodes.Status400BadRequest,
                "Batch refused",
                $"'events' holds {batch?.Events?.Count ?? 0} events; expected 1 to {MaxEvents}. Post the rest in further batches.");
        }

        var errors = new FieldErrors();
        for (var i = 0; i < batch.Events.Count; i++)
        {
            Check($"events[{i}]", batch.Events[i], errors);
        }

        return errors.Any ? new Refusal(StatusCodes.Status400BadRequest, "Batch refused", "Nothing was recorded. See 'errors'.", [.. errors.All.Take(20)]) : null;
    }

    private static void Check(string path, UsageEvent? usage, FieldErrors errors)
    {
        if (usage is null)
        {
            errors.Add(path, null, "an event");
            return;
        }

        errors.RequireName($"{path}.namespace", usage.Namespace);
        errors.RequireOneOf($"{path}.outcome", usage.Outcome, Outcomes);
        foreach (var (name, value, isRequired) in new[]
        {
            ("key", usage.Key, true), ("requestId", usage.RequestId, true), ("operation", usage.Operation, true),
            ("model", usage.Model, true), ("provider", usage.Provider, false),
        })
        {
            if (value is null ? isRequired : value.Length is 0 or > MaxCharacters || value.Any(char.IsControl))
            {
                errors.Add($"{path}.{name}", value, $"1 to {MaxCharacters} characters without control characters");
            }
        }

        if (usage.TraceId is { } trace && !TraceId.IsMatch(trace))
        {
            errors.Add($"{path}.traceId", trace, "32 lower-case hex digits");
        }

        foreach (var (name, value) in new[] { ("promptTokens", usage.PromptTokens), ("completionTokens", usage.CompletionTokens), ("cachedTokens", usage.CachedTokens) })
        {
            if (value < 0)
            {
                errors.Add($"{path}.{name}", value.ToString(System.Globalization.CultureInfo.InvariantCulture), "0 or more");
            }
        }
    }

    [GeneratedRegex(@"^[0-9a-f]{32}\z")]
    private static partial Regex TraceId { get; }
}
