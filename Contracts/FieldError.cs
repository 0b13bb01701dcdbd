namespace Orrery.Contracts;

/// <summary>One thing wrong with one field of a document, said so that its author can mend it.</summary>
/// <param name="Path">Where, from the document's root: <c>spec.models[2].type</c>.</param>
/// <param name="Value">What stood there, as text and shortened; <c>null</c> when the field is absent or secret.</param>
/// <param name="Expectation">What would have been right: "one of chat, embedding, …".</param>
/// <param name="Remedy">What to do about it, where that is not the expectation itself.</param>
/// <param name="Line">1-based line in the text that was sent; <c>null</c> where the text is gone.</param>
/// <param name="Column">1-based column, with <paramref name="Line"/>.</param>
/// <param name="Document">0-based index of the document in its batch; <c>null</c> when there is one only.</param>
public sealed record FieldError(
    string Path,
    string? Value,
    string Expectation,
    string? Remedy = null,
    int? Line = null,
    int? Column = null,
    int? Document = null);

/// <summary>Gathers every fault of a document; a validator never stops at the first. Of what is wrong within a text, line and column count from the text's beginning until its place is known.</summary>
public sealed class FieldErrors
{
    private readonly List<FieldError> _errors = [];

    public IReadOnlyList<FieldError> All => _errors;

    public bool Any => _errors.Count > 0;

    public void Add(string path, string? value, string expectation, string? remedy = null) =>
        _errors.Add(new FieldError(path, Shorten(value), expectation, remedy));

    /// <param name="line">Of the mistake within the field's text, from 1.</param>
    /// <param name="column">With <paramref name="line"/>.</param>
    public void AddWithin(string path, string? value, string expectation, string? remedy, int line, int column) =>
        _errors.Add(new FieldError(path, Shorten(value), expectation, remedy, line, column));

    private static string? Shorten(string? value) => value is { Length: > 80 } ? value.Cut(77, "...") : value;
}
