using System.Globalization;
using System.Text.Json;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>How much the model is to think, and how long all it says may be: the one counts towards the other.</summary>
/// <param name="MaxTokens">The Messages API demands a limit; without the client's it is the model's, else <see cref="DefaultMaxTokens"/>.</param>
/// <param name="Kind"><c>thinking.type</c>; <c>null</c>: nothing is said about thinking.</param>
/// <param name="Budget">For <c>enabled</c>: how many tokens it may think.</param>
/// <param name="Effort">For <c>adaptive</c>: <c>output_config.effort</c>.</param>
internal readonly record struct ThinkingWish(long MaxTokens, string? Kind = null, long Budget = 0, string? Effort = null)
{
    public const int DefaultMaxTokens = 4_096;

    /// <summary>The API's own lower bound.</summary>
    private const int LeastBudget = 1_024;

    public static ThinkingWish Read(MessagesRequest request, Candidate candidate, out SendError? error)
    {
        error = null;
        var limit = Limit(request, ChatField.MaxCompletionTokens) ?? Limit(request, ChatField.MaxTokens);
        var room = candidate.MaxOutputTokens ?? DefaultMaxTokens;
        if (request.Fields[ChatField.Thinking].IsPresent)
        {
            error = request.Fields[ChatField.ReasoningEffort].IsPresent
                ? request.Refuse("reasoning_effort", "'reasoning_effort' and 'thinking' are both there; expected one of them.")
                : null;
            return new ThinkingWish(limit ?? (candidate.MaxOutputTokens is null ? room + BudgetOf(request.Value(ChatField.Thinking)) : room));
        }

        if (!request.Fields[ChatField.ReasoningEffort].IsPresent)
        {
            return new ThinkingWish(limit ?? room);
        }

        var value = request.Value(ChatField.ReasoningEffort);
        var effort = JsonBytes.IsString(value) ? JsonBytes.Text(value) : "";
        if (effort == "none")
        {
            return new ThinkingWish(limit ?? room, "disabled");
        }

        var budget = BudgetFor(effort);
        if (budget == 0)
        {
            error = request.Wrong("reasoning_effort", request.Fields[ChatField.ReasoningEffort], "none, minimal, low, medium, high, xhigh or max");
            return default;
        }

        return !TakesBudget(candidate.UpstreamId) ? new ThinkingWish(limit ?? room, "adaptive", Effort: effort == "minimal" ? "low" : effort)
            : limit is null && candidate.MaxOutputTokens is null ? new ThinkingWish(room + budget, "enabled", budget)
            : WithBudget(limit ?? room, budget);
    }

    /// <summary>
    /// Models before Claude 4.6 are given a number of tokens to think; later ones an effort, and they refuse the number. The API
    /// does not tell which is which, so the id does.
    /// </summary>
    public static bool TakesBudget(string model)
    {
        if (model.Contains("claude-3", StringComparison.Ordinal))
        {
            return true;
        }

        var four = model.IndexOf("-4", StringComparison.Ordinal);
        if (four < 0)
        {
            return false;
        }

        var rest = model.AsSpan(four + 2);
        return rest.IsEmpty || rest[0] == '@' || rest.StartsWith("-20") || (rest[0] == '-' && rest.Length > 1 && rest[1] is '0' or '1' or '5' && (rest.Length == 2 || !char.IsAsciiDigit(rest[2])));
    }

    /// <summary>At most half of the limit, so that there is room for an answer; too little to think with means none.</summary>
    private static ThinkingWish WithBudget(long limit, long budget)
    {
        budget = Math.Min(budget, limit / 2);
        return budget < LeastBudget ? new ThinkingWish(limit) : new ThinkingWish(limit, "enabled", budget);
    }

    private static long BudgetFor(string effort) => effort switch
    {
        "minimal" or "low" => LeastBudget,
        "medium" => 4_096,
        "high" => 16_384,
        "xhigh" or "max" => 32_768,
        _ => 0,
    };

    /// <remarks>Intake has looked: it is a whole number, or null.</remarks>
    private static long? Limit(MessagesRequest request, ChatField field) =>
        request.Fields[field].IsPresent ? long.Parse(request.Value(field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;

    private static long BudgetOf(ReadOnlySpan<byte> thinking)
    {
        var reader = JsonBytes.Reader(thinking);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("budget_tokens"u8))
            {
                reader.Read();
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var budget) ? budget : 0;
            }
        }

        return 0;
    }
}
