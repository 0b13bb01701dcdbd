using System.Collections.Frozen;

namespace Orrery.Contracts;

/// <summary>Countries by their ISO 3166-1 codes of two letters, and <c>EU</c> for the European Union.</summary>
public static class Countries
{
    public const string EuropeanUnion = "EU";

    private static readonly FrozenSet<string> Codes = Split(
        """
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK
        DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI
        KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH
        PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA
        VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
        """);

    /// <summary>The members, and those parts of them that have codes of their own and belong to the Union as well.</summary>
    private static readonly FrozenSet<string> InTheUnion = Split("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK AX GF GP MF MQ RE YT");

    /// <summary>What people write instead.</summary>
    private static readonly FrozenDictionary<string, string> Habits = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["UK"] = "GB",
        ["EL"] = "GR",
        ["USA"] = "US",
        ["UAE"] = "AE",
        ["GER"] = "DE",
        ["DEU"] = "DE",
        ["GBR"] = "GB",
        ["FRA"] = "FR",
        ["CHN"] = "CN",
        ["KOR"] = "KR",
        ["EEA"] = EuropeanUnion,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static bool IsKnown(string code) => code == EuropeanUnion || Codes.Contains(code);

    /// <summary>The code that was probably meant.</summary>
    public static string? Nearest(string written) =>
        Habits.GetValueOrDefault(written.Trim()) ?? (IsKnown(written.Trim().ToUpperInvariant()) ? written.Trim().ToUpperInvariant() : null);

    /// <summary>Whether something that holds in one of them holds somewhere in the other: a member and the Union.</summary>
    public static bool Overlap(string a, string b) => a == b || (a == EuropeanUnion && InTheUnion.Contains(b)) || (b == EuropeanUnion && InTheUnion.Contains(a));

    private static FrozenSet<string> Split(string codes) => codes.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
