using System.Globalization;

namespace Orrery.Builder.Targets.Container;

/// <summary>A server's start, as far as it says where it listens.</summary>
/// <param name="Entrypoint">The program and what stands before the arguments.</param>
internal sealed record ServerStart(IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment);

/// <summary>
/// On the machine's own network every server needs a port of its own, and has to be told. Where a server is told its port differs: here every place that
/// names the port is found and changed, so that no table of servers is needed.
/// </summary>
internal static class ServerPort
{
    /// <summary>The same start at another port.</summary>
    /// <returns><c>null</c> where nothing in it names <paramref name="port"/>: such a server listens where it was built to.</returns>
    public static ServerStart? Move(ServerStart start, int port, int other)
    {
        var (from, to) = (port.ToString(CultureInfo.InvariantCulture), other.ToString(CultureInfo.InvariantCulture));
        var found = false;
        var whole = MoveWords([.. start.Entrypoint, .. start.Arguments], from, to, ref found);
        var environment = start.Environment.ToDictionary(
            one => one.Key,
            one => IsPort(one.Key) && one.Value == from ? to : one.Value);
        found |= start.Environment.Any(one => IsPort(one.Key) && one.Value == from);
        return found ? new ServerStart([.. whole.Take(start.Entrypoint.Count)], [.. whole.Skip(start.Entrypoint.Count)], environment) : null;
    }

    private static List<string> MoveWords(IReadOnlyList<string> words, string from, string to, ref bool found)
    {
        var moved = new List<string>(words.Count);
        foreach (var (index, word) in words.Index())
        {
            var next = MoveWord(index > 0 ? words[index - 1] : "", word, from, to);
            found |= next != word;
            moved.Add(next);
        }

        return moved;
    }

    private static string MoveWord(string before, string word, string from, string to)
    {
        // --port 8000, -p 8000
        if (word == from && before.StartsWith('-') && IsPort(before))
        {
            return to;
        }

        // --port=8000
        if (word.StartsWith('-') && word.IndexOf('=') is > 0 and var at && word[(at + 1)..] == from && IsPort(word[..at]))
        {
            return word[..(at + 1)] + to;
        }

        // --bind 0.0.0.0:8000, --urls=http://*:8000
        return word.EndsWith(":" + from, StringComparison.Ordinal) ? word[..^from.Length] + to : word;
    }

    /// <summary>PORT, HTTP_PORT, ASPNETCORE_HTTP_PORTS, --port, --http-port, -p; not a port that belongs to something else of the server.</summary>
    private static bool IsPort(string name)
    {
        var plain = name.TrimStart('-').ToUpperInvariant();
        return name == "-p" || plain is "PORT" or "PORTS" || ((plain.EndsWith("PORT", StringComparison.Ordinal) || plain.EndsWith("PORTS", StringComparison.Ordinal)) && plain[..plain.LastIndexOf("PORT", StringComparison.Ordinal)] is [.., '-' or '_']);
    }
}
