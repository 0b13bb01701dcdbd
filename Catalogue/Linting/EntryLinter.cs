using System.Text.RegularExpressions;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Exchange;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Looks through entries without a GPU and without a network: everything that can be known before anything is built. All faults at once.</summary>
internal static partial class EntryLinter
{
    /// <summary>Of one text with many entries; after them the rest is not looked at.</summary>
    public const int MostFindings = 2_000;

    private static readonly IReadOnlyList<Action<EntryReport>> Rules = [CheckId, CheckPlace, FactRules.Check, ServerRules.Check, SizeRules.Check, ImageRules.Check];

    /// <summary>A text of one entry or several, as its author has it.</summary>
    /// <param name="file">Where it is from; absent: entries are called by their numbers.</param>
    public static (IReadOnlyList<Entry> Entries, IReadOnlyList<LintFinding> Findings) Lint(ReadOnlySpan<byte> text, string? file)
    {
        var errors = new FieldErrorList();
        var entries = ModelExchange.Read(text, errors, file);
        var findings = errors.All.Select(error => OfShape(error, file ?? $"entry {(error.Document ?? 0) + 1}")).ToList();

        // Where so much is wrong with the shape, not all of it was told, and the rules would speak of what it is about.
        if (findings.Count < DocumentLimits.MaxErrors)
        {
            // What the shape already refused is said once.
            var wrong = findings.Select(finding => (finding.File, finding.Field)).ToHashSet();
            findings.AddRange(LintEach(entries).Where(finding => !wrong.Contains((finding.File, finding.Field)) && !FollowsFrom(finding, findings)));
        }

        return (entries, [.. findings.OrderBy(finding => finding.Line ?? 0).ThenBy(finding => finding.Column ?? 0)]);
    }

    /// <summary>Where one of the sizes could not be read, another stands in its place: what is reckoned from that says nothing.</summary>
    private static bool FollowsFrom(LintFinding finding, List<LintFinding> shape) => finding.Rule is FactRules.Weights or SizeRules.Memory
        && shape.Exists(other => other.Rule == "schema" && other.File == finding.File && other.Field.Split('.')[^1] is "parameters" or "weights" or "modelSize" or "dtype");

    /// <summary>One entry after the other, until there are more findings than anybody reads.</summary>
    private static List<LintFinding> LintEach(IReadOnlyCollection<Entry> entries)
    {
        var findings = new List<LintFinding>();
        foreach (var entry in entries)
        {
            findings.AddRange(Lint(entry));
            if (findings.Count >= MostFindings)
            {
                findings.Add(new LintFinding(
                    "limit", Severities.Error, entry.Origin, null, null, "", null, $"fewer than {MostFindings} findings in one text",
                    "What comes after this entry was not looked at: mend these first, or send the entries in parts."));
                break;
            }
        }

        return findings;
    }

    /// <summary>An entry whose shape is right.</summary>
    public static IReadOnlyList<LintFinding> Lint(Entry entry)
    {
        var report = new EntryReport(entry);
        foreach (var rule in Rules)
        {
            rule(report);
        }

        return report.Findings;
    }

    /// <summary>Entries whose shape is right, each by itself and all together.</summary>
    public static IEnumerable<LintFinding> LintAll(IReadOnlyCollection<Entry> entries) => LintEach(entries).Concat(LintTogether(entries));

    /// <summary>What only all entries together show: ids and aliases that two of them have.</summary>
    public static IReadOnlyList<LintFinding> LintTogether(IReadOnlyCollection<Entry> entries)
    {
        var findings = new List<LintFinding>();
        var names = entries.SelectMany(entry => (entry.Spec.Aliases ?? []).Select((alias, i) => (Name: alias, Field: $"aliases[{i}]", Entry: entry)).Prepend((Name: entry.Id, Field: "id", Entry: entry)));
        foreach (var group in names.Where(name => name.Name.Length > 0).GroupBy(name => name.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            foreach (var (name, field, entry) in group.Skip(1))
            {
                var report = new EntryReport(entry);
                report.Error("unique-id", field, name, "an id or alias that no other entry has", $"{group.First().Entry.Origin} has it.");
                findings.AddRange(report.Findings);
                if (findings.Count >= DocumentLimits.MaxErrors)
                {
                    return findings;
                }
            }
        }

        return findings;
    }

    /// <summary>Names that entries have which come with the service. A Model that governs one has its id, and says nothing of how it is served.</summary>
    public static IReadOnlyList<LintFinding> LintBesideBuiltIn(IReadOnlyCollection<Entry> entries)
    {
        var findings = new List<LintFinding>();
        foreach (var entry in entries)
        {
            var report = new EntryReport(entry);
            var names = (entry.Spec.Aliases ?? []).Select((alias, i) => (Name: alias, Field: $"aliases[{i}]")).Prepend((Name: entry.Id, Field: "id"));
            foreach (var (name, field) in names)
            {
                if (BuiltInEntries.FindNamed(name) is { } taken && (taken.Id != entry.Id || (field == "id" && entry.Spec.IsEntry)))
                {
                    report.Error("unique-id", field, name, "an id or alias that no entry has which comes with the Catalogue", $"'{taken.Id}' has it.");
                }
            }

            findings.AddRange(report.Findings);
        }

        return findings;
    }

    private static LintFinding OfShape(FieldError error, string file) =>
        new("schema", Severities.Error, file, error.Line, error.Column, error.Path, error.Value, error.Expectation, error.Remedy);

    private static void CheckId(EntryReport report)
    {
        var entry = report.Entry;
        if (!IdForm.IsMatch(entry.Id))
        {
            report.Error("id", "id", entry.Id, "1 to 96 of a-z, 0-9, '.', '_' and -, starting with a letter or digit", "It becomes the name of an image.");
        }
    }

    /// <summary>The catalogue's own files lie where people look for them: <c>Entries/CATEGORY/ID.yaml</c>.</summary>
    private static void CheckPlace(EntryReport report)
    {
        var (entry, parts) = (report.Entry, report.Entry.Origin.Replace('\\', '/').Split('/'));
        if (parts is not [.., "Entries", var folder, var file])
        {
            return;
        }

        if (folder != entry.Spec.EffectiveCategory)
        {
            report.Error("place", "category", entry.Spec.EffectiveCategory, $"the category that its folder is named after, {folder}", $"Move the file to Entries/{entry.Spec.EffectiveCategory}/.");
        }

        if (file != entry.Id + ".yaml")
        {
            report.Error("place", "id", entry.Id, $"the id that its file is named after, {Path.GetFileNameWithoutExtension(file)}", $"Name the file {entry.Id}.yaml.");
        }
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,95}\z")]
    private static partial Regex IdForm { get; }
}
