using System.Globalization;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>One line with a value.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>A family as a scraper reads it.</summary>
internal sealed record ReadFamily(string Name)
{
    public string Type { get; set; } = "";

    public string? Help { get; set; }

    public string? Unit { get; set; }

    public List<Sample> Samples { get; } = [];

    public Sample Only => Assert.Single(Samples);
}

/// <summary>Reads Prometheus' text and OpenMetrics as strictly as their scrapers do, and refuses what these would refuse.</summary>
internal static class Exposition
{
    public static IReadOnlyDictionary<string, ReadFamily> Read(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var isOpenMetrics = text.EndsWith("# EOF\n", StringComparison.Ordinal);
        var families = new Dictionary<string, ReadFamily>();
        var series = new HashSet<string>();
        ReadFamily? current = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (line == "# EOF")
            {
                Assert.EndsWith(line + "\n", text, StringComparison.Ordinal);
            }
            else if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                var parts = line.Split(' ', 4);
                if (current?.Name != parts[2])
                {
                    current = new ReadFamily(parts[2]);
                    families.Add(current.Name, current); // A second head of the same family is a fault.
                }

                Assert.Empty(current.Samples);
                Set(current, parts[1], parts[3]);
            }
            else
            {
                var sample = ReadSample(line);
                Assert.NotNull(current);
                Assert.Contains(sample.Name, SampleNames(current, isOpenMetrics));
                Assert.True(series.Add(line[..line.LastIndexOf(' ')]), $"twice: {line}");
                current.Samples.Add(sample);
            }
        }

        foreach (var family in families.Values)
        {
            Check(family);
        }

        return families;
    }

    private static void Set(ReadFamily family, string what, string value)
    {
        switch (what)
        {
            case "TYPE":
                Assert.Equal("", family.Type);
                family.Type = value;
                break;
            case "HELP":
                Assert.Null(family.Help);
                family.Help = value;
                break;
            default:
                Assert.Equal("UNIT", what);
                Assert.Null(family.Unit);
                Assert.EndsWith("_" + value, family.Name, StringComparison.Ordinal);
                family.Unit = value;
                break;
        }
    }

    private static string[] SampleNames(ReadFamily family, bool isOpenMetrics) => family.Type switch
    {
        "histogram" => [family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"],
        "counter" when isOpenMetrics => [family.Name + "_total"],
        "info" => [family.Name + "_info"],
        "counter" or "gauge" => [family.Name],
        _ => [],
    };

    private static void Check(ReadFamily family)
    {
        Assert.NotEmpty(family.Samples);
        if (family.Type != "histogram")
        {
            return;
        }

        foreach (var one in family.Samples.GroupBy(sample => string.Join('\0', sample.Labels.Where(label => label.Key != "le").OrderBy(label => label.Key))))
        {
            var buckets = one.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal)).ToList();
            Assert.Equal("+Inf", buckets[^1].Labels["le"]);
            Assert.Equal(buckets.Select(bucket => Number(bucket.Labels["le"])).Order(), buckets.Select(bucket => Number(bucket.Labels["le"])));
            Assert.Equal(buckets.Select(bucket => bucket.Value).Order(), buckets.Select(bucket => bucket.Value));
            Assert.Equal(buckets[^1].Value, one.Single(sample => sample.Name.EndsWith("_count", StringComparison.Ordinal)).Value);
        }
    }

    private static Sample ReadSample(string line)
    {
        var open = line.IndexOf('{', StringComparison.Ordinal);
        var name = line[..open];
        Assert.Matches("^[a-zA-Z_:][a-zA-Z0-9_:]*$", name);
        var labels = new Dictionary<string, string>();
        var at = open + 1;
        while (line[at] != '}')
        {
            at += line[at] == ',' ? 1 : 0;
            var equals = line.IndexOf('=', at);
            var label = line[at..equals];
            Assert.Matches("^[a-zA-Z_][a-zA-Z0-9_]*$", label);
            Assert.Equal('"', line[equals + 1]);
            var value = new System.Text.StringBuilder();
            for (at = equals + 2; line[at] != '"'; at++)
            {
                value.Append(line[at] != '\\' ? line[at] : line[++at] switch
                {
                    'n' => '\n',
                    '\\' or '"' => line[at],
                    var other => throw new FormatException($"\\{other} is no escape: {line}"),
                });
            }

            labels.Add(label, value.ToString());
            at++;
        }

        Assert.Equal(' ', line[at + 1]);
        return new Sample(name, labels, Number(line[(at + 2)..]));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
