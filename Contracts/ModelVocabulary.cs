namespace Orrery.Contracts;

/// <summary>The shelves of the catalogue.</summary>
public static class ModelCategories
{
    public const string Llm = "llm";
    public const string Multimodal = "multimodal";
    public const string Embedding = "embedding";
    public const string Audio = "audio";
    public const string Video = "video";
    public const string Image = "image";
    public const string Nlp = "nlp";

    public static readonly IReadOnlyList<string> All = [Llm, Multimodal, Embedding, Audio, Video, Image, Nlp];

    /// <summary>Where a model of this type stands unless it says otherwise.</summary>
    public static string Of(string modelType) => modelType switch
    {
        ModelTypes.Multimodal => Multimodal,
        ModelTypes.Embedding => Embedding,
        ModelTypes.TextToSpeech or ModelTypes.SpeechToText => Audio,
        ModelTypes.ImageGeneration => Image,
        ModelTypes.VideoGeneration => Video,
        _ => Llm,
    };
}

/// <summary>What an image of the catalogue is built around.</summary>
public static class ServingEngines
{
    public static readonly IReadOnlyList<string> All =
        [Engines.Vllm, Engines.Transformers, Engines.Whisper, Engines.TtsEngine, Engines.VideoEngine, Engines.Custom];

    public const string Sglang = "sglang";
    public const string Tgi = "tgi";
    public const string TrtLlm = "trt-llm";

    /// <summary>Servers that can stand in for vLLM.</summary>
    public static readonly IReadOnlyList<string> Alternatives = [Sglang, Tgi, TrtLlm];
}

/// <summary>What a weight is stored as.</summary>
public static class WeightTypes
{
    public const string Bf16 = "bf16";
    public const string Fp16 = "fp16";
    public const string Fp32 = "fp32";
    public const string Fp8 = "fp8";
    public const string Int4 = "int4";
    public const string Mxfp4 = "mxfp4";
    public const string Nvfp4 = "nvfp4";
    public const string Ternary = "ternary";
    public const string Onnx = "onnx";

    public static readonly IReadOnlyList<string> All = [Bf16, Fp16, Fp32, Fp8, "int8", Int4, Mxfp4, Nvfp4, Ternary, Onnx];
}

/// <summary>What a model takes and gives.</summary>
public static class ModalityNames
{
    public const string Text = "text";
    public const string Image = "image";
    public const string Audio = "audio";
    public const string Video = "video";

    public static readonly IReadOnlyList<string> All = [Text, Image, Audio, Video];
}
