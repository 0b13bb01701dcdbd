using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Contracts;

namespace Orrery.Catalogue.Search;

/// <summary>What an entry is, as short texts that a query names in the same way: <c>language:de</c>.</summary>
internal static class EntryFacts
{
    public const string Served = "served";

    public static string Category(string value) => "category:" + value;

    public static string ModelType(string value) => "type:" + value;

    public static string Engine(string value) => "engine:" + value;

    public static string Licence(string value) => "licence:" + value.ToUpperInvariant();

    public static string Modality(string value) => "modality:" + value;

    public static string Language(string value) => "language:" + value.ToUpperInvariant().Split('-')[0];

    public static string Tag(string value) => "tag:" + value.ToUpperInvariant();

    public static IEnumerable<string> Of(Entry entry)
    {
        var model = entry.Spec;
        IEnumerable<string> facts =
        [
            Category(model.EffectiveCategory), ModelType(model.ModelType),
            .. new[] { model.Engine }.OfType<string>().Concat(model.Servers ?? []).Concat(entry.ServedBy).Select(Engine),
            .. LicenceTerms(model).Select(Licence),
            .. ModelModalities.InputsOf(model).Concat(ModelModalities.OutputsOf(model)).Select(Modality),
            .. (model.Languages ?? []).Select(Language),
            .. (model.Tags ?? []).Select(Tag),
            .. entry.ServedBy.Count > 0 ? (string[])[Served] : [],
        ];
        return facts.Distinct();
    }

    /// <summary>Its licences' names and properties. Permissive is what all of them must be; every other property holds where one has it.</summary>
    private static IEnumerable<string> LicenceTerms(ModelSpec model)
    {
        var names = KnownLicences.Of(model).ToList();
        var properties = names.Select(name => KnownLicences.Find(name)?.Properties.ToList() ?? [LicenceProperties.Unknown]).ToList();
        return names.Concat(properties.SelectMany(of => of)
            .Where(property => property != LicenceProperties.Permissive || properties.TrueForAll(of => of.Contains(LicenceProperties.Permissive))));
    }
}
