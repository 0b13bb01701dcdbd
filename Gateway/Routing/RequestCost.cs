namespace Orrery.Gateway.Routing;

/// <summary>What a request would cost at one candidate, as far as that is known before anybody answers.</summary>
/// <param name="InputTokens">By the body's length, four bytes a token.</param>
/// <param name="OutputTokens">What the request allows; where it allows any number, what is usual.</param>
internal readonly record struct RequestCost(long InputTokens, double OutputTokens)
{
    private const int BytesPerToken = 4;

    /// <summary>Answered tokens where the request does not bound them.</summary>
    private const int UsualAnswer = 256;

    public static RequestCost Of(Exchange exchange) =>
        new(exchange.Call.Body.Length / BytesPerToken, (double)(exchange.Call.MaxTokens ?? UsualAnswer) * exchange.Call.Choices);

    /// <summary>In the operator's currency; <c>null</c>: the provider has declared no price.</summary>
    /// <remarks>A team's own server costs nothing more.</remarks>
    public double? At(Candidate candidate) => candidate is { InputPrice: null, OutputPrice: null }
        ? candidate.Provider.IsSelfHosted ? 0 : null
        : ((InputTokens * (candidate.InputPrice ?? 0)) + (OutputTokens * (candidate.OutputPrice ?? 0))) / 1_000;
}
