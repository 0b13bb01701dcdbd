using System.Globalization;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>The numbers in a health check that may be ports.</summary>
internal static class HealthPorts
{
    /// <returns>All numbers, and those that are certainly ports: in an address, or after -p or --port.</returns>
    public static (IReadOnlySet<int> Numbers, IReadOnlyList<int> Named) In(string command)
    {
        var (numbers, named) = (new HashSet<int>(), new List<int>());
        for (var at = 0; at < command.Length; at++)
        {
            if (!char.IsAsciiDigit(command[at]))
            {
                continue;
            }

            var start = at;
            while (at < command.Length && char.IsAsciiDigit(command[at]))
            {
                at++;
            }

            if (int.TryParse(command.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65535)
            {
                numbers.Add(number);
                if (IsAfterHost(command, start) || EndsWithOption(command.AsSpan(0, start)))
                {
                    named.Add(number);
                }
            }
        }

        foreach (var (scheme, port) in new[] { ("http://", 80), ("https://", 443) })
        {
            for (var at = Find(0); at >= 0; at = Find(at + 1))
            {
                if (!HasPort(command.AsSpan(at + scheme.Length)))
                {
                    numbers.Add(port);
                    named.Add(port);
                }
            }

            int Find(int from) => command.IndexOf(scheme, from, StringComparison.OrdinalIgnoreCase);
        }

        return (numbers, named);
    }

    private static bool IsAfterHost(string command, int start) =>
        start > 1 && command[start - 1] == ':' && (char.IsAsciiLetterOrDigit(command[start - 2]) || command[start - 2] == ']');

    private static bool EndsWithOption(ReadOnlySpan<char> before) =>
        before.TrimEnd(" =").EndsWith("-p") || before.TrimEnd(" =").EndsWith("--port");

    /// <summary>Whether an address, after its scheme, has a port or one that is not known.</summary>
    private static bool HasPort(ReadOnlySpan<char> address)
    {
        var end = address.IndexOfAny("/ '\"?#");
        var host = end < 0 ? address : address[..end];
        return host.LastIndexOf(':') > host.LastIndexOf(']') || host.Contains('$');
    }
}
