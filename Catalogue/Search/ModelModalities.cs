using Orrery.Contracts;

namespace Orrery.Catalogue.Search;

/// <summary>What a model takes and gives: as it says, or as its type has it.</summary>
internal static class ModelModalities
{
    public static IReadOnlyList<string> InputsOf(ModelSpec model) => model.Inputs ?? model.ModelType switch
    {
        ModelTypes.Multimodal => [ModalityNames.Text, ModalityNames.Image],
        ModelTypes.SpeechToText => [ModalityNames.Audio],
        _ => [ModalityNames.Text],
    };

    public static IReadOnlyList<string> OutputsOf(ModelSpec model) => model.Outputs ?? model.ModelType switch
    {
        ModelTypes.TextToSpeech => [ModalityNames.Audio],
        ModelTypes.ImageGeneration => [ModalityNames.Image],
        ModelTypes.VideoGeneration => [ModalityNames.Video],
        ModelTypes.Embedding => [],
        _ => [ModalityNames.Text],
    };
}
