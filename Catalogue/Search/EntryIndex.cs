using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Search;

/// <summary>Finds entries by words and by facts. Immutable: another set of entries is another index.</summary>
/// <remarks>
/// Words stand sorted, each with the entries that have it and how much it counts there, so that the beginning of a word is a range of the
/// list. Entries of very many words are asked one by one instead: their words are made once for each model, however often others change.
/// A fact is a set of entries, so that several facts are a few thousand bit operations. Numbers are compared for what is left.
/// </remarks>
internal sealed class EntryIndex
{
    /// <summary>The cursor stands for a place in the order of one query: its signature, then the score, the sureness and the id of the last entry of a page.</summary>
    private const char Separator = '|';

    /// <summary>Of a query; each is looked for in all entries.</summary>
    public const int MostWords = 32;

    /// <summary>With more than so many an entry is not put among the others: that would be done anew with each change of any.</summary>
    private const int ManyWords = 1_000;

    /// <summary>What a query that names a whole type of models gives those: more than any one word.</summary>
    private const float OfTheType = 24;

    private readonly Entry[] _entries;
    private readonly string[] _words;
    private readonly Posting[][] _postings;
    private readonly List<(int Index, EntryWords Words)> _wordy = [];
    private readonly Dictionary<string, EntrySet> _facts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Gpu, int Count), EntrySet> _fits = new();

    public EntryIndex(IEnumerable<Entry> entries)
    {
        // In this order where nothing else decides: what is sure before what is rough, then by name.
        _entries = [.. entries.OrderByDescending(entry => entry.IsSure).ThenBy(entry => entry.Id, StringComparer.Ordinal)];
        var words = new SortedDictionary<string, List<Posting>>(StringComparer.Ordinal);
        for (var i = 0; i < _entries.Length; i++)
        {
            if (EntryWords.Of(_entries[i].Spec) is { Count: > ManyWords } wordy)
            {
                _wordy.Add((i, wordy));
            }
            else
            {
                Add(words, i);
            }

            foreach (var fact in EntryFacts.Of(_entries[i]))
            {
                if (!_facts.TryGetValue(fact, out var set))
                {
                    _facts.Add(fact, set = new EntrySet(_entries.Length));
                }

                set.Add(i);
            }
        }

        _words = [.. words.Keys];
        _postings = [.. words.Values.Select(places => places.ToArray())];
    }

    private void Add(SortedDictionary<string, List<Posting>> words, int index)
    {
        foreach (var (word, weight) in EntryWords.Of(_entries[index].Spec).All)
        {
            if (!words.TryGetValue(word, out var places))
            {
                words.Add(word, places = []);
            }

            places.Add(new Posting(index, weight));
        }
    }

    public IReadOnlyList<Entry> All => _entries;

    /// <summary>By its id; else by an alias, those of the entries that come with the service first.</summary>
    public Entry? Find(string name) => Array.Find(_entries, entry => entry.Id == name)
        ?? _entries.Where(entry => entry.Spec.Aliases?.Contains(name) == true).MaxBy(entry => entry.IsBuiltIn);

    /// <summary>The id that was probably meant: in another case, by the model's repository, or with a slip; <c>null</c>: none is near.</summary>
    public string? Nearest(string name) =>
        Array.Find(_entries, entry => entry.Id.Equals(name, StringComparison.OrdinalIgnoreCase) || string.Equals(entry.Spec.Repo, name, StringComparison.OrdinalIgnoreCase))?.Id
        ?? Spelling.Nearest(name, _entries.Select(entry => entry.Id));

    /// <param name="after">The cursor of the page before; <c>null</c>: from the start.</param>
    /// <exception cref="FormatException">The cursor is none of ours.</exception>
    public EntryPage Search(EntryQuery query, int limit, string? after = null)
    {
        var signature = query.Signature();
        var last = after is null ? default(Hit?) : PlaceOf(after, signature);
        var best = new PriorityQueue<Hit, Hit>(Hit.WorstFirst);
        var (total, following) = (0, 0);
        foreach (var hit in Scored(query.Text, ByFacts(query).Places().Where(place => HasNumbers(_entries[place].Spec, query))))
        {
            total++;
            if (last is { } before && Hit.WorstFirst.Compare(hit, before) >= 0)
            {
                continue; // It was on a page before.
            }

            following++;
            if (best.Count < limit)
            {
                best.Enqueue(hit, hit);
            }
            else
            {
                best.EnqueueDequeue(hit, hit);
            }
        }

        var page = new Hit[best.Count];
        for (var i = page.Length - 1; i >= 0; i--)
        {
            page[i] = best.Dequeue();
        }

        return new EntryPage([.. page.Select(hit => _entries[hit.Index])], total, following > page.Length ? WriteCursor(page[^1], signature) : null);
    }

    private EntrySet ByFacts(EntryQuery query)
    {
        var left = EntrySet.AllOf(_entries.Length);
        foreach (var fact in query.Facts())
        {
            left.Keep(_facts.GetValueOrDefault(fact));
        }

        foreach (var fact in query.NotFacts())
        {
            left.Remove(_facts.GetValueOrDefault(fact));
        }

        if (query.FitsOn is { } offer)
        {
            left.Keep(FitsOn(offer));
        }

        return left;
    }

    private static bool HasNumbers(ModelSpec model, EntryQuery query) =>
        (query.LeastParameters is null || model.Parameters?.Billions >= query.LeastParameters)
        && (query.MostParameters is null || model.Parameters?.Billions <= query.MostParameters)
        && (query.LeastContext is null || model.ContextWindow >= query.LeastContext);

    private EntrySet FitsOn(GpuOffer offer) => _fits.GetOrAdd((offer.Gpu.Id, offer.Count), _ =>
    {
        var fits = new EntrySet(_entries.Length);
        for (var i = 0; i < _entries.Length; i++)
        {
            var model = _entries[i].Spec;
            if (model.IsEntry && Fitting.Of(model, offer, new FitQuestion(Context: Least(model))).Fits)
            {
                fits.Add(i);
            }
        }

        return fits;
    });

    /// <summary>What must fit at least for a model to be of use.</summary>
    private static int Least(ModelSpec model) => Math.Min(model.ContextWindow ?? Fitting.LeastContext, Fitting.LeastContext);

    /// <summary>Those of <paramref name="places"/> that have every word of the text; without words all.</summary>
    private IEnumerable<Hit> Scored(string? text, IEnumerable<int> places)
    {
        List<string> wanted = [.. EntryWords.In(text ?? "").Distinct()];
        if (wanted.Count == 0)
        {
            return places.Select(place => new Hit(place, 0));
        }

        var (scores, counts, best) = (new float[_entries.Length], new int[_entries.Length], new float[_entries.Length]);
        for (var i = 0; i < wanted.Count; i++)
        {
            AddUp(wanted[i], i, scores, counts, best);
        }

        // "text to speech" are three words that many have; together they are a type.
        var phrase = $" {string.Join(' ', EntryWords.In(text ?? ""))} ";
        var type = ModelTypes.All.FirstOrDefault(type => type.Contains('_') && phrase.Contains($" {type.Replace('_', ' ')} ", StringComparison.Ordinal));
        return places.Where(place => counts[place] == wanted.Count)
            .Select(place => new Hit(place, scores[place] + (type is not null && _entries[place].Spec.ModelType == type ? OfTheType : 0)));
    }

    /// <summary>Adds the best that a word of each entry gives for one word of the query; only where all before it were found.</summary>
    private void AddUp(string word, int before, float[] scores, int[] counts, float[] best)
    {
        Array.Clear(best);
        var start = Array.BinarySearch(_words, word, StringComparer.Ordinal);
        for (var i = start < 0 ? ~start : start; i < _words.Length && _words[i].StartsWith(word, StringComparison.Ordinal); i++)
        {
            var share = EntryWords.ShareOf(_words[i], word);
            foreach (var posting in _postings[i])
            {
                best[posting.Index] = Math.Max(best[posting.Index], posting.Weight * share);
            }
        }

        foreach (var (index, words) in _wordy)
        {
            best[index] = words.Best(word);
        }

        for (var i = 0; i < best.Length; i++)
        {
            if (best[i] > 0 && counts[i] == before)
            {
                counts[i]++;
                scores[i] += best[i];
            }
        }
    }

    /// <summary>Whether an entry has this fact.</summary>
    public bool Has(string fact) => _facts.ContainsKey(fact);

    private string WriteCursor(Hit hit, string signature) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join(
        Separator, signature, hit.Score.ToString("R", CultureInfo.InvariantCulture), _entries[hit.Index].IsSure ? "1" : "0", _entries[hit.Index].Id)));

    /// <summary>Where the page before ended: a place in the order, whether or not its entry is still there.</summary>
    private Hit PlaceOf(string cursor, string signature)
    {
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split(Separator, 4);
        if (parts is not [var of, var text, "0" or "1", { Length: > 0 } id] || of != signature
            || !float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) || !float.IsFinite(score))
        {
            throw new FormatException("A cursor has the signature of its query, a score, a sureness and an id.");
        }

        var isSure = parts[2] == "1";
        var next = Array.FindIndex(_entries, entry => entry.IsSure == isSure ? string.CompareOrdinal(entry.Id, id) > 0 : !entry.IsSure);
        return new Hit((next < 0 ? _entries.Length : next) - 1, score);
    }

    private readonly record struct Posting(int Index, float Weight);

    private readonly record struct Hit(int Index, float Score)
    {
        /// <summary>By score, and at the same score by place.</summary>
        public static readonly Comparer<Hit> WorstFirst = Comparer<Hit>.Create(static (a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : b.Index.CompareTo(a.Index));
    }
}
