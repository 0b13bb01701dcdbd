using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orrery.Catalogue.Sizing;

namespace Orrery.Catalogue.Search;

/// <summary>What is looked for; everything that is given must hold.</summary>
internal sealed record EntryQuery
{
    /// <summary>Words; each must begin a word of the entry.</summary>
    public string? Text { get; init; }

    public string? Category { get; init; }

    public string? ModelType { get; init; }

    public string? Engine { get; init; }

    /// <summary>A licence's name, or one of <c>LicenceProperties</c>; with a <c>!</c> before it: not.</summary>
    public IReadOnlyList<string> Licences { get; init; } = [];

    /// <summary>Parameters, in billions.</summary>
    public double? LeastParameters { get; init; }

    public double? MostParameters { get; init; }

    public int? LeastContext { get; init; }

    /// <summary>What goes in or comes out.</summary>
    public IReadOnlyList<string> Modalities { get; init; } = [];

    public string? Language { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public GpuOffer? FitsOn { get; init; }

    /// <summary>Whether a provider serves it now; <c>null</c>: either.</summary>
    public bool? IsServed { get; init; }

    /// <summary>What must hold, as <see cref="EntryFacts"/>.</summary>
    public IEnumerable<string> Facts() =>
    [
        .. Category is null ? (string[])[] : [EntryFacts.Category(Category)],
        .. ModelType is null ? (string[])[] : [EntryFacts.ModelType(ModelType)],
        .. Engine is null ? (string[])[] : [EntryFacts.Engine(Engine)],
        .. Language is null ? (string[])[] : [EntryFacts.Language(Language)],
        .. IsServed == true ? (string[])[EntryFacts.Served] : [],
        .. Licences.Where(licence => !licence.StartsWith('!')).Select(EntryFacts.Licence),
        .. Modalities.Select(EntryFacts.Modality),
        .. Tags.Select(EntryFacts.Tag),
    ];

    /// <summary>What must not hold.</summary>
    public IEnumerable<string> NotFacts() =>
        Licences.Where(licence => licence.StartsWith('!')).Select(licence => EntryFacts.Licence(licence[1..])).Concat(IsServed == false ? (string[])[EntryFacts.Served] : []);

    /// <summary>The same for the same question, whoever asks it and when: a cursor belongs to one.</summary>
    public string Signature()
    {
        string?[] parts =
        [
            string.Join(' ', EntryWords.In(Text ?? "")), string.Join('\n', Facts()), string.Join('\n', NotFacts()), FitsOn is { } offer ? $"{offer.Gpu.Id}:{offer.Count}" : null,
            .. new[] { LeastParameters, MostParameters, LeastContext }.Select(number => number?.ToString("R", CultureInfo.InvariantCulture)),
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))).AsSpan(0, 6));
    }
}

/// <summary>A page of what was found, the best first.</summary>
/// <param name="Total">How many there are on all pages.</param>
/// <param name="After">The next page's cursor; <c>null</c> on the last.</param>
internal sealed record EntryPage(IReadOnlyList<Entries.Entry> Items, int Total, string? After);
