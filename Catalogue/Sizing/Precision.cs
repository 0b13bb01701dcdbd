using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>Which GPUs compute with which kinds of weights.</summary>
internal static class Precision
{
    /// <summary>Turing: AWQ's kernels for weights of four bits.</summary>
    private const int Turing = 75;

    /// <summary>Ampere: bf16, and the attention that vLLM is fast with.</summary>
    private const int Ampere = 80;

    /// <summary>Ada: fp8.</summary>
    private const int Ada = 89;

    /// <summary>Why a GPU cannot serve a model, whatever its memory; <c>null</c>: it can.</summary>
    public static string? WhyNot(ModelSpec model, Gpu gpu) => model switch
    {
        { Gpus: { Count: > 0 } gpus } when !gpus.Contains(gpu.Of ?? gpu.Id) => $"It runs on {string.Join(", ", gpus)} only, not on {gpu.Name}.",
        { Dtype: WeightTypes.Bf16 or WeightTypes.Ternary } when gpu.CapabilityNumber < Ampere && !IsHalf(model) =>
            $"{gpu.Name} (compute capability {gpu.Capability}) has no bf16, from 8.0 on{(model.Engine == Engines.Vllm ? "; with --dtype: half in arguments many models do without, at a loss of range" : "")}.",
        { Dtype: WeightTypes.Int4 } when gpu.CapabilityNumber < Turing => NoKernels(model, gpu, "7.5"),
        { Dtype: WeightTypes.Fp8 or WeightTypes.Mxfp4 or WeightTypes.Nvfp4 } when gpu.CapabilityNumber < Ampere => NoKernels(model, gpu, "8.0"),
        _ => null,
    };

    private static string NoKernels(ModelSpec model, Gpu gpu, string from) => $"{gpu.Name} (compute capability {gpu.Capability}) has no kernels for {model.Dtype} weights, from {from} on.";

    /// <summary>Whether the server is told to compute in fp16, which every GPU does.</summary>
    private static bool IsHalf(ModelSpec model) => StartFlags.Text(model, "--dtype") is "half" or "float16";

    /// <summary>What works, but not as well as it could.</summary>
    public static string? Note(ModelSpec model, Gpu gpu) => model switch
    {
        { Dtype: WeightTypes.Fp8 } when gpu.CapabilityNumber < Ada => $"{gpu.Name} computes with fp8 weights in 16 bits: it saves memory, not time.",
        { Dtype: WeightTypes.Int4 } when gpu.CapabilityNumber < Ampere => $"On {gpu.Name} int4 weights run in the forms AWQ and GPTQ, and in fp16; the faster kernels start at compute capability 8.0.",
        { Engine: Engines.Vllm } when gpu.CapabilityNumber < Ampere => $"vLLM's fast attention starts at compute capability 8.0; {gpu.Name} has {gpu.Capability}.",
        _ => null,
    };
}
