using System.Text;

namespace Orrery.Builder.Bundles;

/// <summary><c>SHA256SUMS</c> as coreutils write and read it: a digest, two blanks, a path.</summary>
internal static class BundleSums
{
    private const int HexDigits = 64;

    public static byte[] Write(IReadOnlyDictionary<string, string> sums) =>
        Encoding.UTF8.GetBytes(string.Concat(sums.OrderBy(sum => sum.Key, StringComparer.Ordinal).Select(sum => $"{sum.Value}  {sum.Key}\n")));

    /// <param name="faults">Lines that are none are told here.</param>
    /// <returns>By path.</returns>
    public static Dictionary<string, string> Read(byte[] content, List<string> faults)
    {
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var isOne = line.Length > HexDigits + 2 && line.AsSpan(HexDigits, 2) is "  " or " *" && line.Take(HexDigits).All(sign => char.IsAsciiDigit(sign) || sign is >= 'a' and <= 'f');
            var path = isOne ? line[(HexDigits + 2)..] : "";
            var fault = !isOne ? "it is no checksum and path" : BundlePaths.FaultOf(path) ?? (sums.TryAdd(path, line[..HexDigits]) ? null : $"'{path}' is in it twice");
            if (fault is not null)
            {
                faults.Add($"{BundleFolder.SumsFile}, line {i + 1}: {fault}");
            }
        }

        return sums;
    }
}
