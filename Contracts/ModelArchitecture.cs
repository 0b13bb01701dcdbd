namespace Orrery.Contracts;

/// <summary>The sizes of a transformer that decide over the memory of its KV cache, and over how many GPUs it can be split.</summary>
public sealed record ModelArchitecture
{
    public int? Layers { get; init; }

    /// <summary>Attention heads; tensor parallelism divides them.</summary>
    public int? Heads { get; init; }

    /// <summary>Heads that have keys and values of their own; 0: it keeps no KV cache.</summary>
    public int? KvHeads { get; init; }

    /// <summary>The width of a head.</summary>
    public int? HeadSize { get; init; }

    /// <summary>Layers that keep the whole context, where not all do: the rest keeps <see cref="Window"/> tokens, or a state of constant size.</summary>
    public int? FullLayers { get; init; }

    /// <summary>Tokens that the layers with a sliding window keep.</summary>
    public int? Window { get; init; }

    /// <summary>Numbers that a layer keeps of a token in place of keys and values (multi-head latent attention).</summary>
    public int? Latent { get; init; }

    /// <summary>Routed experts of a mixture of experts.</summary>
    public int? Experts { get; init; }

    public void Validate(FieldErrors errors, string path)
    {
        RequireAtLeast(errors, $"{path}.layers", Layers, 1);
        RequireAtLeast(errors, $"{path}.heads", Heads, 1);
        RequireAtLeast(errors, $"{path}.kvHeads", KvHeads, 0);
        RequireAtLeast(errors, $"{path}.headSize", HeadSize, 1);
        RequireAtLeast(errors, $"{path}.fullLayers", FullLayers, 0);
        RequireAtLeast(errors, $"{path}.window", Window, 1);
        RequireAtLeast(errors, $"{path}.latent", Latent, 1);
        RequireAtLeast(errors, $"{path}.experts", Experts, 1);
        if (FullLayers > Layers)
        {
            errors.Add($"{path}.fullLayers", $"{FullLayers}", $"at most layers, which is {Layers}");
        }
    }

    private static void RequireAtLeast(FieldErrors errors, string path, int? value, int least)
    {
        if (value < least)
        {
            errors.Add(path, $"{value}", $"a whole number from {least}");
        }
    }
}
