using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>Reads a <c>prompt</c> or an <c>input</c>: a text, texts, token ids, or lists of token ids.</summary>
internal static class CompletionPrompts
{
    private const int MostPrompts = 2_048;

    public static IReadOnlyList<int[]> Read(Fields body, string name)
    {
        const string Expected = "a string, a list of strings, a list of token ids or a list of lists of token ids";
        if (body.Any(name) is not { } value)
        {
            body.Fault(name, $"{Expected}; the field is missing");
            return [];
        }

        if (Fields.TryText(value, out var text))
        {
            return [Tokenizer.Encode(text)];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0)
        {
            body.Fault(name, Expected, value);
            return [];
        }

        if (value[0].ValueKind == JsonValueKind.Number)
        {
            return ReadIds(body, name, value) is { } ids ? [ids] : [];
        }

        if (value.GetArrayLength() > MostPrompts)
        {
            body.Fault(name, $"at most {MostPrompts} prompts, got {value.GetArrayLength()}");
            return [];
        }

        return ReadList(body, name, value);
    }

    private static List<int[]> ReadList(Fields body, string name, JsonElement list)
    {
        var prompts = new List<int[]>();
        foreach (var (index, item) in list.EnumerateArray().Index())
        {
            if (Fields.TryText(item, out var text))
            {
                prompts.Add(Tokenizer.Encode(text));
            }
            else if (item.ValueKind == JsonValueKind.Array)
            {
                prompts.Add(ReadIds(body, $"{name}[{index}]", item) ?? []);
            }
            else
            {
                body.Fault($"{name}[{index}]", "a string or a list of token ids", item);
            }
        }

        return prompts;
    }

    /// <summary>Token ids, each in the vocabulary; null when one is not (and noted).</summary>
    public static int[]? ReadIds(Fields body, string name, JsonElement list)
    {
        var ids = new List<int>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var id) || !Tokenizer.IsKnown(id))
            {
                body.Fault(name, "token ids of this model's vocabulary (see /tokenize)", item);
                return null;
            }

            ids.Add((int)id);
        }

        return [.. ids];
    }
}
