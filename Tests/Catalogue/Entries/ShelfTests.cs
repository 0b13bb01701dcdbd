using Microsoft.Extensions.Options;
using Orrery.Catalogue;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Search;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Entries;

public sealed class ShelfTests
{
    [Fact]
    public void All_who_ask_at_once_get_the_index_that_one_of_them_made()
    {
        var shelf = new Shelf(new LiveState(Options.Create(new CatalogueOptions())));
        var indexes = new EntryIndex[16];
        Parallel.For(0, indexes.Length, new ParallelOptions { MaxDegreeOfParallelism = indexes.Length }, i => indexes[i] = shelf.Of("default"));
        Assert.Single(indexes.Distinct());
    }

    [Fact]
    public void The_words_of_a_model_are_made_once_whatever_becomes_of_others()
    {
        var model = new ModelSpec { Id = "a", ModelType = "chat", Documentation = "zebra crossing", Tags = ["zebra"] };
        Assert.Same(EntryWords.Of(model), EntryWords.Of(model));
        Assert.Equal((4f, 2f, 0.5f, 0f), (EntryWords.Of(model).Best("zebra"), EntryWords.Of(model).Best("zeb"), EntryWords.Of(model).Best("crossing"), EntryWords.Of(model).Best("lion")));

        // As many words as a book has, and few: both are found in the same way.
        var book = model with { Id = "b", Documentation = "zebra " + string.Join(' ', Enumerable.Range(0, 2_000).Select(i => $"w{i}")) };
        var index = new EntryIndex([new Entry(model, "a"), new Entry(book, "b")]);
        Assert.Equal(["a", "b"], index.Search(new EntryQuery { Text = "zebra" }, 10).Items.Select(entry => entry.Id));
        Assert.Equal(["b"], index.Search(new EntryQuery { Text = "w1999 zeb" }, 10).Items.Select(entry => entry.Id));
    }
}
