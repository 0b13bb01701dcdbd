using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>What one GPU holds while a model is served, in bytes, and where the figures are from.</summary>
/// <param name="Weights">Its share of the weights.</param>
/// <param name="Working">What the server works in: activations, CUDA graphs, buffers between GPUs.</param>
/// <param name="Cache">Its share of the KV cache for the tokens asked for, and of the requests' states.</param>
/// <param name="Usable">What may be planned of the GPU's memory.</param>
/// <param name="IsRough">The architecture is not known, so that the cache follows a rule of thumb.</param>
/// <param name="MostRequests">For how many requests there is room, where each keeps a state whatever its length; <c>null</c>: none does.</param>
internal sealed record MemoryEstimate(ByteSize Weights, ByteSize Working, ByteSize Cache, ByteSize Usable, bool IsRough, long? MostRequests = null)
{
    public ByteSize Needed => new(Weights.Bytes + Working.Bytes + Cache.Bytes);

    public bool Fits => Needed <= Usable;
}

/// <summary>Reckons memory from a model's sizes.</summary>
/// <remarks>
/// A GPU holds its share of the weights; what the server works in; and keys and values for every token of every request that runs:
/// 2 × layers × KV heads × head size × bytes a number, KV heads divided among the GPUs. Layers with a sliding window keep that many
/// tokens of each request only, layers with a state of constant size that state, and multi-head latent attention one narrow vector a layer
/// and token, whole on every GPU. Where GPUs share the experts only, each holds all else itself, and whole requests.
/// docs/catalogue.md has the figures that models' own documentation gives beside these.
/// </remarks>
internal static class MemoryEstimator
{
    /// <summary>The share of a GPU's memory that servers take unless told otherwise (vLLM's <c>--gpu-memory-utilization</c>).</summary>
    public const double DefaultUtilization = 0.9;

    /// <summary>The share of that which stays free: nothing here is measured, and a server that lacks a hundred megabytes does not start.</summary>
    private const double KeptFree = 0.02;

    private const double Gigabyte = 1e9;

    /// <summary>No sum of four such parts leaves the numbers: whatever does not fit by far is this much.</summary>
    private const double Most = long.MaxValue / 8.0;

    /// <summary>From here on vLLM reads 8,192 tokens of prompts at once, below 2,048.</summary>
    private static readonly ByteSize LargeGpu = ByteSize.FromGibibytes(70);

    /// <param name="gpus">Over how many GPUs one copy is split.</param>
    /// <param name="context">Tokens of one request.</param>
    /// <param name="concurrency">Requests that have all of their context at once.</param>
    public static MemoryEstimate Estimate(ModelSpec model, ByteSize gpuMemory, int gpus, long context, int concurrency = 1, double utilization = DefaultUtilization)
    {
        var weights = WeightsOnOne(model, gpus);
        var working = Working(model, weights, gpus);
        var usable = gpuMemory.Bytes * utilization * (1 - KeptFree);
        var cache = KeepsCache(model) ? CacheOf(model, gpuMemory, gpus, context, concurrency) : 0;
        return new MemoryEstimate(Size(weights), Size(working), Size(cache), Size(usable), IsRough(model), MostRequests(model, gpus, usable - weights - working));
    }

    /// <summary>Bytes that a further token of one request takes on each of <paramref name="gpus"/> GPUs; 0 where no cache grows with the context.</summary>
    public static double BytesPerToken(ModelSpec model, int gpus) => KeepsCache(model) ? Growing(model, SplitOf(model, gpus)) ?? RuleOfThumb(model) / gpus : 0;

    /// <summary>Whether the cache is reckoned from a rule of thumb, for want of the model's sizes.</summary>
    public static bool IsRough(ModelSpec model) => model.Weights is null || (KeepsCache(model) && Growing(model, 1) is null);

    private static ByteSize Size(double bytes) => new((long)Math.Clamp(bytes, 0, Most));

    /// <summary>Experts are shared out, all else is on each GPU, where that is how they are split.</summary>
    private static double WeightsOnOne(ModelSpec model, int gpus)
    {
        var all = (double)(model.Weights?.Bytes ?? 0) * (IsInFp32(model) && model.Dtype is WeightTypes.Bf16 or WeightTypes.Fp16 ? 2 : 1);
        var onEach = model.ExpertParallel == true ? OutsideExperts(model) : 0;
        return (all * onEach) + (all * (1 - onEach) / gpus);
    }

    /// <summary>The share of the weights that is in no routed expert: what a token uses, less the experts' part of that.</summary>
    private static double OutsideExperts(ModelSpec model)
    {
        if (model is not { Parameters.Billions: > 0 and var all, ActiveParameters.Billions: var active })
        {
            return 1;
        }

        var taken = model.Architecture is { Experts: { } experts, ActiveExperts: { } some } ? some / (double)experts : 0;
        return taken >= 1 ? 1 : Math.Clamp((active - (all * taken)) / (all * (1 - taken)), 0, 1);
    }

    /// <summary>Among how many GPUs the cache of one request is divided.</summary>
    private static int SplitOf(ModelSpec model, int gpus) => model.ExpertParallel == true ? 1 : gpus;

    private static double CacheOf(ModelSpec model, ByteSize gpuMemory, int gpus, long context, int concurrency)
    {
        var split = SplitOf(model, gpus);
        var requests = (double)(split == gpus ? concurrency : (concurrency + (long)gpus - 1) / gpus);
        if (Growing(model, split) is not { } perToken)
        {
            return RuleOfThumb(model) * context * requests / split;
        }

        var read = model.Engine != Engines.Vllm ? 0 : gpuMemory >= LargeGpu ? 8_192 : 2_048;
        return (perToken * context * requests) + Windowed(model, split, context, requests, read) + (StateOf(model, split) * requests);
    }

    /// <summary>Each request keeps its window; the one that is read just now also what is read of it at once.</summary>
    private static double Windowed(ModelSpec model, int split, long context, double requests, int read)
    {
        if (model.Architecture is not { FullLayers: { } full, Window: { } window, Layers: { } layers, Latent: null } architecture)
        {
            return 0;
        }

        var kept = Math.Min(context, window);
        var tokens = (kept * requests) + (Math.Min(context, (long)window + read) - kept);
        return (architecture.WindowLayers ?? layers - full) * LayerBytes(architecture, split, CacheBytes(model)) * tokens;
    }

    private static double StateOf(ModelSpec model, int split) => (model.Architecture?.State?.Bytes ?? 0) / (double)split;

    private static long? MostRequests(ModelSpec model, int gpus, double room) =>
        KeepsCache(model) && StateOf(model, SplitOf(model, gpus)) is > 0 and var state ? (long)Math.Max(0, room / state) : null;

    private static double? Growing(ModelSpec model, int split) => model.Architecture switch
    {
        { Latent: { } latent, Layers: { } layers } architecture => (architecture.FullLayers ?? layers) * (double)latent * CacheBytes(model),
        { Layers: { } layers, KvHeads: not null, HeadSize: not null } architecture => (architecture.FullLayers ?? layers) * LayerBytes(architecture, split, CacheBytes(model)),
        _ => null,
    };

    /// <summary>Keys and values of a token in one layer. A head is not divided: with more GPUs than heads several hold the same one.</summary>
    private static double LayerBytes(ModelArchitecture architecture, int split, int numberBytes) =>
        2.0 * Math.Ceiling((architecture.KvHeads ?? 0) / (double)split) * (architecture.HeadSize ?? 0) * numberBytes;

    /// <summary>Within 20 % for Llama 3.1 8B and 70B: 0.375 GB × √(billions of parameters) for 8,192 tokens.</summary>
    private static double RuleOfThumb(ModelSpec model) =>
        0.375 * Gigabyte * Math.Sqrt(model.Parameters?.Billions ?? (model.Weights?.Gigabytes ?? 1) / 2) / 8192;

    /// <summary>What writes text keeps a cache; of what reads speech or texts only what is a decoder, which vLLM treats alike.</summary>
    private static bool KeepsCache(ModelSpec model) => model.ModelType switch
    {
        ModelTypes.Chat or ModelTypes.Multimodal => model.Architecture is not { KvHeads: 0, Latent: null },
        ModelTypes.SpeechToText or ModelTypes.Embedding => model is { Engine: Engines.Vllm, ContextWindow: not null, Architecture.KvHeads: > 0 },
        _ => false,
    };

    /// <summary>What was seen of servers on GPUs of 24 to 80 GB, rounded up; a video of some seconds takes more than its model.</summary>
    private static double Working(ModelSpec model, double weights, int gpus) => (0.02 * weights) + (gpus > 1 ? 0.5 * Gigabyte : 0) + (model.ModelType switch
    {
        ModelTypes.VideoGeneration => 8 * Gigabyte,
        ModelTypes.ImageGeneration => 4 * Gigabyte,
        ModelTypes.Multimodal => 2 * Gigabyte,
        _ => Gigabyte,
    });

    /// <summary>Keys and values are of 16 bits, whatever the weights are, unless the server is told otherwise.</summary>
    private static int CacheBytes(ModelSpec model) => StartFlags.Text(model, "--kv-cache-dtype") switch
    {
        { } type when type.StartsWith("fp8", StringComparison.Ordinal) => 1,
        null or "auto" when IsInFp32(model) => 4,
        _ => 2,
    };

    /// <summary>Whether the server is told to compute in 32 bits: it holds the weights so then, and the cache with them.</summary>
    private static bool IsInFp32(ModelSpec model) => StartFlags.Text(model, "--dtype") is "float32" or "float";
}
