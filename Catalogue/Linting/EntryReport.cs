using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>The findings about one entry.</summary>
internal sealed class EntryReport(Entry entry)
{
    private readonly List<LintFinding> _findings = [];

    public IReadOnlyList<LintFinding> Findings => _findings;

    public Entry Entry => entry;

    /// <summary>No more are kept: what is only said in a finding needs not be found.</summary>
    public bool IsFull => _findings.Count >= DocumentLimits.MaxErrors;

    public void Error(string rule, string field, string? value, string expectation, string? remedy = null) => Add(Severities.Error, rule, field, value, expectation, remedy);

    public void Warn(string rule, string field, string? value, string expectation, string? remedy = null) => Add(Severities.Warning, rule, field, value, expectation, remedy);

    public void Add(string severity, string rule, string field, string? value, string expectation, string? remedy)
    {
        if (IsFull)
        {
            return;
        }

        var at = entry.PlaceOf?.Invoke(field);
        var shown = value is { Length: > 80 } ? value.Cut(77, "...") : value;
        _findings.Add(new LintFinding(rule, severity, entry.Origin, at?.Line, at?.Column, entry.NameOf?.Invoke(field) ?? field, shown, expectation, remedy));
    }
}
