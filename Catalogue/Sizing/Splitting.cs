using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>Over how many GPUs a copy of a model can be split, and why not.</summary>
internal static class Splitting
{
    private static readonly int[] Degrees = [1, 2, 4, 8, 16];

    /// <summary>The degrees that are worth a try on <paramref name="gpus"/> GPUs, the smallest first: what nearly all models can be split over, and all that there are.</summary>
    public static IEnumerable<int> Of(int gpus) => Degrees.Where(degree => degree < gpus).Append(gpus);

    /// <summary>Why <paramref name="gpus"/> GPUs cannot hold one copy together; <c>null</c>: they can.</summary>
    public static string? WhyNot(ModelSpec model, int gpus, Gpu? gpu = null)
    {
        if (gpus == 1)
        {
            return null;
        }

        if (gpu is { IsPart: true })
        {
            return $"a model is not split over parts of GPUs ({gpu.Name}): they do not speak to each other";
        }

        if (model.Engine is not (Engines.Vllm or Engines.Transformers))
        {
            return $"engine {model.Engine} runs a model on one GPU, not on {gpus}";
        }

        if (model.Engine == Engines.Transformers)
        {
            return null; // Layer by layer, one GPU after the other: no head is divided.
        }

        if (model.MaxTensorParallel is { } most && gpus > most && model.ExpertParallel != true)
        {
            return $"its weights can be split over at most {most} GPUs, not over {gpus}";
        }

        return model.ExpertParallel != true ? WhyNot(model.Architecture, gpus)
            : model.Architecture?.Experts is { } experts && experts % gpus != 0 ? $"its {experts} experts cannot be divided by {gpus} GPUs"
            : null;
    }

    private static string? WhyNot(ModelArchitecture? architecture, int gpus) => architecture switch
    {
        { Heads: { } heads } when heads % gpus != 0 => $"its {heads} attention heads cannot be divided by {gpus} GPUs",
        { KvHeads: > 0 and var heads } when heads % gpus != 0 && gpus % heads != 0 => $"its {heads} KV heads and {gpus} GPUs: neither divides the other",
        { Heads: null } or null when !int.IsPow2(gpus) => $"its attention heads are not known here; {gpus} GPUs are no power of two, which nearly all models want",
        _ => null,
    };
}
