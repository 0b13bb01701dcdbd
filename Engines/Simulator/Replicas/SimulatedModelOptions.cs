namespace Orrery.Simulator.Replicas;

/// <summary>One served model (<c>Simulator:Models:N</c>).</summary>
public sealed class SimulatedModelOptions
{
    public static readonly IReadOnlyList<string> Types = ["chat", "multimodal", "embedding"];

    /// <summary>The name that requests use, 1 to 256 characters.</summary>
    public string Id { get; set; } = "";

    /// <summary>chat, multimodal (chat with images) or embedding.</summary>
    public string Type { get; set; } = "chat";

    /// <summary>Tokens of prompt and answer together. 16 to 10,000,000.</summary>
    public int ContextWindow { get; set; } = 32_768;

    /// <summary>A preset's name: 8b, 70b, embedding, instant, or one of <c>Simulator:Profiles</c>.</summary>
    public string Profile { get; set; } = "8b";

    /// <summary>Length of an embedding's vector. 1 to 16,384.</summary>
    public int Dimensions { get; set; } = 1_024;

    /// <summary>Changes to its profile, for this model alone.</summary>
    public ProfileOptions? Changes { get; set; }

    internal IEnumerable<string> Validate(string key, IReadOnlyCollection<string> profiles)
    {
        if (Id.Length is 0 or > 256)
        {
            yield return $"{key}:Id has {Id.Length} characters; expected 1 to 256.";
        }

        if (!Types.Contains(Type))
        {
            yield return $"{key}:Type is '{Type}'; expected one of {string.Join(", ", Types)}.";
        }

        if (ContextWindow is < 16 or > 10_000_000)
        {
            yield return $"{key}:ContextWindow is {ContextWindow}; expected 16 to 10000000.";
        }

        if (Dimensions is < 1 or > 16_384)
        {
            yield return $"{key}:Dimensions is {Dimensions}; expected 1 to 16384.";
        }

        if (!profiles.Contains(Profile, StringComparer.OrdinalIgnoreCase))
        {
            yield return $"{key}:Profile is '{Profile}'; expected one of {string.Join(", ", profiles)}.";
        }

        foreach (var fault in Changes?.Validate($"{key}:Changes") ?? [])
        {
            yield return fault;
        }
    }
}
