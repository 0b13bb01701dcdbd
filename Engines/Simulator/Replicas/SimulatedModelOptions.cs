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

    /// <summary>What it was loaded from, as <c>/v1/models</c> tells; its id where absent.</summary>
    public string? Root { get; set; }

    /// <summary>LoRA adapters on top of it: asked by their own ids, served by its engine.</summary>
    public List<SimulatedAdapterOptions> Adapters { get; set; } = [];

    /// <summary>Changes to its profile, for this model alone.</summary>
    public ProfileOptions? Changes { get; set; }

    internal IEnumerable<string> Validate(string key, IReadOnlyCollection<string> profiles)
    {
        foreach (var (path, id) in Adapters.Select((adapter, index) => ($"{key}:Adapters:{index}:Id", adapter.Id)).Prepend(($"{key}:Id", Id)))
        {
            if (id.Length is 0 or > 256)
            {
                yield return $"{path} has {id.Length} characters; expected 1 to 256.";
            }
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

/// <summary>One LoRA adapter (<c>Simulator:Models:N:Adapters:N</c>).</summary>
public sealed class SimulatedAdapterOptions
{
    /// <summary>The name that requests use, 1 to 256 characters.</summary>
    public string Id { get; set; } = "";

    /// <summary>What it was loaded from, as <c>/v1/models</c> tells; its id where absent.</summary>
    public string? Path { get; set; }
}
