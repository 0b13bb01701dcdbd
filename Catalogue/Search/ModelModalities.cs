using Orrery.Contracts;

namespace Orrery.Catalogue.Search;

/// <summary>What a model takes and gives: as it says, or as its type has it.</summary>
internal static class ModelModalities
{
    public static IReadOnlyList<string> InputsOf(ModelSpec model) => model.Inputs ?? model.ModelType switch
    {
        ModelTypes.Multimodal => [Modalities.Text, Modalities.Image],
        ModelTypes.SpeechToText => [Modalities.Audio],
        _ => [Modalities.Text],
    };

    public static IReadOnlyList<string> OutputsOf(ModelSpec model) => model.Outputs ?? model.ModelType switch
    {
        ModelTypes.TextToSpeech => [Modalities.Audio],
        ModelTypes.ImageGeneration => [Modalities.Image],
        ModelTypes.VideoGeneration => [Modalities.Video],
        ModelTypes.Embedding => [],
        _ => [Modalities.Text],
    };
}
