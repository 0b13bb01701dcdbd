using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>GPUs of one kind that a model may use.</summary>
/// <param name="Count">How many of them there are; a copy may use fewer.</param>
internal sealed record GpuOffer(Gpu Gpu, int Count);

/// <summary>Whether a model fits on an offer, with the arithmetic.</summary>
/// <param name="Gpus">How many of the offer's GPUs a copy takes; 0: none, it runs on the CPU.</param>
/// <param name="Context">The tokens that a request can have.</param>
/// <param name="Reasons">Why not, or what to know: one sentence each.</param>
internal sealed record Fit(bool Fits, GpuOffer Offer, int Gpus, int Context, int Concurrency, MemoryEstimate? Memory, IReadOnlyList<string> Reasons);

/// <summary>What is asked of a fit besides the GPUs.</summary>
/// <param name="Context">Tokens of one request; <c>null</c>: as many as fit, up to what the model serves.</param>
/// <param name="Concurrency">Requests that may have all of their context at once.</param>
internal sealed record FitQuestion(int? Context = null, int Concurrency = 1, double Utilization = MemoryEstimator.DefaultUtilization);

/// <summary>Finds the smallest number of GPUs that serves a model, trading context for memory where none was asked for.</summary>
internal static class Fitting
{
    /// <summary>Less is of little use for a chat.</summary>
    public const int LeastContext = 4_096;

    /// <summary>More is served to those who ask for it: a cache for a million tokens is a machine of its own.</summary>
    private const int UsualContext = 131_072;

    private const int Step = 1_024;

    public static Fit Of(ModelSpec model, GpuOffer offer, FitQuestion question)
    {
        if (model.DefaultResources?.Gpu == 0)
        {
            return new Fit(true, offer, 0, ContextOf(model, question), question.Concurrency, null, ["It runs on the CPU."]);
        }

        if (Precision.WhyNot(model, offer.Gpu) is { } wrongKind)
        {
            return new Fit(false, offer, 0, 0, question.Concurrency, null, [wrongKind]);
        }

        Fit? nearest = null;
        foreach (var gpus in Splitting.Of(offer.Count))
        {
            var fit = WithGpus(model, offer, gpus, question);
            if (fit.Fits)
            {
                return fit;
            }

            nearest = nearest is { Memory: not null } && fit.Memory is null ? nearest with { Reasons = [.. nearest.Reasons, .. fit.Reasons] } : fit;
        }

        return nearest!;
    }

    /// <summary>On exactly so many GPUs.</summary>
    public static Fit WithGpus(ModelSpec model, GpuOffer offer, int gpus, FitQuestion question)
    {
        if (Splitting.WhyNot(model, gpus, offer.Gpu) is { } reason)
        {
            return new Fit(false, offer, gpus, 0, question.Concurrency, null, [Sentence(reason)]);
        }

        var wanted = ContextOf(model, question);
        var context = question.Context ?? MostContext(model, offer.Gpu, gpus, wanted, question);
        var memory = Memory(model, offer.Gpu, gpus, context, question);
        return memory.Fits
            ? new Fit(true, offer, gpus, context, question.Concurrency, memory, [.. Notes(model, offer.Gpu, context, wanted, memory)])
            : new Fit(false, offer, gpus, 0, question.Concurrency, memory, [TooLittle(offer.Gpu, gpus, context, memory)]);
    }

    /// <summary>What a request may have unless it is asked otherwise.</summary>
    public static int ContextOf(ModelSpec model, FitQuestion question) =>
        question.Context ?? model.MaxModelLength ?? Math.Min(model.ContextWindow ?? 8_192, UsualContext);

    /// <summary>As many tokens as fit, in thousands; where not even the least fit, the least.</summary>
    private static int MostContext(ModelSpec model, Gpu gpu, int gpus, int wanted, FitQuestion question)
    {
        if (wanted <= LeastContext || Memory(model, gpu, gpus, wanted, question).Fits)
        {
            return wanted;
        }

        var (fits, tooMuch) = (LeastContext / Step, (wanted + Step - 1) / Step);
        while (tooMuch - fits > 1)
        {
            var middle = (fits + tooMuch) / 2;
            (fits, tooMuch) = Memory(model, gpu, gpus, middle * Step, question).Fits ? (middle, tooMuch) : (fits, middle);
        }

        return fits * Step;
    }

    private static MemoryEstimate Memory(ModelSpec model, Gpu gpu, int gpus, int context, FitQuestion question) =>
        MemoryEstimator.Estimate(model, gpu.Memory, gpus, (long)context * question.Concurrency, question.Utilization);

    private static IEnumerable<string> Notes(ModelSpec model, Gpu gpu, int context, int wanted, MemoryEstimate memory)
    {
        if (context < wanted)
        {
            yield return $"{Tokens(context)} tokens of context fit; it serves {Tokens(wanted)} where there is room.";
        }

        if (memory.IsRough)
        {
            yield return "Its architecture is not known here, so that the cache is a rule of thumb.";
        }

        if (Precision.Note(model, gpu) is { } note)
        {
            yield return note;
        }
    }

    private static string TooLittle(Gpu gpu, int gpus, int context, MemoryEstimate memory) =>
        $"{(gpus == 1 ? "It needs" : "Each of " + gpus.ToString(CultureInfo.InvariantCulture) + " GPUs needs")} {Gb(memory.Needed)} "
        + $"({Gb(memory.Weights)} weights, {Gb(memory.Working)} to work in, {Gb(memory.Cache)} cache for {Tokens(context)} tokens) "
        + $"and may use {Gb(memory.Usable)} of the {Gb(gpu.Memory)} of {gpu.Name}.";

    private static string Gb(ByteSize size) => size.Gigabytes.ToString("0.0", CultureInfo.InvariantCulture) + " GB";

    private static string Tokens(int tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);

    private static string Sentence(string reason) => char.ToUpperInvariant(reason[0]) + reason[1..] + ".";
}
