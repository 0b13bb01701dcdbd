using System.Text.RegularExpressions;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Exchange;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Looks through entries without a GPU and without a network: everything that can be known before anything is built. All faults at once.</summary>
internal static partial class EntryLinter
{
    private static readonly IReadOnlyList<Action<EntryReport>> Rules = [CheckId, FactRules.Check, ServerRules.Check, SizeRules.Check, ImageRules.Check];

    /// <summary>A text of one entry or several, as its author has it.</summary>
    /// <param name="file">Where it is from; absent: entries are called by their numbers.</param>
    public static (IReadOnlyList<Entry> Entries, IReadOnlyList<LintFinding> Findings) Lint(ReadOnlySpan<byte> text, string? file)
    {
        var errors = new FieldErrorList();
        var entries = ModelExchange.Read(text, errors, file);
        var findings = errors.All.Select(error => OfShape(error, file ?? $"entry {(error.Document ?? 0) + 1}")).ToList();

        // What the shape already refused is said once.
        var wrong = findings.Select(finding => (finding.File, finding.Field)).ToHashSet();
        findings.AddRange(entries.SelectMany(Lint).Where(finding => !wrong.Contains((finding.File, finding.Field))));
        return (entries, [.. findings.OrderBy(finding => finding.Line ?? 0).ThenBy(finding => finding.Column ?? 0)]);
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
    public static IEnumerable<LintFinding> LintAll(IReadOnlyCollection<Entry> entries) => entries.SelectMany(Lint).Concat(LintTogether(entries));

    /// <summary>What only all entries together show: ids and aliases that two of them have.</summary>
    public static IReadOnlyList<LintFinding> LintTogether(IReadOnlyCollection<Entry> entries)
    {
        var findings = new List<LintFinding>();
        var names = entries.SelectMany(entry => (entry.Spec.Aliases ?? []).Select((alias, i) => (Name: alias, Field: $"aliases[{i}]", Entry: entry)).Prepend((Name: entry.Id, Field: "id", Entry: entry)));
        foreach (var group in names.GroupBy(name => name.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            foreach (var (name, field, entry) in group.Skip(1))
            {
                var report = new EntryReport(entry);
                report.Error("unique-id", field, name, "an id or alias that no other entry has", $"{group.First().Entry.Origin} has it.");
                findings.AddRange(report.Findings);
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

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,95}\z")]
    private static partial Regex IdForm { get; }
}
