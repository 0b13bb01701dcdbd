using System.Globalization;
using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>What an expression may give, so that what stands in it wrong is found when it is applied, and not at every request.</summary>
/// <remarks>The same as <see cref="ResultReader"/> and who uses it find when it runs. What is not known before passes here.</remarks>
internal sealed record ResultShape(string Expected, params ValueKind[] Kinds)
{
    private static readonly ResultShape Any = new("anything");
    private static readonly ResultShape Text = new("a text or null", ValueKind.Null, ValueKind.String);
    private static readonly ResultShape Count = new("a whole number from 0 on, or null", ValueKind.Null, ValueKind.Int, ValueKind.Double) { Least = 0, Most = 1L << 53 };
    private static readonly ResultShape Numbers = new("a list of vectors", ValueKind.List) { Items = new("a list of numbers", ValueKind.List) };

    public static readonly ResultShape Usage = Map("{'prompt_tokens', 'completion_tokens'} or null", [ValueKind.Null, ValueKind.Map], ResultKeys.Usage, _ => Count);

    private static readonly ResultShape Call = Map(
        "{'name', 'arguments'}", [ValueKind.Map], ResultKeys.Call,
        key => key switch { "name" or "id" => Text, "index" => Count, "arguments" => new("a map or a text of JSON", ValueKind.Null, ValueKind.String, ValueKind.Map), _ => Any });

    public static readonly ResultShape Chat = OfText(ResultKeys.OneChat, ResultKeys.Chat);

    public static readonly ResultShape Completions = OfText(ResultKeys.OneText, ResultKeys.Text);

    public static readonly ResultShape Vectors = Map("a list of vectors, or a map of embeddings and usage", [ValueKind.List, ValueKind.Map], ResultKeys.Vectors, key => key == "usage" ? Usage : Numbers) with
    {
        Items = Numbers.Items,
    };

    private static readonly ResultShape Image = Map("a text, or a map of url, b64_json and revised_prompt", [ValueKind.String, ValueKind.Map], ResultKeys.Image, _ => Text);

    public static readonly ResultShape Images = Image with
    {
        Expected = "a text, a list of texts, or maps of url, b64_json and revised_prompt",
        Kinds = [ValueKind.String, ValueKind.List, ValueKind.Map],
        Items = Image,
        Several = Map("a map", [ValueKind.Map], ResultKeys.Images, key => key == "usage" ? Usage : Any),
        SeveralKey = "images",
    };

    public static readonly ResultShape Error = Map(
        "null, a text or a map of message, status, code, type and param", [ValueKind.Null, ValueKind.Bool, ValueKind.String, ValueKind.Map], ResultKeys.Error,
        key => key == "status" ? Count with { Expected = "400 to 599", Least = 400, Most = 599 } : Text);

    public static readonly ResultShape Body = new("a map or a list", ValueKind.Map, ValueKind.List);

    private IReadOnlyDictionary<string, ResultShape>? Members { get; init; }

    private ResultShape? Items { get; init; }

    private IReadOnlyList<string>? Words { get; init; }

    private double? Least { get; init; }

    private double? Most { get; init; }

    /// <summary>Of a map that has <see cref="SeveralKey"/>.</summary>
    private ResultShape? Several { get; init; }

    private string? SeveralKey { get; init; }

    public void Check(Expression expression, FieldErrors errors, string field)
    {
        var outline = Outline.Of(expression.Source);
        if (outline is UnknownOutline && expression.Type.Kind != ValueKind.Dyn && !Takes(expression.Type.Kind))
        {
            Add(errors, field, outline, $"what is of type {expression.Type}", Expected);
            return;
        }

        Check(outline, errors, field);
    }

    private void Check(Outline outline, FieldErrors errors, string field)
    {
        switch (outline)
        {
            case ConstantOutline constant when !Takes(constant.Value.Kind) || !IsAmongWords(constant.Value) || !IsInRange(constant.Value):
                Add(errors, field, constant, constant.Value.ToString(), Words is null ? Expected : $"{string.Join(", ", Words)} or null", constant.Value.Kind == ValueKind.String ? Spelling.Remedy(constant.Value.AsString(), Words ?? []) : null);
                break;
            case ListOutline list when !Takes(ValueKind.List):
                Add(errors, field, list, "a list", Expected);
                break;
            case ListOutline list:
                Each(list.Items, Items);
                break;
            case MapOutline map when !Takes(ValueKind.Map):
                Add(errors, field, map, "a map", Expected);
                break;
            case MapOutline map:
                (Several is not null && map.Entries.Any(entry => KeyOf(entry.Key) == SeveralKey) ? Several : this).CheckEntries(map, errors, field);
                break;
            case ChoiceOutline choice:
                Each(choice.Branches, this);
                break;
        }

        void Each(IReadOnlyList<Outline> parts, ResultShape? shape)
        {
            foreach (var part in parts)
            {
                shape?.Check(part, errors, field);
            }
        }
    }

    private void CheckEntries(MapOutline map, FieldErrors errors, string field)
    {
        if (Members is null)
        {
            return;
        }

        foreach (var (key, value) in map.Entries)
        {
            if (key is ConstantOutline constant && (KeyOf(key) is not { } name || !Members.ContainsKey(name)))
            {
                var written = constant.Value.Kind == ValueKind.String ? constant.Value.AsString() : constant.Value.ToString();
                Add(errors, field, key, $"'{written}'", "one of " + string.Join(", ", Members.Keys), Spelling.Remedy(written, Members.Keys));
            }
            else if (KeyOf(key) is { } known)
            {
                Members[known].Check(value, errors, field);
            }
        }
    }

    private bool Takes(ValueKind kind) => Kinds.Length == 0 || Kinds.Contains(kind);

    private bool IsAmongWords(in Value value) => Words is null || value.Kind != ValueKind.String || Words.Contains(value.AsString());

    private bool IsInRange(in Value value)
    {
        var number = value.Kind == ValueKind.Int ? value.AsInt() : value.Kind == ValueKind.Double ? value.AsDouble() : (double?)null;
        return number is null || Least is null || (number >= Least && number <= Most && double.IsInteger(number.Value));
    }

    private static string? KeyOf(Outline key) => key is ConstantOutline { Value.Kind: ValueKind.String } constant ? constant.Value.AsString() : null;

    private static void Add(FieldErrors errors, string field, Outline at, string found, string expected, string? remedy = null) =>
        errors.AddWithin(field, found, string.Create(CultureInfo.InvariantCulture, $"{expected} at line {at.Line}, column {at.Column} of the expression"), remedy, at.Line, at.Column);

    private static ResultShape Map(string expected, ValueKind[] kinds, IReadOnlyList<string> keys, Func<string, ResultShape> member) =>
        new(expected, kinds) { Members = keys.ToDictionary(key => key, member, StringComparer.Ordinal) };

    /// <summary>A text alone, the fields of one choice, or several choices.</summary>
    private static ResultShape OfText(IReadOnlyList<string> oneKeys, IReadOnlyList<string> keys)
    {
        const string expected = "a text, null, or a map of content, reasoning, tool_calls, finish_reason and usage";
        var choice = Map(expected, [ValueKind.String, ValueKind.Map], keys, Member);
        var choices = new ResultShape("a list", ValueKind.List) { Items = choice };
        return Map(expected, [ValueKind.Null, ValueKind.String, ValueKind.Map], oneKeys, Member) with
        {
            Several = Map("a map", [ValueKind.Map], ResultKeys.Several, key => key == "usage" ? Usage : choices),
            SeveralKey = "choices",
        };

        static ResultShape Member(string key) => key switch
        {
            "usage" => Usage,
            "index" => Count with { Expected = "a whole number less than 64", Most = 63 },
            "tool_calls" => new("a list or null", ValueKind.Null, ValueKind.List) { Items = Call },
            "finish_reason" => Text with { Words = ResultKeys.FinishReasons },
            _ => Text,
        };
    }
}
