using System.Runtime.CompilerServices;
using Orrery.Contracts;

namespace Orrery.Catalogue.Search;

/// <summary>The words by which a model is found, sorted, each with what it counts.</summary>
internal sealed class EntryWords
{
    /// <summary>Longer ones are found by their beginning.</summary>
    private const int LongestWord = 64;

    /// <summary>Kept with the model: another index of the same model has the same words.</summary>
    private static readonly ConditionalWeakTable<ModelSpec, EntryWords> Known = [];

    private readonly string[] _words;
    private readonly float[] _weights;

    private EntryWords(ModelSpec model)
    {
        (string? Text, float Weight)[] texts =
        [
            (model.Id, 8), (model.Name, 8), (model.Repo, 6), (string.Join(' ', model.Aliases ?? []), 8), (model.Vendor, 4), (string.Join(' ', model.Tags ?? []), 4),
            (model.ModelType, 2), (model.EffectiveCategory, 2), (model.Engine, 2), (model.Licence, 2), (model.Description, 1), (model.Documentation, 0.5f),
        ];
        var weights = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var (text, weight) in texts)
        {
            foreach (var word in In(text ?? ""))
            {
                weights[word] = Math.Max(weights.GetValueOrDefault(word), weight);
            }
        }

        _words = [.. weights.Keys];
        _weights = [.. weights.Values];
        Array.Sort(_words, _weights, StringComparer.Ordinal);
    }

    public static EntryWords Of(ModelSpec model) => Known.GetValue(model, static model => new EntryWords(model));

    public int Count => _words.Length;

    public IEnumerable<(string Word, float Weight)> All => _words.Zip(_weights);

    /// <summary>What is left of a word's weight where a query says only its beginning.</summary>
    public static float ShareOf(string word, string asked) => word.Length == asked.Length ? 1 : 0.5f;

    /// <summary>What a word of a query gives, at best; 0: nothing.</summary>
    public float Best(string word)
    {
        var best = 0f;
        var start = Array.BinarySearch(_words, word, StringComparer.Ordinal);
        for (var i = start < 0 ? ~start : start; i < _words.Length && _words[i].StartsWith(word, StringComparison.Ordinal); i++)
        {
            best = Math.Max(best, _weights[i] * ShareOf(_words[i], word));
        }

        return best;
    }

    /// <summary>In small letters, apart at blanks, dashes and slashes: <c>Qwen2.5-VL</c> is qwen2.5 and vl.</summary>
    public static IEnumerable<string> In(string text)
    {
        foreach (var part in text.ToLowerInvariant().Split([' ', '/', '-', '_', ',', '(', ')', ':', ';', '\'', '"', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            var word = part.Trim('.', '!', '?');
            if (word.Length > 0)
            {
                yield return word.Length > LongestWord ? word[..LongestWord] : word;
            }
        }
    }
}
