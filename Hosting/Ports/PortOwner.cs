using System.Globalization;

namespace Aspire.Hosting;

/// <summary>Who listens on a port.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary>The process as <c>name (pid 123)</c>; null when the kernel does not tell this user.</summary>
    public static string? Find(int port)
    {
        var inodes = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9 && fields[3] == Listening && PortOf(fields[1]) == port)
            .Select(fields => $"socket:[{fields[9]}]")
            .ToHashSet(StringComparer.Ordinal);
        return inodes.Count == 0 ? null : Directory.EnumerateDirectories("/proc").Select(process => Holder(process, inodes)).FirstOrDefault(one => one is not null);
    }

    private static int PortOf(string address) =>
        int.TryParse(address[(address.LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port) ? port : -1;

    private static string? Holder(string process, HashSet<string> inodes)
    {
        var id = Path.GetFileName(process);
        if (!char.IsAsciiDigit(id[0]))
        {
            return null;
        }

        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(fd => inodes.Contains(new FileInfo(fd).LinkTarget ?? ""))
                ? $"{File.ReadAllText(Path.Combine(process, "comm")).Trim()} (pid {id})"
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
