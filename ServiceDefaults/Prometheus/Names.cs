namespace Orrery.ServiceDefaults.Prometheus;

/// <summary>OpenTelemetry's names as Prometheus takes them ("Prometheus and OpenMetrics Compatibility", OTLP metric points to Prometheus).</summary>
internal static class Names
{
    /// <summary><c>http.server.request.duration</c> with unit <c>s</c> is <c>http_server_request_duration_seconds</c>. Without a counter's <c>_total</c>.</summary>
    public static string Family(string name, string unit, bool isCounter)
    {
        var family = Name(name);
        if (isCounter && family.EndsWith("_total", StringComparison.Ordinal) && family.Length > "_total".Length)
        {
            family = family[..^"_total".Length];
        }

        return unit.Length == 0 || family.EndsWith($"_{unit}", StringComparison.Ordinal) ? family : $"{family}_{unit}";
    }

    /// <summary>What matches <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.</summary>
    public static string Name(string name) => Sanitized(name, colons: true);

    /// <summary>What matches <c>[a-zA-Z_][a-zA-Z0-9_]*</c> and does not begin with two underscores, which Prometheus keeps for itself.</summary>
    public static string Label(string name) => Sanitized(name, colons: false);

    /// <summary>The unit as a word, <c>""</c> for none: <c>ms</c> is <c>milliseconds</c>, <c>By/s</c> is <c>bytes_per_second</c>, <c>{request}</c> is nothing, <c>1</c> is <c>ratio</c> of a gauge and nothing else's.</summary>
    public static string Unit(string? unit, bool isGauge)
    {
        var bare = WithoutAnnotations(unit ?? "").Trim();
        if (bare == "1")
        {
            return isGauge ? "ratio" : "";
        }

        var slash = bare.IndexOf('/', StringComparison.Ordinal);
        var words = slash < 0 ? Word(bare)
            : slash == bare.Length - 1 ? Word(bare[..slash])
            : $"{Word(bare[..slash])}_per_{PerWord(bare[(slash + 1)..])}";
        return Sanitized(words, colons: false, leading: false).Trim('_');
    }

    private static string Word(string unit) => unit switch
    {
        "1" => "",
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" or "kBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        _ => unit,
    };

    private static string PerWord(string unit) => unit switch
    {
        "s" => "second",
        "m" or "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "wk" or "w" => "week",
        "mo" => "month",
        "a" or "y" => "year",
        "By" => "byte",
        _ => unit,
    };

    private static string WithoutAnnotations(string unit)
    {
        while (unit.IndexOf('{', StringComparison.Ordinal) is >= 0 and var open && unit.IndexOf('}', open) is >= 0 and var close)
        {
            unit = unit.Remove(open, close - open + 1);
        }

        return unit;
    }

    private static string Sanitized(string name, bool colons, bool leading = true)
    {
        var text = new System.Text.StringBuilder(name.Length + 1);
        if (leading && (name.Length == 0 || char.IsAsciiDigit(name[0])))
        {
            text.Append('_');
        }

        foreach (var character in name)
        {
            if (char.IsAsciiLetterOrDigit(character) || (colons && character == ':'))
            {
                text.Append(character);
            }
            else if (text.Length == 0 || text[^1] != '_')
            {
                text.Append('_');
            }
        }

        return text.ToString();
    }
}
