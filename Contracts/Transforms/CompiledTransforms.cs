using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>A provider's transforms, ready to run. What the Catalogue accepts and what a gateway runs is the same.</summary>
public sealed class CompiledTransforms
{
    /// <summary>Of all operations alike.</summary>
    public Expression? Error { get; private init; }

    public CompiledOperation? Chat { get; private init; }

    public CompiledOperation? Completions { get; private init; }

    public CompiledOperation? Embeddings { get; private init; }

    public CompiledOperation? Images { get; private init; }

    public CompiledOperation? Speech { get; private init; }

    /// <summary>
    /// Adds what can be no result wherever it is reached. For whoever applies it: a gateway takes it as it is, since a branch that is never reached does no harm.
    /// </summary>
    internal void CheckResults(FieldErrors errors)
    {
        if (Error is { } error)
        {
            ResultShape.Error.Check(error, errors, "spec.transforms.error");
        }

        foreach (var operation in new[] { Chat, Completions, Embeddings, Images, Speech })
        {
            operation?.CheckResults(errors);
        }
    }

    /// <param name="errors">Gets every mistake; what has one is <c>null</c> in the result.</param>
    public static CompiledTransforms Compile(ProviderTransforms transforms, FieldErrors errors)
    {
        const string field = "spec.transforms";
        if (transforms is { Chat: null, Completions: null, Embeddings: null, Images: null, Speech: null })
        {
            errors.Add(field, null, "one of chat, completions, embeddings, images, speech at least");
        }

        return new CompiledTransforms
        {
            Error = transforms.Error is { } error ? ExpressionRules.Compile(error, TransformScopes.Error, errors, field + ".error") : null,
            Chat = Operation(transforms.Chat, RequestShape.Chat, "chat"),
            Completions = Operation(transforms.Completions, RequestShape.Completions, "completions"),
            Embeddings = Operation(transforms.Embeddings, RequestShape.Embeddings, "embeddings"),
            Images = Operation(transforms.Images, RequestShape.Images, "images"),
            Speech = Operation(transforms.Speech, RequestShape.Speech, "speech"),
        };

        CompiledOperation? Operation(OperationTransform? transform, RequestShape shape, string name) =>
            transform is null ? null : CompiledOperation.Compile(transform, shape, $"{field}.{name}", errors);
    }
}
