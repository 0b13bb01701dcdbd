namespace Orrery.Expressions.Binding;

internal static class SourcePlace
{
    /// <summary>Line and column from 1.</summary>
    public static (int Line, int Column) Of(string source, int offset)
    {
        var before = source.AsSpan(0, Math.Min(offset, source.Length));
        return (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }
}
