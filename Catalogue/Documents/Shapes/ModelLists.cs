using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>What lists of models have in common.</summary>
internal static class ModelLists
{
    /// <summary>The document with models written out that stand as ids alone: <c>models: [llama3]</c>.</summary>
    public static DocumentNode Spelled(DocumentNode node) => node switch
    {
        MappingNode mapping => mapping with
        {
            Entries =
            [
                .. mapping.Entries.Select(entry => entry.Key switch
                {
                    "providers" => entry with { Value = Each(entry.Value, Spelled) },
                    "models" => entry with { Value = Each(entry.Value, OfId) },
                    _ => entry,
                }),
            ],
        },
        _ => node,
    };

    /// <summary>By what goes in and comes out; <c>null</c>: nothing is said.</summary>
    public static string? TypeOf(IReadOnlyList<string>? inputs, IReadOnlyList<string>? outputs)
    {
        var (takes, gives) = (inputs ?? [], outputs ?? []);
        return gives.Contains("embedding") || gives.Contains("embeddings") ? ModelTypes.Embedding
            : gives.Contains("video") ? ModelTypes.VideoGeneration
            : gives.Contains("image") && !gives.Contains("text") ? ModelTypes.ImageGeneration
            : gives.Contains("audio") && !gives.Contains("text") ? ModelTypes.TextToSpeech
            : takes.Contains("audio") && !takes.Contains("text") ? ModelTypes.SpeechToText
            : takes.Any(modality => modality is "image" or "audio" or "video" or "file") ? ModelTypes.Multimodal
            : takes.Count + gives.Count > 0 ? ModelTypes.Chat
            : null;
    }

    private static DocumentNode Each(DocumentNode node, Func<DocumentNode, DocumentNode> change) =>
        node is SequenceNode list ? list with { Items = [.. list.Items.Select(change)] } : node;

    private static DocumentNode OfId(DocumentNode node) =>
        node is ScalarNode { Kind: ScalarKind.Text } id ? new MappingNode(id.At, [new MappingEntry("id", id.At, id)]) : node;
}
