using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>What a licence says, in a few facts. No legal advice: <see cref="Link"/> is what counts.</summary>
/// <param name="Name">Its title.</param>
/// <param name="Link">Its text.</param>
/// <param name="Commercial"><c>allowed</c>, <c>restricted</c> (with conditions) or <c>forbidden</c>.</param>
/// <param name="Redistribution"><c>allowed</c>, <c>conditions</c> or <c>forbidden</c>.</param>
/// <param name="Attribution">Whether a notice must be kept or shown.</param>
/// <param name="Sure"><c>verified</c>: the text was seen; <c>known</c>: general knowledge; <c>guess</c>.</param>
/// <param name="Spdx">Where SPDX has an identifier for it.</param>
/// <param name="AttributionText">Words that must be shown.</param>
/// <param name="DerivativeNaming">What a derived model's name must begin with.</param>
/// <param name="AcceptableUse">The policy of acceptable use that it binds to.</param>
/// <param name="Outputs">What holds for training other models on its answers.</param>
internal sealed record LicenceFacts(
    string Name,
    string Link,
    string Commercial,
    string Redistribution,
    bool Attribution,
    string Sure,
    string? Spdx = null,
    LicenceThreshold? Threshold = null,
    LicenceRegions? Regions = null,
    string? AttributionText = null,
    string? DerivativeNaming = null,
    string? AcceptableUse = null,
    string? Outputs = null,
    string? Note = null,
    string? Source = null)
{
    private const string Allowed = "allowed";
    private const string Forbidden = "forbidden";

    /// <summary>How entries name it.</summary>
    [JsonIgnore]
    public string Id { get; init; } = "";

    [JsonIgnore]
    public bool ForbidsCommercialUse => Commercial == Forbidden;

    /// <summary>Those of <see cref="LicenceProperties"/> that hold.</summary>
    [JsonIgnore]
    public IEnumerable<string> Properties
    {
        get
        {
            if (Commercial == Allowed && Redistribution == Allowed && (Threshold, Regions, AcceptableUse) is (null, null, null))
            {
                yield return LicenceProperties.Permissive;
            }

            foreach (var (holds, property) in (IEnumerable<(bool, string)>)
            [
                (ForbidsCommercialUse, LicenceProperties.NonCommercial),
                (Threshold is not null, LicenceProperties.Threshold),
                (Regions is not null, LicenceProperties.Regions),
                (AcceptableUse is not null, LicenceProperties.AcceptableUse),
                (Attribution, LicenceProperties.Attribution),
                (Outputs is not null, LicenceProperties.Outputs),
                (Redistribution != Allowed, LicenceProperties.Redistribution),
            ])
            {
                if (holds)
                {
                    yield return property;
                }
            }
        }
    }
}

/// <summary>From which size on other terms hold.</summary>
internal sealed record LicenceThreshold(long? MonthlyActiveUsers = null, long? MonthlyVisits = null, long? AnnualRevenue = null, long? MonthlyRevenue = null, string? Currency = null);

/// <param name="Excluded">Where it grants nothing.</param>
/// <param name="ModelTypes">To which models of the family that applies; absent: to all.</param>
internal sealed record LicenceRegions(IReadOnlyList<string> Excluded, IReadOnlyList<string>? ModelTypes = null);

/// <summary>The licences whose facts are known.</summary>
internal static class KnownLicences
{
    private static readonly Lazy<FrozenDictionary<string, LicenceFacts>> Known = new(() => EmbeddedYaml.Read("Licences/licences.yaml", LicencesJson.Default.IReadOnlyDictionaryStringLicenceFacts)
        .ToFrozenDictionary(pair => pair.Key, pair => pair.Value with { Id = pair.Key }, StringComparer.OrdinalIgnoreCase));

    public static IEnumerable<LicenceFacts> All => Known.Value.Values.OrderBy(licence => licence.Id, StringComparer.Ordinal);

    /// <summary>By its name, in any case.</summary>
    public static LicenceFacts? Find(string? id) => id is null ? null : Known.Value.GetValueOrDefault(id.Trim());

    /// <summary>Whether two names are of one licence.</summary>
    public static bool AreSame(string a, string b) => a.AsSpan().Trim().Equals(b.AsSpan().Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>All licences that hold for a model, by name.</summary>
    public static IEnumerable<string> Of(ModelSpec model) => (model.AlsoLicensed ?? []).Prepend(model.Licence).OfType<string>().Where(IsName);

    /// <summary>Whether a text names anything: blanks, and what nobody sees, do not.</summary>
    public static bool IsName(string text) => text.Any(sign => char.IsLetterOrDigit(sign) && !DrawnAsNothing.Contains(sign, StringComparison.Ordinal));

    /// <summary>Letters to Unicode: fillers of Korean syllables.</summary>
    private const string DrawnAsNothing = "\u115F\u1160\u3164\uFFA0";
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyDictionary<string, LicenceFacts>))]
[JsonSerializable(typeof(AcceptanceStatus))]
internal sealed partial class LicencesJson : JsonSerializerContext;
