namespace Orrery.Simulator.Text;

/// <summary>Plausible English from a small grammar: it speaks about the words it is given and is the same for the same random source.</summary>
internal sealed class Prose(Random random, IReadOnlyList<string> topics)
{
    private static readonly string[] Subjects =
    [
        "the idea", "a careful reader", "the usual approach", "this question", "the first step", "a small team", "the result", "the evidence",
        "most practice", "the simplest answer", "an older method", "the main difference", "a good example", "the cost", "the next decision",
    ];

    private static readonly string[] Verbs =
    [
        "depends on", "begins with", "leads to", "explains", "follows from", "improves with", "rests on", "changes with", "is limited by",
        "can be compared with", "makes room for", "is easier to see in", "has little to do with", "grows out of",
    ];

    private static readonly string[] Objects =
    [
        "the details", "patient measurement", "a clear goal", "the data at hand", "what people already know", "a few simple rules", "the weather of the day",
        "good habits", "the order of events", "time and attention", "the tools that are available", "an honest estimate", "a second opinion",
    ];

    private static readonly string[] Openers =
    [
        "In practice,", "As a rule,", "For instance,", "At first sight,", "On closer inspection,", "More often than not,", "In other words,", "Even so,",
        "By contrast,", "To begin with,", "Over time,", "Taken together,",
    ];

    private static readonly string[] Joiners = ["and", "while", "because", "so that", "although", "whereas"];

    private static readonly string[] Adverbs = ["usually", "quietly", "often", "rarely", "clearly", "slowly", "mostly", "in the end"];

    private static readonly string[] Words =
    [
        "harbour", "lantern", "meadow", "signal", "copper", "orchard", "ribbon", "summit", "valley", "winter", "anchor", "bridge", "candle", "delta",
        "ember", "forest", "garden", "island", "jasper", "kettle", "ledger", "marble", "needle", "oxide", "pebble", "quartz", "river", "silver",
    ];

    private static readonly HashSet<string> Uninteresting = new(StringComparer.OrdinalIgnoreCase)
    {
        "about", "above", "after", "again", "against", "because", "before", "below", "between", "could", "every", "first", "might", "other", "please",
        "shall", "should", "since", "something", "their", "there", "these", "thing", "those", "through", "under", "until", "using", "what's", "where",
        "which", "while", "whose", "within", "without", "would", "write", "yours", "explain", "describe",
    };

    private int _sentences;

    /// <summary>The words of a prompt that an answer may take up: those of five letters and more, in their order, at most eight.</summary>
    public static IReadOnlyList<string> TopicsOf(string text)
    {
        var shortened = text.Length > 4_000 ? text[^4_000..] : text;
        var words = shortened.Split([.. " \n\t.,;:?!\"()[]{}<>/\\|`*#"], StringSplitOptions.RemoveEmptyEntries);
        return [.. words
            .Where(word => word.Length is >= 5 and <= 24 && word.All(char.IsLetter) && !Uninteresting.Contains(word))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Take(8)];
    }

    public string NextWord() => topics.Count > 0 && random.Next(4) == 0 ? Pick(topics) : Pick(Words);

    /// <summary>One sentence with its closing mark, or the greeting line that takes up the prompt when it is the first.</summary>
    public string NextSentence()
    {
        if (_sentences++ == 0 && topics.Count > 0)
        {
            return topics.Count == 1 ? $"You asked about {topics[0]}." : $"You asked about {topics[0]} and {Pick([.. topics.Skip(1)])}.";
        }

        var clause = Clause();
        if (random.Next(3) == 0)
        {
            clause = $"{Pick(Openers)} {clause}";
        }

        if (random.Next(3) == 0)
        {
            clause += $", {Pick(Joiners)} {Clause()}";
        }

        return char.ToUpperInvariant(clause[0]) + clause[1..] + (random.Next(24) == 0 ? "?" : ".");
    }

    private string Clause()
    {
        var verb = random.Next(5) == 0 ? $"{Pick(Adverbs)} {Pick(Verbs)}" : Pick(Verbs);
        return $"{Thing(Subjects)} {verb} {Thing(Objects)}";
    }

    private string Thing(string[] things) =>
        topics.Count > 0 && random.Next(4) == 0 ? Pick(topics) : random.Next(7) == 0 ? $"the {Pick(Words)}" : Pick(things);

    private string Pick(IReadOnlyList<string> from) => from[random.Next(from.Count)];
}
