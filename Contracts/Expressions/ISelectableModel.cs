using Orrery.Expressions;

namespace Orrery.Contracts.Expressions;

/// <summary>A model at one provider, as the expressions of routes see it: an element of <c>ai.models</c>.</summary>
public interface ISelectableModel
{
    /// <summary>The public id.</summary>
    string Id { get; }

    /// <summary>The provider's name.</summary>
    string ProviderId { get; }

    /// <summary>A map: the provider's metadata, and over it the model's own.</summary>
    Value Metadata { get; }

    /// <summary>Price of 1,000 prompt tokens; <c>null</c>: not known, as with all that follow.</summary>
    double? InputPrice { get; }

    /// <summary>Price of 1,000 answered tokens.</summary>
    double? OutputPrice { get; }

    int? ContextWindow { get; }

    int? MaxOutputTokens { get; }

    /// <summary>How soon it began to answer lately, in milliseconds.</summary>
    double? LatencyMs { get; }

    /// <summary>Requests on their way to the provider's servers.</summary>
    int InFlight { get; }

    /// <summary>A request could be sent there now.</summary>
    bool IsReady { get; }

    int Priority { get; }

    int Weight { get; }

    /// <summary>Its server is the operator's own.</summary>
    bool IsSelfHosted { get; }
}
