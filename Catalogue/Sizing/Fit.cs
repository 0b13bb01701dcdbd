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
/// <param name="MostRequests">The most requests that the server may run at once, where it has to be told; <c>null</c>: what it takes by itself.</param>
internal sealed record Fit(bool Fits, GpuOffer Offer, int Gpus, int Context, int Concurrency, MemoryEstimate? Memory, IReadOnlyList<string> Reasons, int? MostRequests = null);

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

    /// <summary>What vLLM runs at once unless told otherwise, on the largest GPUs; it does not start where their states have no room.</summary>
    private const int RequestsUntold = 1_024;

    /// <summary>The same on all other GPUs, and enough.</summary>
    private const int EnoughRequests = 256;

    /// <summary>No machine that is known has more.</summary>
    private const int MostInAMachine = 8;

    public static Fit Of(ModelSpec model, GpuOffer offer, FitQuestion question)
    {
        if (model.DefaultResources?.Gpu == 0 && TooLong(model, question) is null)
        {
            return new Fit(true, offer, 0, ContextOf(model, question), question.Concurrency, null, ["It runs on the CPU."]);
        }

        if (WhyNot(model, offer.Gpu, question) is { } reason)
        {
            return new Fit(false, offer, 0, 0, question.Concurrency, null, [reason]);
        }

        Fit? nearest = null;
        foreach (var gpus in Splitting.Of(offer.Count))
        {
            var fit = WithGpus(model, offer, gpus, question);
            if (fit.Fits)
            {
                return fit;
            }

            nearest = nearest is { Memory: not null } && fit.Memory is null ? nearest with { Reasons = [.. nearest.Reasons.Union(fit.Reasons)] } : fit;
        }

        return nearest!;
    }

    /// <summary>On exactly so many GPUs.</summary>
    public static Fit WithGpus(ModelSpec model, GpuOffer offer, int gpus, FitQuestion question)
    {
        if (WhyNot(model, offer.Gpu, question) is { } unfit)
        {
            return new Fit(false, offer, gpus, 0, question.Concurrency, null, [unfit]);
        }

        if (Splitting.WhyNot(model, gpus, offer.Gpu) is { } reason)
        {
            return new Fit(false, offer, gpus, 0, question.Concurrency, null, [Sentence(reason)]);
        }

        var wanted = ContextOf(model, question);
        var context = question.Context ?? MostContext(model, offer.Gpu, gpus, wanted, question);
        var memory = Memory(model, offer.Gpu, gpus, context, question);
        var most = model.Engine == Engines.Vllm && memory.MostRequests < RequestsUntold
            ? (int?)Math.Min(memory.MostRequests.Value, Math.Max(EnoughRequests, question.Concurrency))
            : null;
        return memory.Fits
            ? new Fit(true, offer, gpus, context, question.Concurrency, memory, [.. Notes(model, offer.Gpu, gpus, context, wanted, memory, most)], most)
            : new Fit(false, offer, gpus, 0, question.Concurrency, memory, [TooLittle(offer.Gpu, gpus, context, question.Concurrency, memory), .. Rough(memory)]);
    }

    /// <summary>What a request may have unless it is asked otherwise.</summary>
    public static int ContextOf(ModelSpec model, FitQuestion question) =>
        question.Context ?? Math.Min(model.MaxModelLength ?? UsualContext, model.ContextWindow ?? model.MaxModelLength ?? 8_192);

    /// <summary>Whether there is anything to say about tokens of context: what makes images or speech has none.</summary>
    public static bool HasContext(ModelSpec model, Fit fit) => (model.ContextWindow ?? model.MaxModelLength) is not null || fit.Memory is { Cache.Bytes: > 0 };

    /// <summary>Why such GPUs are out of the question, however many there are.</summary>
    private static string? WhyNot(ModelSpec model, Gpu gpu, FitQuestion question) =>
        model.Weights is null ? "How large its weights are is not known here (weights)." : TooLong(model, question) ?? Precision.WhyNot(model, gpu);

    /// <summary>Why so long a request is out of the question on any machine.</summary>
    public static string? TooLong(ModelSpec model, FitQuestion question) =>
        question.Context > model.ContextWindow ? $"Its context window has {Tokens(model.ContextWindow.Value)} tokens; {Tokens(question.Context.Value)} were asked for." : null;

    /// <summary>As many tokens as fit, in thousands; where not even the least fit, the least.</summary>
    private static int MostContext(ModelSpec model, Gpu gpu, int gpus, int wanted, FitQuestion question)
    {
        if (wanted <= LeastContext || Memory(model, gpu, gpus, wanted, question).Fits)
        {
            return wanted;
        }

        var (fits, tooMuch) = (LeastContext / Step, ((wanted - 1) / Step) + 1);
        while (tooMuch - fits > 1)
        {
            var middle = (fits + tooMuch) / 2;
            (fits, tooMuch) = Memory(model, gpu, gpus, middle * Step, question).Fits ? (middle, tooMuch) : (fits, middle);
        }

        return fits * Step;
    }

    private static MemoryEstimate Memory(ModelSpec model, Gpu gpu, int gpus, int context, FitQuestion question) =>
        MemoryEstimator.Estimate(model, gpu.Memory, gpus, context, question.Concurrency, question.Utilization);

    private static IEnumerable<string> Notes(ModelSpec model, Gpu gpu, int gpus, int context, int wanted, MemoryEstimate memory, int? most)
    {
        if (context < wanted)
        {
            yield return $"{Tokens(context)} tokens of context fit; it serves {Tokens(wanted)} where there is room.";
        }

        if (most is not null)
        {
            yield return $"Its layers keep a state of each request, whatever its length: the server is told to run {Tokens(most.Value)} at once at most.";
        }

        if (gpus > MostInAMachine)
        {
            yield return $"{gpus} GPUs are those of more than one machine.";
        }

        foreach (var note in Rough(memory))
        {
            yield return note;
        }

        if (Precision.Note(model, gpu) is { } precision)
        {
            yield return precision;
        }
    }

    private static IEnumerable<string> Rough(MemoryEstimate memory) => memory.IsRough ? ["Its architecture is not known here, so that the cache is a rule of thumb."] : [];

    private static string TooLittle(Gpu gpu, int gpus, int context, int concurrency, MemoryEstimate memory) =>
        $"{(gpus == 1 ? "It needs" : "Each of " + gpus.ToString(CultureInfo.InvariantCulture) + " GPUs needs")} {Gb(memory.Needed)} "
        + $"({Gb(memory.Weights)} weights, {Gb(memory.Working)} to work in{(memory.Cache.Bytes == 0 ? "" : $", {Gb(memory.Cache)} cache for {Tokens(context)} tokens{Each(concurrency)}")}) "
        + $"and may use {Gb(memory.Usable)} of the {Gb(gpu.Memory)} of {gpu.Name}.";

    private static string Each(int concurrency) => concurrency == 1 ? "" : $" of each of {Tokens(concurrency)} requests";

    private static string Gb(ByteSize size) => size.Gigabytes.ToString("0.0", CultureInfo.InvariantCulture) + " GB";

    private static string Tokens(int tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);

    private static string Sentence(string reason) => char.ToUpperInvariant(reason[0]) + reason[1..] + ".";
}
