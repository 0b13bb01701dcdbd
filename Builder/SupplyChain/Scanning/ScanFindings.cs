using System.Globalization;
using System.Text.Json;

namespace Orrery.Builder.SupplyChain.Scanning;

/// <summary>How bad it is, in the words that scanners share; in this order.</summary>
internal enum Severity
{
    Unknown,
    Negligible,
    Low,
    Medium,
    High,
    Critical,
}

/// <param name="Id">Such as <c>CVE-2024-1234</c>.</param>
/// <param name="FixedIn">The version without it; <c>null</c>: there is none, or nobody says.</param>
internal sealed record Finding(string Id, Severity Severity, string? Package, string? Version, string? FixedIn, string? Title);

/// <summary>What a scanner printed that says nothing. The message is a sentence without its dot.</summary>
internal sealed class ScanException(string message, string remedy) : Exception(message)
{
    public string Remedy { get; } = remedy;
}

/// <summary>What a scanner found.</summary>
internal sealed record ScanFindings(IReadOnlyList<Finding> All)
{
    private const int MostFindings = 100_000;
    private const int LongestWord = 300;
    private const string Remedy = "Let it print SARIF 2.1.0, the JSON of Trivy or Grype, or {\"findings\":[{\"id\":\"…\",\"severity\":\"high\"}]}.";

    public IReadOnlyDictionary<Severity, int> Counts => All.CountBy(finding => finding.Severity).ToDictionary();

    /// <summary>Those that keep an image from being used.</summary>
    /// <param name="threshold">The least severity that does; <see cref="Severity.Unknown"/> is no severity, and never reaches one above itself.</param>
    /// <param name="onlyFixable">Whether those count alone for which there is a version without them.</param>
    public IReadOnlyList<Finding> Reaching(Severity threshold, bool onlyFixable) =>
        [.. All.Where(finding => finding.Severity >= threshold && (!onlyFixable || finding.FixedIn is not null)).OrderByDescending(finding => finding.Severity).ThenBy(finding => finding.Id, StringComparer.Ordinal)];

    /// <param name="json">What was printed: which of the known forms it is, it says itself.</param>
    /// <exception cref="ScanException">It is none of them.</exception>
    public static ScanFindings Read(ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            throw new ScanException("it printed no JSON", Remedy);
        }

        using (document)
        {
            var root = document.RootElement;
            var found = root.ValueKind != JsonValueKind.Object ? null
                : root.TryGetProperty("runs", out _) ? Sarif(root)
                : root.TryGetProperty("matches", out var matches) ? Grype(matches)
                : root.TryGetProperty("findings", out var findings) ? Own(findings)
                : root.TryGetProperty("Results", out var results) ? Trivy(results)
                : root.TryGetProperty("SchemaVersion", out _) && root.TryGetProperty("ArtifactName", out _) ? [] // Trivy leaves its results out where there are none.
                : null;
            var all = found?.Take(MostFindings + 1).ToList() ?? throw new ScanException("what it printed is of no known form", Remedy);
            return all.Count <= MostFindings ? new ScanFindings(all) : throw new ScanException($"it printed more than {MostFindings} findings", "Let it leave out what is of no importance.");
        }
    }

    public static Severity? SeverityOf(string? word) => word?.ToUpperInvariant() switch
    {
        "CRITICAL" => Severity.Critical,
        "HIGH" => Severity.High,
        "MEDIUM" or "MODERATE" => Severity.Medium,
        "LOW" => Severity.Low,
        "NEGLIGIBLE" or "INFORMATIONAL" or "NONE" => Severity.Negligible,
        "UNKNOWN" => Severity.Unknown,
        _ => null,
    };

    /// <summary>CVSS's ranks of its scores.</summary>
    private static Severity OfScore(double score) => score switch
    {
        >= 9 => Severity.Critical,
        >= 7 => Severity.High,
        >= 4 => Severity.Medium,
        > 0 => Severity.Low,
        _ => Severity.Negligible,
    };

    private static IEnumerable<Finding> Own(JsonElement findings) => Items(findings).Select(one => new Finding(
        Id(one, "id"), SeverityOf(Text(one, "severity")) ?? Severity.Unknown, Text(one, "package"), Text(one, "version"), Text(one, "fixedIn"), Text(one, "title")));

    private static IEnumerable<Finding> Trivy(JsonElement results) => Items(results).SelectMany(result => Items(Child(result, "Vulnerabilities"))).Select(one => new Finding(
        Id(one, "VulnerabilityID"), SeverityOf(Text(one, "Severity")) ?? Severity.Unknown, Text(one, "PkgName"), Text(one, "InstalledVersion"), Text(one, "FixedVersion"), Text(one, "Title")));

    private static IEnumerable<Finding> Grype(JsonElement matches) => Items(matches).Select(match => (Found: Child(match, "vulnerability"), Part: Child(match, "artifact"))).Select(one => new Finding(
        Id(one.Found, "id"),
        SeverityOf(Text(one.Found, "severity")) ?? Severity.Unknown,
        Text(one.Part, "name"),
        Text(one.Part, "version"),
        Items(Child(Child(one.Found, "fix"), "versions")).Select(Word).FirstOrDefault(),
        Text(one.Found, "description")));

    /// <summary>A result's severity is its rule's score (security-severity) where there is one, else its level, else its rule's.</summary>
    private static IEnumerable<Finding> Sarif(JsonElement root)
    {
        foreach (var run in Items(Child(root, "runs")))
        {
            var rules = Items(Child(Child(Child(run, "tool"), "driver"), "rules")).ToList();
            var byId = rules.Where(rule => Text(rule, "id") is not null).DistinctBy(rule => Text(rule, "id")).ToDictionary(rule => Text(rule, "id")!, StringComparer.Ordinal);
            foreach (var result in Items(Child(run, "results")))
            {
                // Not what is found to be in order, and not what somebody has looked at and put aside.
                if (Text(result, "kind") is not (null or "fail") || Items(Child(result, "suppressions")).Any(one => Text(one, "status") is null or "accepted"))
                {
                    continue;
                }

                var rule = Text(result, "ruleId") is { } id && byId.TryGetValue(id, out var named) ? named
                    : Child(result, "ruleIndex") is { ValueKind: JsonValueKind.Number } index && index.TryGetInt32(out var at) && at >= 0 && at < rules.Count ? rules[at]
                    : default;
                yield return new Finding(Text(result, "ruleId") ?? Id(rule, "id"), SarifSeverity(result, rule), null, null, null, Text(Child(result, "message"), "text"));
            }
        }
    }

    private static Severity SarifSeverity(JsonElement result, JsonElement rule)
    {
        if ((Score(Child(Child(result, "properties"), "security-severity")) ?? Score(Child(Child(rule, "properties"), "security-severity"))) is { } score)
        {
            return OfScore(score);
        }

        return (Text(result, "level") ?? Text(Child(rule, "defaultConfiguration"), "level") ?? "warning") switch
        {
            "error" => Severity.High,
            "warning" => Severity.Medium,
            "note" => Severity.Low,
            "none" => Severity.Negligible,
            _ => Severity.Unknown,
        };
    }

    private static double? Score(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String when double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var score) => score,
        _ => null,
    };

    private static string Id(JsonElement one, string name) => Text(one, name) ?? throw new ScanException($"a finding has no '{name}'", Remedy);

    private static JsonElement Child(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) ? child : default;

    private static IEnumerable<JsonElement> Items(JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    private static string? Text(JsonElement element, string name) => Word(Child(element, name));

    private static string? Word(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? (text.Length > LongestWord ? text[..LongestWord] : text) : null;
}
