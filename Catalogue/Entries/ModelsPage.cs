using System.Globalization;
using System.Text;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Entries;

/// <summary>The page of all built-in models, for people: a table a category.</summary>
internal static class ModelsPage
{
    private static readonly (string Category, string Title)[] Categories =
    [
        (ModelCategories.Llm, "Language models"), (ModelCategories.Multimodal, "Multimodal models"), (ModelCategories.Embedding, "Embedding models"),
        (ModelCategories.Audio, "Speech"), (ModelCategories.Video, "Video"), (ModelCategories.Image, "Images"), (ModelCategories.Nlp, "Natural language processing"),
    ];

    public static string Write(IReadOnlyList<Entry> entries)
    {
        var page = new StringBuilder();
        page.Append("# Models\n\n");
        page.Append("<!-- Made from the entries by `dotnet run --project Catalogue -- page -o docs/models.md`. Do not edit. -->\n\n");
        page.Append(CultureInfo.InvariantCulture, $"The {entries.Count} models of the [catalogue](catalogue.md), by what their entries say. `~` before a figure: it is rough, and such a model is not recommended unasked.\n");
        page.Append(CultureInfo.InvariantCulture, $"The instance is the cheapest of those known on which the model fits with enough context; prices in USD an hour, {Hardware.Prices}, for the whole machine.\n");
        page.Append("GPUs are those that one copy takes. No model was run for this page.\n");
        foreach (var (category, title) in Categories)
        {
            var shelf = entries.Where(entry => entry.Spec.EffectiveCategory == category).ToList();
            page.Append(CultureInfo.InvariantCulture, $"\n## {title} ({shelf.Count})\n\n");
            page.Append("| id | what it is | engine | parameters | weights | context | licence | served on |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
            foreach (var entry in shelf)
            {
                page.Append(Row(entry));
            }
        }

        page.Append(Licences(entries));
        return page.ToString();
    }

    private static string Row(Entry entry)
    {
        var model = entry.Spec;
        return $"| `{model.Id}` | {model.Description} ([{model.Vendor}](https://huggingface.co/{model.Repo})) | {model.Engine} | {Figure(entry, "parameters", $"{model.Parameters}")}{Active(model)} "
            + $"| {Figure(entry, "weights", Gb(model.Weights))} {model.Dtype} | {(model.ContextWindow is { } window ? window.ToString("N0", CultureInfo.InvariantCulture) : "")} "
            + $"| {string.Join(", ", KnownLicences.Of(model).Select(Link))}{(model.Gated == true ? ", gated" : "")}{(model.RemoteCode == true ? ", remote code" : "")} | {Served(entry.Recommended)} |\n";
    }

    private static string Active(ModelSpec model) => model.ActiveParameters is { } active ? $", {active} active" : "";

    private static string Figure(Entry entry, string field, string value) => entry.CertaintyOf(field) == Certainty.Guess ? "~" + value : value;

    private static string Gb(ByteSize? size) => size is { } known ? known.Gigabytes.ToString(known.Gigabytes < 10 ? "0.##" : "0.#", CultureInfo.InvariantCulture) + " GB" : "";

    private static string Served(InstanceOption? option) => option switch
    {
        null => "",
        { Fit: null } => $"{option.Instance.Id} ({Price(option)}), on the CPU",
        { Fit: { } fit } => $"{option.Instance.Id} ({Price(option)}): {fit.Gpus} × {fit.Offer.Gpu.Name}" + (fit.Memory?.Cache.Bytes > 0 ? $", {fit.Context.ToString("N0", CultureInfo.InvariantCulture)} tokens" : ""),
    };

    private static string Price(InstanceOption option) => option.Instance.Price?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";

    private static string Link(string licence) => KnownLicences.Find(licence) is { } facts ? $"[{licence}]({facts.Link})" : licence;

    private static string Licences(IReadOnlyList<Entry> entries)
    {
        var used = entries.SelectMany(entry => KnownLicences.Of(entry.Spec)).ToHashSet(StringComparer.Ordinal);
        var table = new StringBuilder("\n## Licences\n\nWhat each says in a few facts; its text is what counts, and this is no legal advice.\n\n| licence | commercial use | from which size on | not in | passing on | note |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (var facts in KnownLicences.All.Where(facts => used.Contains(facts.Id)))
        {
            table.Append(CultureInfo.InvariantCulture, $"| [{facts.Id}]({facts.Link}) | {facts.Commercial} | {Threshold(facts.Threshold)} | {Regions(facts.Regions)} | {facts.Redistribution} | {facts.Note} |\n");
        }

        return table.ToString();
    }

    private static string Threshold(LicenceThreshold? threshold) => threshold is null ? "" : string.Join(", ", new[]
    {
        threshold.MonthlyActiveUsers is { } users ? $"{users:N0} users a month" : null,
        threshold.MonthlyVisits is { } visits ? $"{visits:N0} visits a month" : null,
        threshold.AnnualRevenue is { } year ? $"{year:N0} {threshold.Currency} a year" : null,
        threshold.MonthlyRevenue is { } month ? $"{month:N0} {threshold.Currency} a month" : null,
    }.OfType<string>());

    private static string Regions(LicenceRegions? regions) =>
        regions is null ? "" : string.Join(", ", regions.Excluded) + (regions.ModelTypes is { } types ? $" ({string.Join(", ", types)})" : "");
}
