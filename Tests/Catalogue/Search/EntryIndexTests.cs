using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Search;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Search;

public sealed class EntryIndexTests
{
    private static readonly EntryIndex BuiltIn = new(BuiltInEntries.All);

    [Theory]
    [InlineData("qwen3-8b", "qwen3-8b")]
    [InlineData("qwen coder 480", "qwen3-coder-480b-a35b-instruct")]
    [InlineData("whisper turbo", "whisper-large-v3-turbo")]
    [InlineData("meta-llama llama 3.3", "llama-3.3-70b-instruct")]
    [InlineData("KOKORO", "kokoro-82m")]
    public void Words_find_what_they_name_first(string text, string id) => Assert.Equal(id, Ids(new EntryQuery { Text = text })[0]);

    [Fact]
    public void An_id_goes_before_an_alias_wherever_it_stands()
    {
        var index = new EntryIndex([.. BuiltInEntries.All, new Entry(new ModelSpec { Id = "aaa", ModelType = "chat", Aliases = ["codestral-22b", "other"] }, "Model 'aaa'")]);
        Assert.Equal(("codestral-22b", "aaa"), (index.Find("codestral-22b")?.Id, index.Find("other")?.Id));
    }

    [Fact]
    public void Every_word_must_be_there()
    {
        Assert.Empty(Ids(new EntryQuery { Text = "qwen3 nonsense" }));
        Assert.All(BuiltIn.Search(new EntryQuery { Text = "ocr" }, 100).Items, entry => Assert.Contains("ocr", (entry.Id + string.Join(' ', entry.Spec.Tags!) + entry.Spec.Description + entry.Spec.Documentation).ToLowerInvariant(), StringComparison.Ordinal));
    }

    [Fact]
    public void Facts_narrow()
    {
        Assert.Equal(BuiltInEntries.All.Count(entry => entry.Spec.ModelType == "speech_to_text"), Ids(new EntryQuery { ModelType = "speech_to_text" }).Count);
        Assert.Equal(BuiltInEntries.All.Count(entry => entry.Spec.Engine == "video-engine"), Ids(new EntryQuery { Engine = "video-engine" }).Count);
        Assert.Equal(Ids(new EntryQuery { Tags = ["coding"], Language = "de" }), Ids(new EntryQuery { Tags = ["CODING"], Language = "de-DE" }));
        Assert.Equal(BuiltInEntries.All.Count, Ids(new EntryQuery { IsServed = false }).Count);
        Assert.Empty(Ids(new EntryQuery { IsServed = true }));
        Assert.All(Find(new EntryQuery { MostParameters = 1, Category = "llm" }), model => Assert.True(model.Parameters!.Value.Billions <= 1));
        Assert.All(Find(new EntryQuery { LeastContext = 200_000 }), model => Assert.True(model.ContextWindow >= 200_000));
        Assert.All(Find(new EntryQuery { Modalities = ["image"], Language = "de", ModelType = "multimodal" }), model => Assert.Contains("de", model.Languages!));
        Assert.All(Find(new EntryQuery { Tags = ["coding", "reasoning"] }), model => Assert.Contains("coding", model.Tags!));
        Assert.Contains("qwen3-8b", Ids(new EntryQuery { Licences = ["permissive"] }));
        Assert.DoesNotContain("llama-3.1-8b", Ids(new EntryQuery { Licences = ["permissive"] }));
        Assert.DoesNotContain("orpheus-3b", Ids(new EntryQuery { Licences = ["permissive"] })); // Its base is under Llama's licence.
        Assert.All(Find(new EntryQuery { Licences = ["!non-commercial"] }), model => Assert.DoesNotContain(model.Licence, new[] { "CC-BY-NC-4.0", "MNPL-0.1", "CPML" }));
        Assert.All(Find(new EntryQuery { Licences = ["gemma"] }), model => Assert.Equal("Gemma", model.Licence));
    }

    [Fact]
    public void What_fits_on_given_GPUs_is_found()
    {
        var onOne = Ids(new EntryQuery { FitsOn = new GpuOffer(Hardware.Gpus["l4"], 1), Category = "llm" });
        Assert.Contains("qwen3-8b", onOne);
        Assert.DoesNotContain("qwen3-14b", onOne);
        Assert.Contains("qwen3-14b", Ids(new EntryQuery { FitsOn = new GpuOffer(Hardware.Gpus["l4"], 2) }));
    }

    [Fact]
    public void Pages_follow_each_other_without_gaps()
    {
        foreach (var query in (EntryQuery[])[new(), new() { Text = "chat model" }, new() { Category = "llm" }])
        {
            var whole = BuiltIn.Search(query, 1_000);
            var (paged, after) = (new List<string>(), default(string?));
            do
            {
                var page = BuiltIn.Search(query, 7, after);
                Assert.Equal(whole.Total, page.Total);
                paged.AddRange(page.Items.Select(entry => entry.Id));
                after = page.After;
            }
            while (after is not null);

            Assert.Equal(whole.Items.Select(entry => entry.Id), paged);
        }
    }

    [Theory]
    [InlineData("NaN|1|qwen3-8b")]
    [InlineData("0|1|")]
    [InlineData("0|2|qwen3-8b")]
    [InlineData("0")]
    [InlineData("")]
    public void A_cursor_of_others_is_refused(string cursor)
    {
        foreach (var text in new[] { cursor, $"{new EntryQuery().Signature()}|{cursor}" })
        {
            Assert.Throws<FormatException>(() => BuiltIn.Search(new EntryQuery(), 5, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text))));
        }

        Assert.Throws<FormatException>(() => BuiltIn.Search(new EntryQuery(), 5, "!!"));
    }

    [Fact]
    public void A_cursor_belongs_to_its_question()
    {
        var after = BuiltIn.Search(new EntryQuery { Text = "chat" }, 5).After;
        Assert.NotEmpty(BuiltIn.Search(new EntryQuery { Text = "Chat" }, 7, after).Items);
        foreach (var other in (EntryQuery[])[new(), new() { Text = "coder" }, new() { Text = "chat", Category = "llm" }, new() { Text = "chat", Licences = ["!mit"] }, new() { Text = "chat", LeastContext = 5 }, new() { Text = "chat", MostParameters = 5 }])
        {
            Assert.Throws<FormatException>(() => BuiltIn.Search(other, 5, after));
        }
    }

    [Fact]
    public void A_walk_goes_on_where_it_was_although_entries_went_and_came()
    {
        foreach (var query in (EntryQuery[])[new(), new() { Text = "model" }])
        {
            var whole = Ids(query);
            var (told, after, index) = (new List<string>(), default(string?), BuiltIn);
            do
            {
                var page = index.Search(query, 10, after);
                told.AddRange(page.Items.Select(entry => entry.Id));
                after = page.After;

                // The last of each page goes; where nothing but the order counts, one comes that stands before all.
                var first = BuiltInEntries.Find("qwen3-8b")!;
                Entry[] comes = query.Text is null ? [first with { Spec = first.Spec with { Id = $"0-{told.Count}" } }] : [];
                index = new EntryIndex(index.All.Where(entry => entry.Id != told[^1]).Concat(comes));
            }
            while (after is not null);

            Assert.Equal(whole, told);
        }
    }

    [Fact]
    public void Words_that_are_a_type_find_the_type_first() =>
        Assert.All(BuiltIn.Search(new EntryQuery { Text = "text-to-speech" }, 5).Items, entry => Assert.Equal("text_to_speech", entry.Spec.ModelType));

    [Fact]
    public void The_last_of_many_words_counts_as_the_first() =>
        Assert.Empty(Ids(new EntryQuery { Text = "dense 8b chat model of alibaba qwen3 family that can think before answering and call tools a b c d e zzzzzz" }));

    [Fact]
    public void Any_text_is_searched_without_a_fault() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text => BuiltIn.Search(new EntryQuery { Text = text }, 5).Items.Count <= 5));

    [Fact]
    public void Ten_thousand_entries_are_searched_in_five_milliseconds()
    {
        var index = new EntryIndex(Enumerable.Range(0, 60).SelectMany(copy => BuiltInEntries.All.Select(entry => entry with { Spec = entry.Spec with { Id = $"{entry.Id}-{copy}" } })).Take(10_000));
        EntryQuery[] queries =
        [
            new() { Text = "qwen coder" }, new() { Text = "chat" }, new() { Text = "a" }, new() { Category = "llm", LeastContext = 100_000 }, new() { Licences = ["permissive"], Language = "de" },
            new() { Text = "vision", FitsOn = new GpuOffer(Hardware.Gpus["a10g"], 1) }, new(),
        ];
        foreach (var query in queries)
        {
            index.Search(query, 50); // Once for what is made at the first use: code, and which entries fit.
        }

        var times = new List<double>();
        for (var round = 0; round < 60; round++)
        {
            foreach (var query in queries)
            {
                var clock = Stopwatch.GetTimestamp();
                Assert.NotEmpty(index.Search(query, 50).Items);
                times.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            }
        }

        // Other tests run beside this one and take its time: the median says what a search costs; Bench has the p99.
        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"p50 {times[times.Count / 2]:0.00} ms, p90 {times[times.Count * 9 / 10]:0.00} ms, p99 {times[times.Count * 99 / 100]:0.00} ms");
        Assert.InRange(times[times.Count / 2], 0, 5);
    }

    private static List<string> Ids(EntryQuery query) => [.. BuiltIn.Search(query, 1_000).Items.Select(entry => entry.Id)];

    private static List<ModelSpec> Find(EntryQuery query)
    {
        List<ModelSpec> found = [.. BuiltIn.Search(query, 1_000).Items.Select(entry => entry.Spec)];
        Assert.NotEmpty(found);
        return found;
    }
}
