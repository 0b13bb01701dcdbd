using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Container;

/// <summary>A container's log, line by line.</summary>
internal sealed partial class ContainerLog(ContainerTool tool)
{
    public async IAsyncEnumerable<LogLine> ReadAsync(string container, LogQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<string> arguments = ["logs", "--timestamps"];
        if (question.Tail is { } tail)
        {
            arguments.AddRange(["--tail", tail.ToString(CultureInfo.InvariantCulture)]);
        }

        if (question.Follow)
        {
            arguments.Add("--follow");
        }

        await foreach (var line in tool.StreamAsync([.. arguments, container], null, cancellationToken))
        {
            yield return Parse(line.Text, line.IsError);
        }
    }

    internal static LogLine Parse(string text, bool isError)
    {
        var stream = isError ? "stderr" : "stdout";
        var space = text.IndexOf(' ');
        var stamp = space < 0 ? text : text[..space];
        return Stamp.IsMatch(stamp) && DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? new LogLine(at, space < 0 ? "" : Inner.Replace(text[(space + 1)..], ""), stream)
            : new LogLine(null, text, stream);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")]
    private static partial Regex Stamp { get; }

    // podman stamps every piece of a line that a server wrote in pieces, not only the first.
    [GeneratedRegex(@"(?<=.)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d) ")]
    private static partial Regex Inner { get; }
}
