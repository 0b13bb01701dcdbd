using System.Text.RegularExpressions;

namespace Orrery.Gateway.Usage;

/// <summary>What must not be read by whoever reads traces, and what stands in its place.</summary>
internal sealed class TextMasks
{
    /// <summary>Before it: nothing, what is neither letter nor digit, or a line break as JSON in JSON writes it.</summary>
    private const string Edge = @"(?<kept>^|[^A-Za-z0-9]|\\[nrt])";

    /// <summary>In this order: what is more telling first.</summary>
    private static readonly (string Name, string Pattern)[] BuiltIn =
    [
        ("private-key", @"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\z)"),
        ("token", Edge + @"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,2}"),
        ("api-key", Edge + @"(?:ork|sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abposr]|hf|AIza|AKIA|npm)[-_]?[A-Za-z0-9_-]{16,}"),
        ("bearer", Edge + @"(?i:bearer|basic)[ \t:]+[A-Za-z0-9._~+/-]{12,}=*"),
        ("email", @"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
        ("iban", Edge + @"[A-Za-z]{2}\d{2}(?:[ \u00A0]?[A-Za-z0-9]{4}){2,7}(?:[ \u00A0]?[A-Za-z0-9]{1,3})?\b"),
        ("card", Edge + @"\d(?:[ .\-\u00A0\n]?\d){12,18}\b"),
        ("phone", @"\+\d(?:[ ()./-]{0,2}\d){7,14}\b"),
    ];

    /// <summary>Megabytes of automata, made when something is recorded for the first time.</summary>
    private readonly Lazy<(Regex Pattern, string Stead)[]> _masks;

    public TextMasks(IReadOnlyDictionary<string, string> declared) =>
        _masks = new(() =>
        [
            .. declared.Where(one => one.Value.Length > 0).Select(one => (one.Key, one.Value))
                .Concat(BuiltIn.Where(one => !declared.ContainsKey(one.Name)))
                .Select(one => (Compile(one.Item2), $"[{one.Item1}]")),
        ]);

    /// <summary>In time that grows with the text alone, whatever the text is.</summary>
    public static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>The end of a masked text is a mask: nothing half stands there.</summary>
    public bool Hid(string text) => Array.Exists(_masks.Value, mask => text.EndsWith(mask.Stead, StringComparison.Ordinal));

    public string Apply(string text)
    {
        foreach (var (pattern, stead) in _masks.Value)
        {
            text = pattern.Replace(text, match => match.Groups["kept"].Value + stead);
        }

        return text;
    }
}
