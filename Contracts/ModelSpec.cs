namespace Orrery.Contracts;

/// <summary>A model that applications may name, whoever serves it.</summary>
public sealed partial record ModelSpec
{
    /// <summary>The public id, as applications write it in <c>model</c>. May hold slashes and dots: <c>Qwen/Qwen3-8B</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The display name; the id where absent.</summary>
    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>What it does, and so which endpoints take it. One of <see cref="ModelTypes.All"/>.</summary>
    public required string ModelType { get; init; }

    /// <summary>Other names under which the same model is called.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>Tokens of prompt and answer together, at most. Absent: not known.</summary>
    public int? ContextWindow { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>In which order its providers are asked. One of <see cref="RoutingStrategies.All"/>; absent: by priority.</summary>
    public string? Strategy { get; init; }

    /// <summary>What all callers together may use of it.</summary>
    public Limits? Limits { get; init; }

    public void Validate(FieldErrors errors)
    {
        RequireModelId(errors, "spec.id", Id);
        if (Id.StartsWith('-'))
        {
            errors.Add("spec.id", Id, "an id that begins with no dash: the server is told it, and would take it for a flag");
        }

        errors.RequireOneOf("spec.modelType", ModelType, ModelTypes.All);
        for (var i = 0; i < Aliases?.Count && i < MostInAList; i++)
        {
            RequireModelId(errors, $"spec.aliases[{i}]", Aliases[i]);
        }

        if (Strategy is not null)
        {
            errors.RequireOneOf("spec.strategy", Strategy, RoutingStrategies.All);
        }

        if (ContextWindow is < 1)
        {
            errors.Add("spec.contextWindow", $"{ContextWindow}", "a number of tokens above 0");
        }

        Limits?.Validate(errors, "spec.limits");
        ValidateEntry(errors);
    }

    internal static void RequireModelId(FieldErrors errors, string path, string? id)
    {
        if (string.IsNullOrWhiteSpace(id) || id.Length > 256 || id.Any(char.IsControl) || id != id.Trim())
        {
            errors.Add(path, id, "1 to 256 characters without control characters or surrounding blanks");
        }
        else if (id == "export" || id.Split('/').Any(part => part is "." or ".."))
        {
            errors.Add(path, id, "an id that can be part of an address: no '.' and no '..' between slashes, and not 'export'", "GET /models/{id} could not name it.");
        }
    }
}

/// <summary>What a model does. An endpoint takes models of its types only; another type is a 400 that names both.</summary>
public static class ModelTypes
{
    public const string Chat = "chat";
    public const string Multimodal = "multimodal";
    public const string Embedding = "embedding";
    public const string TextToSpeech = "text_to_speech";
    public const string SpeechToText = "speech_to_text";
    public const string ImageGeneration = "image_generation";
    public const string VideoGeneration = "video_generation";

    public static readonly IReadOnlyList<string> All =
        [Chat, Multimodal, Embedding, TextToSpeech, SpeechToText, ImageGeneration, VideoGeneration];
}
