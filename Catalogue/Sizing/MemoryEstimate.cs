using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>What one GPU holds while a model is served, in bytes, and where the figures are from.</summary>
/// <param name="Weights">Its share of the weights.</param>
/// <param name="Working">What the server works in: activations, CUDA graphs, buffers between GPUs.</param>
/// <param name="Cache">Its share of the KV cache for the tokens asked for.</param>
/// <param name="Usable">What the server may take of the GPU's memory.</param>
/// <param name="IsRough">The architecture is not known, so that the cache follows a rule of thumb.</param>
internal sealed record MemoryEstimate(ByteSize Weights, ByteSize Working, ByteSize Cache, ByteSize Usable, bool IsRough)
{
    public ByteSize Needed => new(Weights.Bytes + Working.Bytes + Cache.Bytes);

    public bool Fits => Needed <= Usable;
}

/// <summary>Reckons memory from a model's sizes.</summary>
/// <remarks>
/// A GPU holds its share of the weights; what the server works in; and keys and values for every token of every request that runs:
/// 2 × layers × KV heads × head size × bytes a number, KV heads divided among the GPUs. Layers with a sliding window keep that many
/// tokens only, layers with a state of constant size none, and multi-head latent attention keeps one narrow vector a layer and token,
/// whole on every GPU. docs/catalogue.md has the figures that models' own documentation gives beside these.
/// </remarks>
internal static class MemoryEstimator
{
    /// <summary>The share of a GPU's memory that servers take unless told otherwise (vLLM's <c>--gpu-memory-utilization</c>).</summary>
    public const double DefaultUtilization = 0.9;

    private const double Gigabyte = 1e9;

    /// <param name="gpus">Over how many GPUs one copy is split.</param>
    /// <param name="tokens">Tokens kept at once: the context of one request, times the requests that have all of it.</param>
    public static MemoryEstimate Estimate(ModelSpec model, ByteSize gpuMemory, int gpus, long tokens, double utilization = DefaultUtilization)
    {
        var weights = (double)(model.Weights?.Bytes ?? 0);
        var (perToken, fixedPart) = CacheOf(model, gpus, tokens);
        return new MemoryEstimate(
            new ByteSize((long)(weights / gpus)),
            new ByteSize((long)Working(model, weights / gpus, gpus)),
            new ByteSize((long)(perToken + fixedPart)),
            new ByteSize((long)(gpuMemory.Bytes * utilization)),
            IsRough(model));
    }

    /// <summary>Bytes that a further token takes on each of <paramref name="gpus"/> GPUs; 0 where no cache grows with the context.</summary>
    public static double BytesPerToken(ModelSpec model, int gpus) => KeepsCache(model) ? Growing(model, gpus) ?? 0 : 0;

    /// <summary>Whether the cache is reckoned from a rule of thumb, for want of the model's sizes.</summary>
    public static bool IsRough(ModelSpec model) => model.Weights is null || (KeepsCache(model) && Growing(model, 1) is null);

    private static (double Growing, double Fixed) CacheOf(ModelSpec model, int gpus, long tokens)
    {
        if (!KeepsCache(model))
        {
            return (0, 0);
        }

        if (Growing(model, gpus) is not { } perToken)
        {
            return (RuleOfThumb(model) * tokens / gpus, 0);
        }

        var architecture = model.Architecture!;
        var windowed = architecture is { FullLayers: { } full, Window: { } window, Layers: { } layers }
            ? (layers - full) * LayerBytes(architecture, gpus) * Math.Min(tokens, window)
            : 0;
        return (perToken * tokens, windowed);
    }

    private static double? Growing(ModelSpec model, int gpus) => model.Architecture switch
    {
        { Latent: { } latent, Layers: { } layers } architecture => (architecture.FullLayers ?? layers) * (double)latent * CacheBytes,
        { Layers: { } layers, KvHeads: not null, HeadSize: not null } architecture => (architecture.FullLayers ?? layers) * LayerBytes(architecture, gpus),
        _ => null,
    };

    /// <summary>Keys and values of a token in one layer. A head is not divided: with more GPUs than heads several hold the same one.</summary>
    private static double LayerBytes(ModelArchitecture architecture, int gpus) =>
        2.0 * Math.Ceiling((architecture.KvHeads ?? 0) / (double)gpus) * (architecture.HeadSize ?? 0) * CacheBytes;

    /// <summary>Within 20 % for Llama 3.1 8B and 70B: 0.375 GB × √(billions of parameters) for 8,192 tokens.</summary>
    private static double RuleOfThumb(ModelSpec model) =>
        0.375 * Gigabyte * Math.Sqrt(model.Parameters?.Billions ?? (model.Weights?.Gigabytes ?? 1) / 2) / 8192;

    private static bool KeepsCache(ModelSpec model) => model.ModelType is ModelTypes.Chat or ModelTypes.Multimodal && model.Architecture?.KvHeads != 0;

    /// <summary>What was seen of servers on GPUs of 24 to 80 GB, rounded up; a video of some seconds takes more than its model.</summary>
    private static double Working(ModelSpec model, double weights, int gpus) => (0.02 * weights) + (gpus > 1 ? 0.5 * Gigabyte : 0) + (model.ModelType switch
    {
        ModelTypes.VideoGeneration => 8 * Gigabyte,
        ModelTypes.ImageGeneration => 4 * Gigabyte,
        ModelTypes.Multimodal => 2 * Gigabyte,
        _ => Gigabyte,
    });

    /// <summary>Keys and values are of 16 bits, whatever the weights are, unless the server is told otherwise.</summary>
    private const int CacheBytes = 2;
}
