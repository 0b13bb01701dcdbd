using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>Where the parts of the parser leave what they find: faults, and notes on what is no fault and hardly meant.</summary>
internal sealed class DockerfileFaults(FieldErrorList errors)
{
    private readonly List<FieldError> _notes = [];
    private int _count;

    public IReadOnlyList<FieldError> Notes => _notes;

    /// <summary>No more are kept: nothing that is only said in a fault needs to be found.</summary>
    public bool IsFull => _count >= DocumentLimits.MaxErrors;

    /// <param name="instruction">Its name; empty for the file as a whole.</param>
    /// <param name="value">What stands there; <c>null</c> where it may be a secret, as the values of ENV and ARG may.</param>
    public void Add(string instruction, string? value, string expectation, string? remedy, Position at)
    {
        // 256 KB have room for a hundred thousand faults.
        if (_count++ < DocumentLimits.MaxErrors)
        {
            errors.Add(0, new FieldError(instruction, Shorten(value), expectation, remedy), at);
        }
    }

    public void Note(string instruction, string? value, string expectation, string? remedy, Position at)
    {
        if (_notes.Count < DocumentLimits.MaxErrors)
        {
            _notes.Add(new FieldError(instruction, Shorten(value), expectation, remedy, at.Line, at.Column));
        }
    }

    public static string? Shorten(string? value) => value is { Length: > 80 } ? string.Concat(value.AsSpan(0, 77), "...") : value;

    public static string? DidYouMean(string written, IEnumerable<string> known) =>
        Spelling.Nearest(written, known) is { } nearest ? $"Did you mean '{nearest}'?" : null;
}
