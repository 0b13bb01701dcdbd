using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>Which GPUs compute with which kinds of weights.</summary>
internal static class Precision
{
    /// <summary>Ampere: bf16, and the attention that vLLM is fast with.</summary>
    private const int Ampere = 80;

    /// <summary>Ada: fp8.</summary>
    private const int Ada = 89;

    /// <summary>Why a GPU cannot serve a model, whatever its memory; <c>null</c>: it can.</summary>
    public static string? WhyNot(ModelSpec model, Gpu gpu) => model switch
    {
        { Gpus: { Count: > 0 } gpus } when !gpus.Contains(gpu.Of ?? gpu.Id) => $"It runs on {string.Join(", ", gpus)} only, not on {gpu.Name}.",
        { Dtype: WeightTypes.Bf16 or WeightTypes.Ternary } when gpu.CapabilityNumber < Ampere =>
            $"{gpu.Name} (compute capability {gpu.Capability}) has no bf16, from 8.0 on; --dtype half works for many models, at a loss of range.",
        { Dtype: WeightTypes.Fp8 or WeightTypes.Int4 or WeightTypes.Mxfp4 } when gpu.CapabilityNumber < Ampere =>
            $"{gpu.Name} (compute capability {gpu.Capability}) has no kernels for {model.Dtype} weights, from 8.0 on.",
        _ => null,
    };

    /// <summary>What works, but not as well as it could.</summary>
    public static string? Note(ModelSpec model, Gpu gpu) => model switch
    {
        { Dtype: WeightTypes.Fp8 } when gpu.CapabilityNumber < Ada => $"{gpu.Name} computes with fp8 weights in 16 bits: it saves memory, not time.",
        { Engine: Engines.Vllm } when gpu.CapabilityNumber < Ampere => $"vLLM's fast attention starts at compute capability 8.0; {gpu.Name} has {gpu.Capability}.",
        _ => null,
    };
}
