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

    /// <summary>Layers with a sliding window, where not all of the rest have one.</summary>
    public int? WindowLayers { get; init; }

    /// <summary>What the layers with a state of constant size keep of one request, all of them together.</summary>
    public ByteSize? State { get; init; }

    /// <summary>Numbers that a layer keeps of a token in place of keys and values (multi-head latent attention).</summary>
    public int? Latent { get; init; }

    /// <summary>Routed experts of a mixture of experts.</summary>
    public int? Experts { get; init; }

    /// <summary>Routed experts that take part in a token.</summary>
    public int? ActiveExperts { get; init; }

    /// <summary>Far below what any layer keeps: a state of nothing would take no memory for any number of requests.</summary>
    private const int LeastState = 64;

    public void Validate(FieldErrors errors, string path)
    {
        RequireBetween(errors, $"{path}.layers", Layers, 1, 10_000);
        RequireBetween(errors, $"{path}.heads", Heads, 1, 10_000);
        RequireBetween(errors, $"{path}.kvHeads", KvHeads, 0, 10_000);
        RequireBetween(errors, $"{path}.headSize", HeadSize, 1, 100_000);
        RequireBetween(errors, $"{path}.fullLayers", FullLayers, 0, 10_000);
        RequireBetween(errors, $"{path}.window", Window, 1, 100_000_000);
        RequireBetween(errors, $"{path}.windowLayers", WindowLayers, 0, 10_000);
        RequireBetween(errors, $"{path}.latent", Latent, 1, 100_000);
        RequireBetween(errors, $"{path}.experts", Experts, 1, 100_000);
        RequireBetween(errors, $"{path}.activeExperts", ActiveExperts, 1, 100_000);
        RequireAtMost(errors, $"{path}.fullLayers", FullLayers, "layers", Layers);
        RequireAtMost(errors, $"{path}.windowLayers", WindowLayers, "layers without fullLayers", Layers - (FullLayers ?? 0));
        RequireAtMost(errors, $"{path}.kvHeads", KvHeads, "heads", Heads);
        RequireAtMost(errors, $"{path}.activeExperts", ActiveExperts, "experts", Experts);
        if (Window is not null && FullLayers is null)
        {
            errors.Add($"{path}.fullLayers", null, "required with window: how many layers keep the whole context");
        }

        if (Latent is null && KvHeads > 0 && FullLayers == 0 && State is null && (Window is null || WindowLayers == 0))
        {
            errors.Add($"{path}.fullLayers", $"{FullLayers}", "1 or more, or what the layers keep instead: window or state", "A model of which nothing is kept would take no memory for any context.");
        }

        if (State is { } state && state.Bytes < LeastState * (Layers ?? 1L))
        {
            errors.Add($"{path}.state", $"{state}", $"what all such layers keep of a request: at least {LeastState} bytes a layer", "Leave it out where no layer keeps a state.");
        }

        if (Latent is not null && FullLayers == 0)
        {
            errors.Add($"{path}.fullLayers", "0", "1 or more with latent, which is what those layers keep of a token");
        }
    }

    /// <summary>The upper bounds are far above what any model has: they keep what is reckoned from them within reason.</summary>
    private static void RequireBetween(FieldErrors errors, string path, int? value, int least, int most)
    {
        if (value < least || value > most)
        {
            errors.Add(path, $"{value}", $"a whole number from {least} to {most}");
        }
    }

    private static void RequireAtMost(FieldErrors errors, string path, int? value, string name, int? most)
    {
        if (value > most)
        {
            errors.Add(path, $"{value}", $"at most {name}, which is {most}");
        }
    }
}
