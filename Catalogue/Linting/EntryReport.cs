using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>The findings about one entry.</summary>
internal sealed class EntryReport(Entry entry)
{
    private readonly List<LintFinding> _findings = [];
    private int _errors;

    public IReadOnlyList<LintFinding> Findings => _findings;

    public Entry Entry => entry;

    /// <summary>No more of them are kept: what is only said in a finding needs not be found. However many warnings there are, they hide no error.</summary>
    public bool IsFullOf(string severity) => (severity == Severities.Error ? _errors : _findings.Count - _errors) >= DocumentLimits.MaxErrors;

    public void Error(string rule, string field, string? value, string expectation, string? remedy = null) => Add(Severities.Error, rule, field, value, expectation, remedy);

    public void Warn(string rule, string field, string? value, string expectation, string? remedy = null) => Add(Severities.Warning, rule, field, value, expectation, remedy);

    public void Add(string severity, string rule, string field, string? value, string expectation, string? remedy)
    {
        if (IsFullOf(severity))
        {
            return;
        }

        _errors += severity == Severities.Error ? 1 : 0;
        var at = entry.PlaceOf?.Invoke(field);
        var shown = value is { Length: > 80 } ? value.Cut(77, "...") : value;
        _findings.Add(new LintFinding(rule, severity, entry.Origin, at?.Line, at?.Column, entry.NameOf?.Invoke(field) ?? field, shown, expectation, remedy));
    }
}
