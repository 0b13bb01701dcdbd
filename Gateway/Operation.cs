using System.Text;
using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>What a client asks a model to do, and everything that follows from that alone.</summary>
internal sealed class Operation
{
    public static readonly Operation Chat = new(0, "chat", "chat/completions")
    {
        InputField = "messages",
        Input = InputShapes.Array,
        ModelTypesTaken = [ModelTypes.Chat, ModelTypes.Multimodal],
        HasStreamOptions = true,
        AnswersWithChoices = true,
    };

    public static readonly Operation Completion = new(1, "text_completion", "completions")
    {
        InputField = "prompt",
        ModelTypesTaken = [ModelTypes.Chat, ModelTypes.Multimodal],
        HasStreamOptions = true,
        AnswersWithChoices = true,
    };

    public static readonly Operation Embeddings = new(2, "embeddings", "embeddings") { InputField = "input", ModelTypesTaken = [ModelTypes.Embedding] };

    public static readonly Operation ImageGeneration = new(3, "image_generation", "images/generations")
    {
        InputField = "prompt",
        Input = InputShapes.Text,
        ModelTypesTaken = [ModelTypes.ImageGeneration],
        Answer = AnswerShape.AsItComes,
        Twins = ["/v1/generations/images"],
    };

    /// <remarks>Cohere's and Jina's shape, as vLLM serves it; documents may be an object there (<c>{"content": […]}</c>). Cohere's clients call <c>/v2/rerank</c>, others <c>/rerank</c>.</remarks>
    public static readonly Operation Rerank = new(4, "rerank", "rerank")
    {
        InputField = "documents",
        Input = InputShapes.Array | InputShapes.Object,
        ModelTypesTaken = [ModelTypes.Embedding],
        Twins = ["/rerank", "/v2/rerank"],
    };

    /// <remarks>vLLM's: the two texts stand in one of several pairs of fields (<c>text_1</c> and <c>text_2</c>, <c>queries</c> and <c>documents</c>, …), which it checks itself.</remarks>
    public static readonly Operation Score = new(5, "score", "score") { ModelTypesTaken = [ModelTypes.Embedding], Twins = ["/score"] };

    public static readonly Operation Speech = new(6, "speech", "audio/speech")
    {
        InputField = "input",
        Input = InputShapes.Text,
        ModelTypesTaken = [ModelTypes.TextToSpeech],
        Answer = AnswerShape.AsItComes,
    };

    public static readonly Operation Transcription = new(7, "transcription", "audio/transcriptions")
    {
        InputField = "file",
        IsForm = true,
        ModelTypesTaken = [ModelTypes.SpeechToText, ModelTypes.Multimodal],
        Answer = AnswerShape.AsItComes,
    };

    public static readonly Operation Translation = new(8, "translation", "audio/translations")
    {
        InputField = "file",
        IsForm = true,
        ModelTypesTaken = [ModelTypes.SpeechToText, ModelTypes.Multimodal],
        Answer = AnswerShape.AsItComes,
    };

    /// <remarks>Its answer is a job, which is asked for again: docs/videos.md.</remarks>
    public static readonly Operation VideoGeneration = new(9, "video_generation", "videos")
    {
        InputField = "prompt",
        Input = InputShapes.Text,
        MayBeForm = true,
        ModelTypesTaken = [ModelTypes.VideoGeneration],
        Twins = ["/v1/video/generations", "/v1/generations/videos"],
    };

    public static readonly IReadOnlyList<Operation> All = [Chat, Completion, Embeddings, ImageGeneration, Rerank, Score, Speech, Transcription, Translation, VideoGeneration];

    /// <summary>How many tokens a chat's prompt is. vLLM's path; other engines are not asked for it, and other APIs have paths of their own.</summary>
    public static readonly Operation TokenCount = new(-1, "count_tokens", "/tokenize")
    {
        InputField = "messages",
        Input = InputShapes.Array,
        ModelTypesTaken = Chat.ModelTypesTaken,
        Answer = AnswerShape.AsItComes,
    };

    /// <summary>A path of the engine's own that an operator has opened; its model may be of any type.</summary>
    /// <param name="path">From the server's root, with its slash.</param>
    public static Operation PassThrough(string path) => new(-1, "pass_through", path) { ModelTypesTaken = ModelTypes.All, Answer = AnswerShape.AsItComes, IsPassThrough = true };

    private Operation(int index, string name, string path) => (Index, Name, Path) = (index, name, path);

    /// <summary>Its place in <see cref="All"/>, for tables made once per endpoint; below 0 it has none.</summary>
    public int Index { get; }

    /// <summary>Its path is from the server's root.</summary>
    public bool IsRooted => Index < 0;

    /// <summary>The GenAI conventions' operation name, where they have one.</summary>
    public string Name { get; }

    /// <summary>Below <c>/v1/</c>, here and at the engine. Of one that <see cref="IsRooted"/>: from the root, with its slash.</summary>
    public string Path { get; }

    public bool IsPassThrough { get; private init; }

    /// <summary>Other paths of the same operation. Those below <c>/v1/</c> are served below <c>/api/v1/ai/</c> too.</summary>
    public IReadOnlyList<string> Twins { get; private init; } = [];

    /// <summary>The body's field that holds what the model is to work on; empty where the engine knows better.</summary>
    public string InputField { get; private init => (field, InputFieldUtf8) = (value, Encoding.UTF8.GetBytes(value)); } = "";

    public byte[] InputFieldUtf8 { get; private init; } = [];

    public InputShapes Input { get; private init; } = InputShapes.Text | InputShapes.Array;

    public IReadOnlyList<string> ModelTypesTaken { get; private init; } = [];

    /// <summary>The body is <c>multipart/form-data</c> and not JSON.</summary>
    public bool IsForm { get; private init; }

    /// <summary>The body may be <c>multipart/form-data</c> too, and what its fields say is kept.</summary>
    public bool MayBeForm { get; private init; }

    public AnswerShape Answer { get; private init; }

    /// <summary>An answer without an entry in <c>choices</c> answers nothing.</summary>
    public bool AnswersWithChoices { get; private init; }

    /// <summary>Its answer may be a stream of events.</summary>
    public bool MayStream => HasStreamOptions || Answer == AnswerShape.AsItComes;

    /// <summary>A stream of it has <c>stream_options</c>, by which usage can be asked for.</summary>
    public bool HasStreamOptions { get; private init; }
}

/// <summary>The JSON values that an input may be.</summary>
[Flags]
internal enum InputShapes
{
    Text = 1,
    Array = 2,
    Object = 4,
}

/// <summary>What an answer looks like.</summary>
internal enum AnswerShape
{
    /// <summary>A JSON object; chunks and <c>[DONE]</c> where a stream was asked for.</summary>
    Json,

    /// <summary>What the engine says that it is: JSON, events that name their type, or bytes of any kind.</summary>
    AsItComes,
}
