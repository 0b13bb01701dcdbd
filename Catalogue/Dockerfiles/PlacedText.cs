using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>Text that was put together from the lines of a file, and knows where each of its characters stood there.</summary>
internal sealed class PlacedText
{
    private readonly IReadOnlyList<Piece> _pieces;
    private readonly int _offset;

    private PlacedText(string value, int offset, IReadOnlyList<Piece> pieces)
    {
        Value = value;
        _offset = offset;
        _pieces = pieces;
    }

    public string Value { get; }

    /// <summary>Where the character at <paramref name="index"/> stands; the end of the text is a place too.</summary>
    public Position At(int index)
    {
        var offset = _offset + index;
        var (low, high) = (0, _pieces.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _pieces[middle].Start <= offset ? (middle, high) : (low, middle - 1);
        }

        return _pieces[low].At(offset);
    }

    public PlacedText Slice(int start, int end) => new(Value[start..end], _offset + start, _pieces);

    public PlacedText Trim()
    {
        var start = Value.Length - Value.TrimStart().Length;
        return Slice(start, Math.Max(start, Value.TrimEnd().Length));
    }

    public static PlacedText Of(string value, IReadOnlyList<Piece> pieces) => new(value, 0, pieces);

    /// <summary>Part of one line of the file.</summary>
    /// <param name="Start">Where it begins in the text that it was put into.</param>
    /// <param name="LineNumber">From 1.</param>
    /// <param name="Skipped">Characters of the line before it.</param>
    internal sealed record Piece(int Start, int LineNumber, int Skipped, string Line)
    {
        // Only a line with surrogate pairs has columns that are not indexes, and it counts them once.
        private readonly int[]? _columns = Line.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? null : Columns(Line);

        public Position At(int offset)
        {
            var index = Math.Clamp(offset - Start + Skipped, 0, Line.Length);
            return new Position(LineNumber, _columns is null ? index + 1 : _columns[index]);
        }

        private static int[] Columns(string line)
        {
            var columns = new int[line.Length + 1];
            columns[0] = 1;
            for (var i = 0; i < line.Length; i++)
            {
                var isHalf = char.IsHighSurrogate(line[i]) && i + 1 < line.Length && char.IsLowSurrogate(line[i + 1]);
                columns[i + 1] = columns[i] + (isHalf ? 0 : 1);
            }

            return columns;
        }
    }
}
