using System.Globalization;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <param name="Total">How many match, on all pages.</param>
/// <param name="After">Pass it as <c>after</c> for the next page; absent on the last.</param>
internal sealed record ModelList(IReadOnlyList<ModelAnswer> Items, int Total, string? After);

/// <summary>A model of the catalogue as callers see it: what its entry says, what follows from it, and who serves it now.</summary>
/// <param name="Provider">Who made it: the vendor.</param>
/// <param name="Providers">Who serves it now.</param>
/// <param name="Simulated">All that serve it are simulators.</param>
/// <param name="BuiltIn">Whether it comes with the service.</param>
/// <param name="Sure">Whether nothing that decides over it is rough.</param>
/// <param name="Dockerfile">Only where one model is asked for.</param>
/// <param name="Pins">What its repository and its image's base are pinned to. Only where one model is asked for.</param>
/// <param name="Certainty">How sure each field is that is more or less than general knowledge: <c>verified</c>, <c>guess</c>. Only where one model is asked for.</param>
internal sealed record ModelAnswer(
    string Id,
    string? Name,
    string? Description,
    string Category,
    string? Provider,
    string ModelType,
    string? Engine,
    IReadOnlyList<string>? Servers,
    string? Repo,
    string? Revision,
    bool? Gated,
    bool? RemoteCode,
    IReadOnlyList<LicenceAnswer> Licences,
    ParameterCount? Parameters,
    ParameterCount? ActiveParameters,
    ByteSize? ModelSize,
    string? Dtype,
    int? ContextWindow,
    ModelArchitecture? Architecture,
    IReadOnlyList<string>? Inputs,
    IReadOnlyList<string>? Outputs,
    IReadOnlyList<string>? Languages,
    IReadOnlyList<string>? Tags,
    string? ToolParser,
    string? ReasoningParser,
    int? DefaultPort,
    ModelResources? DefaultResources,
    string? RecommendedInstance,
    InstanceAnswer? Recommendation,
    IReadOnlyList<string> Aliases,
    IReadOnlyList<ModelOffer> Providers,
    bool Simulated,
    bool BuiltIn,
    bool Sure,
    string? Documentation = null,
    string? Dockerfile = null,
    IReadOnlyDictionary<string, string>? Certainty = null,
    IReadOnlyList<string>? Sources = null,
    IReadOnlyList<PinAnswer>? Pins = null)
{
    public static ModelAnswer Of(Entry entry, SnapshotModel? served, IReadOnlyList<ModelOffer> offers)
    {
        var model = entry.Spec;
        var recommended = model.IsEntry ? entry.Recommended : null;
        return new ModelAnswer(
            model.Id, model.Name, model.Description, model.EffectiveCategory, model.Vendor, model.ModelType, model.Engine, model.Servers, model.Repo, model.Revision,
            model.Gated, model.RemoteCode, [.. KnownLicences.Of(model).Select(LicenceAnswer.Of)], model.Parameters, model.ActiveParameters, model.Weights, model.Dtype,
            model.ContextWindow ?? served?.ContextWindow, model.Architecture, Search.ModelModalities.InputsOf(model), Search.ModelModalities.OutputsOf(model), model.Languages, model.Tags,
            model.ToolParser, model.ReasoningParser, model.IsEntry ? model.EffectivePort : null, model.IsEntry ? Resources(model, recommended) : null,
            recommended?.Instance.Id, recommended is null ? null : InstanceAnswer.Of(model, recommended), served?.Aliases ?? model.Aliases ?? [],
            offers, offers.Count > 0 && offers.All(offer => offer.Simulated), entry.IsBuiltIn, model.IsEntry && entry.IsSure);
    }

    /// <summary>With what a list leaves out.</summary>
    public ModelAnswer Whole(Entry entry, string? dockerfile, IReadOnlyList<PinAnswer>? pins) => this with
    {
        Pins = pins,
        Documentation = entry.Spec.Documentation,
        Dockerfile = dockerfile,
        Sources = entry.Spec.Sources,
        // A field may stand in both lists, or twice in one: then it is rough.
        Certainty = (entry.Spec.Guess ?? []).Select(field => (field, "guess")).Concat((entry.Spec.Verified ?? []).Select(field => (field, "verified"))).DistinctBy(pair => pair.field)
            .ToDictionary(pair => pair.field, pair => pair.Item2),
    };

    /// <summary>What the entry says, and for the rest its share of the machine that it was reckoned for.</summary>
    public static ModelResources Resources(ModelSpec model, InstanceOption? option)
    {
        var said = model.DefaultResources ?? new ModelResources();
        // No GPU is what an entry says of itself. Where it fits nowhere, or on none of the machine that is named, nothing follows.
        var gpus = option?.Fit is { } fit ? Math.Max(1, fit.Gpus) : (int?)null;
        var share = gpus is null ? 1 : gpus.Value / (double)option!.Instance.Count;
        return new ModelResources
        {
            Gpu = said.Gpu ?? gpus,
            Cpu = said.Cpu ?? (option is null ? null : $"{(int)(option.Instance.Cpus * share * 750)}m"),
            Memory = said.Memory ?? (option is null ? null : ByteSize.FromGibibytes(Math.Floor(option.Instance.Memory.Gibibytes * share * 0.8))),
            Disk = said.Disk ?? (model.Weights is { } weights ? ByteSize.FromGibibytes(Math.Ceiling(((weights.Gibibytes * 1.2) + 20) / 10) * 10) : null),
        };
    }
}

/// <param name="Id">How entries and policies name it.</param>
/// <param name="Facts">Absent where the catalogue knows nothing about it.</param>
internal sealed record LicenceAnswer(string Id, LicenceFacts? Facts, IReadOnlyList<string> Properties)
{
    public static LicenceAnswer Of(string id) => KnownLicences.Find(id) is { } facts
        ? new LicenceAnswer(facts.Id, facts, [.. facts.Properties])
        : new LicenceAnswer(id, null, [LicenceProperties.Unknown]);
}

internal sealed record LicenceList(IReadOnlyList<LicenceAnswer> Items);

/// <summary>Whether and how a model fits on GPUs; sizes of one GPU, as texts in GB with one decimal. The bytes of a token are exact.</summary>
/// <param name="Gpus">How many of them a copy takes.</param>
/// <param name="MaxRequests">The most requests that the server is told to run at once; absent: it need not be told.</param>
internal sealed record FitAnswer(
    string Model, bool Fits, string Gpu, int Count, int Gpus, int? Context, int Concurrency, int? MaxRequests, string? Weights, string? Working, string? Cache, string? Needed, string? Usable,
    double? CacheBytesPerToken, IReadOnlyList<string> Reasons)
{
    public static FitAnswer Of(ModelSpec model, Fit fit) => new(
        model.Id, fit.Fits, fit.Offer.Gpu.Id, fit.Offer.Count, fit.Gpus, fit.Fits && Fitting.HasContext(model, fit) ? fit.Context : null, fit.Concurrency, fit.MostRequests,
        InGigabytes(fit.Memory?.Weights), InGigabytes(fit.Memory?.Working), InGigabytes(fit.Memory?.Cache), InGigabytes(fit.Memory?.Needed), InGigabytes(fit.Memory?.Usable),
        fit.Memory is null ? null : Math.Round(MemoryEstimator.BytesPerToken(model, Math.Max(1, fit.Gpus))), fit.Reasons);

    public static string? InGigabytes(ByteSize? size) => size?.Gigabytes.ToString("0.0'GB'", CultureInfo.InvariantCulture);
}

/// <param name="Memory">In GB, as all sizes of this answer are.</param>
/// <param name="Price">USD an hour for the whole machine.</param>
/// <param name="Prices">Where and when that was the price.</param>
internal sealed record InstanceAnswer(string Instance, int Cpus, string? Memory, string? Gpu, int GpuCount, int Gpus, double? Price, string Prices, int? Context, string? NeededPerGpu, IReadOnlyList<string> Notes)
{
    public static InstanceAnswer Of(ModelSpec model, InstanceOption option) => new(
        option.Instance.Id, option.Instance.Cpus, FitAnswer.InGigabytes(option.Instance.Memory), option.Instance.Gpu, option.Instance.Count, option.Fit?.Gpus ?? 0, option.Instance.Price, Hardware.Prices,
        option.Fit is { Fits: true } fit && Fitting.HasContext(model, fit) ? fit.Context : null, FitAnswer.InGigabytes(option.Fit?.Memory?.Needed), [.. option.Notes]);
}

internal sealed record FitList(IReadOnlyList<FitAnswer> Items);

/// <param name="Reason">Why there is none.</param>
internal sealed record InstanceList(IReadOnlyList<InstanceAnswer> Items, string? Reason);

/// <param name="Id">How questions about fit name it.</param>
internal sealed record GpuAnswer(string Id, string Name, ByteSize Memory, string Capability, string? Of, bool Nvlink);

internal sealed record GpuList(IReadOnlyList<GpuAnswer> Items);
