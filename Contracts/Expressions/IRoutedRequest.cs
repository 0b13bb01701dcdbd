using Orrery.Expressions;

namespace Orrery.Contracts.Expressions;

/// <summary>A request as the expressions of routes see it: <c>request</c>. Read when an expression asks, each member at most once.</summary>
public interface IRoutedRequest
{
    /// <summary>As the client wrote it.</summary>
    string Model { get; }

    /// <summary>A list of strings: the body's <c>models</c>.</summary>
    Value Models { get; }

    /// <summary>What is asked of the model: <c>chat</c>, <c>embeddings</c>, …</summary>
    string Operation { get; }

    string Path { get; }

    /// <summary>A map of strings by names in small letters, without those that carry credentials.</summary>
    Value Headers { get; }

    /// <summary>A list of strings: those of the key, of its team, and those that the request brings.</summary>
    Value Tags { get; }

    /// <summary>Tokens of the prompt, estimated from its text.</summary>
    long InputTokens { get; }

    /// <summary>A list of strings; see <see cref="RouteModalities"/>.</summary>
    Value Modalities { get; }

    bool Stream { get; }

    long? MaxTokens { get; }

    /// <summary>The JSON body as a map; <c>null</c> where there is none.</summary>
    Value Body { get; }
}
