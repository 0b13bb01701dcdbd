using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Whether a model fits where its entry says it is served, and whether it can be split over that many GPUs.</summary>
internal static class SizeRules
{
    public const string Memory = "memory";

    public static void Check(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model.Engine is null || model.Weights is null)
        {
            return;
        }

        CheckArchitecture(report);
        CheckGpus(report);
        CheckSplit(report);
        if (model.RecommendedInstance is { } named)
        {
            CheckInstance(report, named);
        }
        else if (report.Entry.Recommended is null)
        {
            report.Error(
                Memory, "weights", $"{model.Weights}", "a model that fits on an instance that is known, alone or split",
                "Name one in recommendedInstance, or look at maxTensorParallel, architecture.heads and dtype. " + WhyNowhere(model));
        }
    }

    private static void CheckArchitecture(EntryReport report)
    {
        if (report.Entry.Spec.Architecture is { Heads: { } heads, KvHeads: > 0 and var kvHeads, Latent: null } && heads % kvHeads != 0)
        {
            report.Error("architecture", "architecture.kvHeads", $"{kvHeads}", $"a divisor of heads, which is {heads}");
        }
    }

    private static void CheckGpus(EntryReport report)
    {
        var named = report.Entry.Spec.Gpus;
        for (var i = 0; i < named?.Count; i++)
        {
            if (!Hardware.Gpus.ContainsKey(named[i]))
            {
                var nearest = Spelling.Nearest(named[i], Hardware.Gpus.Keys);
                report.Error("gpu", $"gpus[{i}]", named[i], "a GPU that is known here: " + string.Join(", ", Hardware.Gpus.Values.Where(gpu => !gpu.IsPart).Select(gpu => gpu.Id).Order(StringComparer.Ordinal)), nearest is null ? null : $"Did you mean '{nearest}'?");
            }
        }
    }

    private static void CheckSplit(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model.DefaultResources?.Gpu is { } gpus and > 1 && Splitting.WhyNot(model, gpus) is { } reason)
        {
            report.Error("tensor-parallel", "defaultResources.gpu", $"{gpus}", $"a number of GPUs over which it can be split: {reason}");
        }
    }

    private static void CheckInstance(EntryReport report, string named)
    {
        var model = report.Entry.Spec;
        if (Hardware.FindInstance(named) is not { } instance)
        {
            var nearest = Spelling.Nearest(named, Hardware.Instances.Select(known => known.Id));
            report.Error("instance", "recommendedInstance", named, "an instance type that is known here", nearest is null ? null : $"Did you mean '{nearest}'?");
            return;
        }

        if (instance.Gpu is null ? model.DefaultResources?.Gpu != 0 : Fitting.Of(model, new GpuOffer(Hardware.Gpus[instance.Gpu], instance.Count), new FitQuestion(Context: model.MaxModelLength)) is { Fits: false })
        {
            var why = instance.Gpu is null
                ? "It has no GPU."
                : string.Join(" ", Fitting.Of(model, new GpuOffer(Hardware.Gpus[instance.Gpu], instance.Count), new FitQuestion(Context: model.MaxModelLength)).Reasons);
            report.Error(Memory, "recommendedInstance", named, "an instance on which it fits", why + " " + Instead(model));
        }
        else if (!InstanceChoice.HasMemory(model, instance))
        {
            report.Warn(Memory, "recommendedInstance", named, "an instance through whose memory the weights can be loaded", $"It has {instance.Memory}. {Instead(model)}");
        }
    }

    private static string Instead(ModelSpec model) =>
        InstanceChoice.Options(model, new InstanceQuestion(new FitQuestion(Context: model.MaxModelLength))) is [{ Instance.Id: var id }, ..] ? $"It fits on {id}." : "It fits on none that is known here.";

    /// <summary>The largest machine's reason is the one that counts.</summary>
    private static string WhyNowhere(ModelSpec model) => InstanceChoice.WhyNone(model, new InstanceQuestion(new FitQuestion()));
}
