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
/// Each entry has its words sorted, with how much they count, so that the beginning of a word is a range of that list; they are made once for
/// each model, however often others change. A fact is a set of entries, so that several facts are a few thousand bit operations. Numbers are
/// compared for what is left.
/// </remarks>
internal sealed class EntryIndex
{
    /// <summary>The cursor stands for a place in the order of one query: its signature, then the score, the sureness and the id of the last entry of a page.</summary>
    private const char Separator = '|';

    /// <summary>Of a query; each is looked for in all entries.</summary>
    public const int MostWords = 32;

    /// <summary>What a query that names a whole type of models gives those: more than any one word.</summary>
    private const float OfTheType = 24;

    private readonly Entry[] _entries;
    private readonly EntryWords[] _words;
    private readonly Dictionary<string, EntrySet> _facts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Gpu, int Count), EntrySet> _fits = new();

    public EntryIndex(IEnumerable<Entry> entries)
    {
        // In this order where nothing else decides: what is sure before what is rough, then by name.
        _entries = [.. entries.OrderByDescending(entry => entry.IsSure).ThenBy(entry => entry.Id, StringComparer.Ordinal)];
        _words = [.. _entries.Select(entry => EntryWords.Of(entry.Spec))];
        for (var i = 0; i < _entries.Length; i++)
        {
            foreach (var fact in EntryFacts.Of(_entries[i]))
            {
                if (!_facts.TryGetValue(fact, out var set))
                {
                    _facts.Add(fact, set = new EntrySet(_entries.Length));
                }

                set.Add(i);
            }
        }
    }

    public IReadOnlyList<Entry> All => _entries;

    /// <summary>By its id; else by an alias, those of the entries that come with the service first.</summary>
    public Entry? Find(string name) => Array.Find(_entries, entry => entry.Id == name)
        ?? _entries.Where(entry => entry.Spec.Aliases?.Contains(name) == true).MaxBy(entry => entry.IsBuiltIn);

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

        var scores = new float[_entries.Length];
        for (var i = 0; i < _entries.Length; i++)
        {
            scores[i] = ScoreOf(_words[i], wanted);
        }

        // "text to speech" are three words that many have; together they are a type.
        var phrase = $" {string.Join(' ', EntryWords.In(text ?? ""))} ";
        var type = ModelTypes.All.FirstOrDefault(type => type.Contains('_') && phrase.Contains($" {type.Replace('_', ' ')} ", StringComparison.Ordinal));
        return places.Where(place => scores[place] > 0)
            .Select(place => new Hit(place, scores[place] + (type is not null && _entries[place].Spec.ModelType == type ? OfTheType : 0)));
    }

    /// <summary>The best that a word of the entry gives for each word of the query, added up; 0 where one was not found.</summary>
    private static float ScoreOf(EntryWords words, List<string> wanted)
    {
        var score = 0f;
        foreach (var word in wanted)
        {
            if (words.Best(word) is not (> 0 and var best))
            {
                return 0;
            }

            score += best;
        }

        return score;
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

    private readonly record struct Hit(int Index, float Score)
    {
        /// <summary>By score, and at the same score by place.</summary>
        public static readonly Comparer<Hit> WorstFirst = Comparer<Hit>.Create(static (a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : b.Index.CompareTo(a.Index));
    }
}
