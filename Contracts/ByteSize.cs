using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>An amount of memory or of a disk as documents write it: <c>16.38GB</c> (decimal), <c>50Gi</c> (binary, as Kubernetes writes it).</summary>
[JsonConverter(typeof(ByteSizeJsonConverter))]
public readonly partial record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    public const string Expectation = "a size such as 14GB, 16.38 GB, 512Mi or 50Gi";

    private const long Ki = 1L << 10;
    private const long Mi = 1L << 20;
    private const long Gi = 1L << 30;
    private const long Ti = 1L << 40;
    private const double Most = long.MaxValue / 2;

    /// <summary>In units of 10⁹ bytes, as model cards and price lists count.</summary>
    [JsonIgnore]
    public double Gigabytes => Bytes / 1e9;

    /// <summary>In units of 2³⁰ bytes, as drivers and Kubernetes count.</summary>
    [JsonIgnore]
    public double Gibibytes => Bytes / (double)Gi;

    public static ByteSize FromGigabytes(double gigabytes) => new((long)Math.Round(gigabytes * 1e9));

    public static ByteSize FromGibibytes(double gibibytes) => new((long)Math.Round(gibibytes * Gi));

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    public static bool TryParse(string? text, out ByteSize size)
    {
        size = default;
        if (string.IsNullOrEmpty(text) || Pattern.Match(text) is not { Success: true } match)
        {
            return false;
        }

        var bytes = double.Parse(match.Groups["n"].ValueSpan, CultureInfo.InvariantCulture) * Factor(match.Groups["u"].Value);
        size = new ByteSize((long)Math.Round(Math.Min(bytes, Most)));
        return bytes <= Most;
    }

    /// <summary>A text that <see cref="TryParse"/> reads back to the same value: binary units where they divide it, otherwise decimal ones.</summary>
    public override string ToString()
    {
        var bytes = Bytes;
        (long Size, string Name) unit = Bytes switch
        {
            >= Gi when bytes % Gi == 0 => (Gi, "Gi"),
            >= Mi when bytes % Mi == 0 => (Mi, "Mi"),
            >= 100_000_000 => (1_000_000_000, "GB"),
            >= 100_000 => (1_000_000, "MB"),
            _ => (1, "B"),
        };
        return ((decimal)Bytes / unit.Size).ToString("0.#########", CultureInfo.InvariantCulture) + unit.Name;
    }

    private static double Factor(string unit) => unit.ToUpperInvariant() switch
    {
        "" or "B" => 1,
        "K" or "KB" => 1e3,
        "M" or "MB" => 1e6,
        "G" or "GB" => 1e9,
        "T" or "TB" => 1e12,
        "KI" or "KIB" => Ki,
        "MI" or "MIB" => Mi,
        "GI" or "GIB" => Gi,
        _ => Ti,
    };

    [GeneratedRegex(@"^(?<n>[0-9]{1,15}(?:\.[0-9]{1,9})?) ?(?<u>B|[kKMGT]B?|[KMGT]iB?)?\z")]
    private static partial Regex Pattern { get; }
}

/// <summary>A size as JSON: a text.</summary>
public sealed class ByteSizeJsonConverter : JsonConverter<ByteSize>
{
    public override ByteSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && ByteSize.TryParse(reader.GetString(), out var size)
            ? size
            : throw new JsonException($"Expected {ByteSize.Expectation}.");

    public override void Write(Utf8JsonWriter writer, ByteSize value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
