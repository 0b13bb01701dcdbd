using System.Diagnostics;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Search;
using Orrery.Catalogue.Sizing;

namespace Orrery.Bench.Search;

/// <summary>How long searches of the catalogue take, over 10,000 entries: those that come with it, many times over.</summary>
internal static class SearchReport
{
    private const int Entries = 10_000;
    private const int Rounds = 500;

    private static readonly (string Name, EntryQuery Query)[] Queries =
    [
        ("nothing asked", new EntryQuery()),
        ("`qwen coder`", new EntryQuery { Text = "qwen coder" }),
        ("`chat`, which nearly all have", new EntryQuery { Text = "chat" }),
        ("`a`", new EntryQuery { Text = "a" }),
        ("category and context", new EntryQuery { Category = "llm", LeastContext = 100_000 }),
        ("licence and language", new EntryQuery { Licences = ["permissive"], Language = "de" }),
        ("`vision`, fits on an A10G", new EntryQuery { Text = "vision", FitsOn = new GpuOffer(Hardware.Gpus["a10g"], 1) }),
    ];

    public static int Run()
    {
        var clock = Stopwatch.GetTimestamp();
        var copies = Enumerable.Range(0, (Entries / BuiltInEntries.All.Count) + 1);
        var index = new EntryIndex(copies.SelectMany(copy => BuiltInEntries.All.Select(entry => entry with { Spec = entry.Spec with { Id = $"{entry.Id}-{copy}" } })).Take(Entries));
        Console.WriteLine($"{Entries:N0} entries, indexed in {Stopwatch.GetElapsedTime(clock).TotalMilliseconds:0} ms. Pages of 50, {Rounds} searches each.\n");
        Console.WriteLine("| asked for | found | p50 | p99 | longest |\n| --- | --- | --- | --- | --- |");
        foreach (var (name, query) in Queries)
        {
            index.Search(query, 50);
            var times = Enumerable.Range(0, Rounds).Select(_ => Time(index, query)).Order().ToList();
            Console.WriteLine($"| {name} | {index.Search(query, 50).Total:N0} | {times[Rounds / 2]:0.00} ms | {times[Rounds * 99 / 100]:0.00} ms | {times[^1]:0.00} ms |");
        }

        return 0;
    }

    private static double Time(EntryIndex index, EntryQuery query)
    {
        var clock = Stopwatch.GetTimestamp();
        index.Search(query, 50);
        return Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
    }
}
