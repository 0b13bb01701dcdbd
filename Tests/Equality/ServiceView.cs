namespace Orrery.Tests.Equality;

/// <summary>
/// One service as one of the three forms of the graph has it: run mode, manifest or chart. Every form is brought to the same words:
/// addresses are those of the chart, a secret is the name of its parameter in angle brackets.
/// </summary>
internal sealed record ServiceView(string Name)
{
    /// <summary>What the variables are.</summary>
    public SortedDictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>What it is told on its command line.</summary>
    public List<string> Arguments { get; } = [];

    /// <summary>The image; null for a project, whose image is its own.</summary>
    public string? Image { get; set; }

    /// <summary>Whom it talks to: <c>catalogue:http</c>.</summary>
    public SortedSet<string> References { get; } = new(StringComparer.Ordinal);

    /// <summary>Where it listens: <c>http tcp assigned external</c>, <c>tcp tcp 6379</c>.</summary>
    public SortedSet<string> Ports { get; } = new(StringComparer.Ordinal);

    /// <summary>How it is asked for its health: paths, or <c>own check</c>.</summary>
    public SortedSet<string> Health { get; } = new(StringComparer.Ordinal);

    /// <summary>What it keeps: the paths of its volumes.</summary>
    public SortedSet<string> Volumes { get; } = new(StringComparer.Ordinal);

    /// <summary>How many of it run.</summary>
    public string Replicas { get; set; } = "1";

    /// <summary>How many GPUs each has.</summary>
    public int Gpus { get; set; }

    /// <summary>Everything by aspect and name, for comparing: <c>("environment", "HTTP_PORTS") → 8080</c>.</summary>
    public IEnumerable<(string Aspect, string Item, string Value)> Facts()
    {
        foreach (var (name, value) in Environment)
        {
            yield return ("environment", name, value);
        }

        yield return ("arguments", "", string.Join(' ', Arguments));
        yield return ("image", "", Image ?? "its own");
        yield return ("replicas", "", Replicas);
        yield return ("gpus", "", FormattableString.Invariant($"{Gpus}"));
        foreach (var (aspect, set) in new[] { ("references", References), ("ports", Ports), ("health", Health), ("volumes", Volumes) })
        {
            foreach (var one in set)
            {
                yield return (aspect, one, "yes");
            }
        }
    }
}
