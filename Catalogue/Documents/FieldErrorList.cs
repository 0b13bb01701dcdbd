using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>The faults of all documents of a request, each with its document and its place.</summary>
internal sealed class FieldErrorList
{
    private readonly List<FieldError> _errors = [];

    /// <summary>Most documents' faults that a request has, in the order of the text.</summary>
    public IReadOnlyList<FieldError> All => [.. First()];

    public bool Any => _errors.Count > 0;

    /// <summary>The document that is being read.</summary>
    public int Document { get; set; }

    public void Add(int document, FieldError error, Position? at)
    {
        _errors.Add(error with { Document = document, Line = at?.Line, Column = at?.Column });
        if (_errors.Count >= DocumentLimits.MaxErrors * 10)
        {
            // A million documents can be wrong each: only those that will be told are kept.
            var first = First().ToList();
            _errors.Clear();
            _errors.AddRange(first);
        }
    }

    public void Take(FieldErrorList others) => _errors.AddRange(others._errors);

    private IEnumerable<FieldError> First() =>
        _errors.OrderBy(error => error.Document ?? 0).ThenBy(error => error.Line ?? 0).ThenBy(error => error.Column ?? 0).Take(DocumentLimits.MaxErrors);

    public void AddDuplicate(string key, Position first, Position second) =>
        Add(Document, new FieldError(key, null, $"a name that stands once in its mapping; it is also on line {first.Line}", "Keep one of the two."), second);
}
