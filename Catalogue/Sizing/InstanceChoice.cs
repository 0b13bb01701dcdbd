using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>An instance on which a model fits, or that its entry names all the same.</summary>
/// <param name="Fit">On how many of its GPUs, with which context; <c>null</c>: on none of them.</param>
internal sealed record InstanceOption(Instance Instance, Fit? Fit)
{
    /// <summary>What to know of it: one sentence each.</summary>
    public IEnumerable<string> Notes =>
    [
        .. Fit?.Reasons ?? [],
        .. InstanceChoice.IsSlow(Fit) ? [$"{Fit!.Gpus} GPUs that speak over the PCI bus alone wait for each other: what has faster links comes first."] : (string[])[],
    ];
}

/// <summary>What to look for in an instance, besides that the model fits.</summary>
/// <param name="Parts">Whether a part of a GPU will do.</param>
/// <param name="Gpu">Only this kind of GPU.</param>
/// <param name="Count">Only exactly so many GPUs.</param>
internal sealed record InstanceQuestion(FitQuestion Fit, bool Parts = false, string? Gpu = null, int? Count = null);

/// <summary>Chooses instances: the cheapest that serves enough context, then the cheapest that serve less of it.</summary>
internal static class InstanceChoice
{
    /// <summary>Weights are read through memory while they are loaded; more than this of them never lies there at once.</summary>
    private static readonly ByteSize LoadedAtOnce = ByteSize.FromGibibytes(64);

    /// <summary>Nobody pays double for context beyond this without having asked for it.</summary>
    private const int EnoughContext = 16_384;

    private static readonly ByteSize BesideWeights = ByteSize.FromGibibytes(3);

    /// <summary>The instance named by the entry, or the best of <see cref="Options"/>.</summary>
    public static InstanceOption? Recommended(ModelSpec model)
    {
        var question = new InstanceQuestion(new FitQuestion());
        return model.RecommendedInstance is { } named && Hardware.FindInstance(named) is { } instance
            ? OptionOn(model, instance, question) ?? new InstanceOption(instance, instance.Gpu is null ? null : FitOn(model, instance, question))
            : Options(model, question).FirstOrDefault();
    }

    /// <summary>More GPUs than this, and the PCI bus between them is what one waits for.</summary>
    private const int MostOverPci = 4;

    /// <summary>Where the model fits, the best first: enough context before less, GPUs that are made for it before others, then by price.</summary>
    public static IReadOnlyList<InstanceOption> Options(ModelSpec model, InstanceQuestion question) =>
    [
        .. Sold(question)
            .Where(instance => HasMemory(model, instance))
            .Select(instance => OptionOn(model, instance, question))
            .OfType<InstanceOption>()
            .OrderByDescending(option => option.Fit is null || option.Fit.Context >= Math.Min(EnoughContext, Fitting.ContextOf(model, question.Fit)))
            .ThenByDescending(option => option.Fit is null || IsMadeFor(model, option.Fit))
            .ThenBy(option => option.Instance.Price)
            .ThenBy(option => option.Instance.Id, StringComparer.Ordinal),
    ];

    /// <summary>Why <see cref="Options"/> has none: what the largest of the machines that were asked for lacks.</summary>
    public static string WhyNone(ModelSpec model, InstanceQuestion question)
    {
        var onCpu = model.DefaultResources?.Gpu == 0;
        var wanted = Sold(question).Where(instance => instance.Gpu is null == onCpu && !(instance.Count < question.Count)).ToList();
        if (wanted.Count == 0)
        {
            return onCpu ? "It runs on the CPU." : "No instance that is known has such GPUs, so many of them, and a price; parts of GPUs count with parts=true only.";
        }

        var largest = wanted.MaxBy(instance => instance.Gpu is null ? instance.Memory.Gigabytes : Hardware.Gpus[instance.Gpu].Memory.Gigabytes * (question.Count ?? instance.Count))!;
        var why = largest.Gpu is not null && FitOn(model, largest, question) is { Fits: false } fit
            ? string.Join(" ", fit.Reasons)
            : $"it has {largest.Memory} of memory, too little to load the weights through.";
        return $"On {largest.Id}: {why}";
    }

    private static IEnumerable<Instance> Sold(InstanceQuestion question) =>
        Hardware.Instances.Where(instance => instance is { Price: not null, Arch: null } && IsWanted(instance, question));

    /// <summary>Whether a copy is split over more GPUs than the PCI bus between them serves.</summary>
    public static bool IsSlow(Fit? fit) => fit is not null && fit.Gpus > MostOverPci && !fit.Offer.Gpu.Nvlink;

    private static bool IsMadeFor(ModelSpec model, Fit fit) => Precision.Note(model, fit.Offer.Gpu) is null && !IsSlow(fit);

    private static InstanceOption? OptionOn(ModelSpec model, Instance instance, InstanceQuestion question)
    {
        var onCpu = model.DefaultResources?.Gpu == 0 && question.Gpu is null;
        if (onCpu || instance.Gpu is null)
        {
            return onCpu && instance.Gpu is null ? new InstanceOption(instance, null) : null;
        }

        return !(instance.Count < question.Count) && FitOn(model, instance, question) is { Fits: true } fit ? new InstanceOption(instance, fit) : null;
    }

    private static Fit FitOn(ModelSpec model, Instance instance, InstanceQuestion question)
    {
        var offer = new GpuOffer(Hardware.Gpus[instance.Gpu!], instance.Count);
        return question.Count is { } count ? Fitting.WithGpus(model, offer, count, question.Fit) : Fitting.Of(model, offer, question.Fit);
    }

    private static bool IsWanted(Instance instance, InstanceQuestion question) =>
        (question.Gpu is null || instance.Gpu == question.Gpu)
        && (question.Parts || instance.Gpu is null || !Hardware.Gpus[instance.Gpu].IsPart);

    /// <summary>Whether the weights can be loaded through the machine's memory.</summary>
    public static bool HasMemory(ModelSpec model, Instance instance)
    {
        var loaded = Math.Min(model.Weights?.Bytes ?? 0, LoadedAtOnce.Bytes);
        return instance.Memory.Bytes >= loaded + BesideWeights.Bytes;
    }
}
