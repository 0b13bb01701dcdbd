using System.Globalization;

namespace Orrery.Simulator.Text;

/// <summary>Text values for a schema: by pattern, by format, else a few words within the length limits.</summary>
internal sealed class StringSampler(Random random, IReadOnlyList<string> topics)
{
    private const int MostCharacters = 20_000;

    private readonly Prose _prose = new(random, topics);
    private readonly Prose _plain = new(random, []);

    public (string? Text, string? Fault) Sample(SchemaView schema)
    {
        var min = (int)Math.Max(0, schema.Integer("minLength", 0));
        var max = (int)Math.Max(-1, schema.Integer("maxLength", MostCharacters));
        if (min > max || min > MostCharacters)
        {
            return (null, $"has minLength {min} above {Math.Min(max, MostCharacters)}");
        }

        if (schema.Text("pattern") is { } pattern)
        {
            return PatternSampler.TrySample(pattern, random, min, max, out var matching)
                ? (matching, null)
                : (null, $"has the pattern '{pattern}', which the simulator cannot satisfy; use literals, classes, groups, | and quantifiers");
        }

        if (Formatted(schema.Text("format")) is { } formatted && formatted.Length >= min && formatted.Length <= max)
        {
            return (formatted, null);
        }

        return (Words(min, max), null);
    }

    private string Words(int min, int max)
    {
        var text = _prose.NextWord();
        var wanted = Math.Max(min, random.Next(4, 28));
        while (text.Length < wanted)
        {
            text += " " + _prose.NextWord();
        }

        text = text.Length > max ? text[..max].TrimEnd() : text;
        return text.PadRight(min, 'x');
    }

    private string? Formatted(string? format)
    {
        var day = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(random.NextInt64(0, 200_000_000));
        return format switch
        {
            "date" => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            "time" => day.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            "date-time" => day.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            "duration" => $"PT{random.Next(1, 60)}M",
            "email" or "idn-email" => $"{_plain.NextWord()}@example.com",
            "hostname" or "idn-hostname" => "host.example.com",
            "ipv4" => $"192.0.2.{random.Next(1, 255)}",
            "ipv6" => $"2001:db8::{random.Next(1, 0xffff):x}",
            "uri" or "iri" => $"https://example.com/{random.Next(1, 10_000)}",
            "uri-reference" or "iri-reference" => $"/{random.Next(1, 10_000)}",
            "uuid" => Uuid(),
            "json-pointer" => "/0",
            "regex" => "^[a-z]+$",
            _ => null,
        };
    }

    private string Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
