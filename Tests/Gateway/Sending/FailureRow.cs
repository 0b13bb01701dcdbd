namespace Orrery.Tests.Gateway.Sending;

/// <summary>A row of the table of failures in <c>docs/retries.md</c>: what the page says is what is tested.</summary>
/// <param name="Failure">What the engine does.</param>
/// <param name="Answers">Of which kinds of answer it is true: <c>whole</c>, <c>stream</c>.</param>
/// <param name="IsAskedNext">Another is asked.</param>
/// <param name="Status">What the client sees when there is none.</param>
/// <param name="Code">Its <c>code</c>; <c>null</c>: the engine's own.</param>
/// <param name="HeldAgainst">Whose fault it is.</param>
internal sealed record FailureRow(string Failure, IReadOnlyList<string> Answers, bool IsAskedNext, int Status, string? Code, int? RetryAfter, string HeldAgainst)
{
    private const string Heading = "| what the engine does |";

    public static IReadOnlyList<FailureRow> All { get; } = Read();

    public static FailureRow Of(string failure) => All.Single(row => row.Failure == failure);

    private static List<FailureRow> Read() =>
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "docs", "retries.md"))
            .SkipWhile(line => !line.StartsWith(Heading, StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => Parse([.. line.Trim('|').Split('|').Select(cell => cell.Trim())])),
    ];

    private static FailureRow Parse(string[] cells)
    {
        var (status, code) = (cells[3].Split(' ', 2)[0], cells[3].Split(' ', 2)[1]);
        return new(
            cells[0],
            cells[1] switch { "both" => ["whole", "stream"], "whole" or "stream" => [cells[1]], _ => throw new FormatException($"'{cells[1]}' is no kind of answer.") },
            cells[2] switch { "yes" => true, "no" => false, _ => throw new FormatException($"'{cells[2]}' is neither yes nor no.") },
            int.Parse(status, System.Globalization.CultureInfo.InvariantCulture),
            code == "its own" ? null : code,
            cells[4].Length == 0 ? null : int.Parse(cells[4], System.Globalization.CultureInfo.InvariantCulture),
            cells[5]);
    }
}
