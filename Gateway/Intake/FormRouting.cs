using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Orrery.Gateway.Intake;

/// <summary>
/// What a form says of its own way, as clients write objects and lists into forms: a field <c>routing</c> that holds JSON, or <c>routing[fallback]</c>,
/// <c>routing[strategy]</c> and <c>routing[providers][]</c>; <c>models</c> with JSON or a name, or <c>models[]</c>. Engines see none of them.
/// </summary>
internal sealed class FormRouting
{
    private const string Wish = "routing";
    private const string List = "models";
    private readonly List<(string Name, string Value)> _fields = [];
    private readonly List<(long Start, long End)> _removals = [];
    private (long Start, long End)? _firstList;

    public RoutingWish? Routing { get; private set; }

    public IReadOnlyList<string>? Models { get; private set; }

    /// <summary>Where they stand, each with one delimiter; in the form's order.</summary>
    public IReadOnlyList<(long Start, long End)> Removals => _removals;

    public static bool Takes(string name) => name is Wish or List || name.StartsWith(Wish + "[", StringComparison.Ordinal) || name.StartsWith(List + "[", StringComparison.Ordinal);

    /// <param name="part">With its head, up to the delimiter behind it.</param>
    public void Add(string name, string value, (long Start, long End) part, int delimiter)
    {
        _fields.Add((name, value));
        _firstList ??= name.StartsWith(List, StringComparison.Ordinal) ? part : null;
        _removals.Add((part.Start - "\r\n".Length, part.End + delimiter)); // What follows is a line break, or the dashes that close the form.
    }

    /// <returns>What cannot be meant.</returns>
    public Refusal? Read()
    {
        var wish = default(RoutingWish);
        IReadOnlyList<string>? models = null;
        var refusal = ReadField(Wish, WriteWish, (ref Utf8JsonReader reader) => RoutingWish.Read(ref reader, out wish))
            ?? ReadField(List, WriteList, (ref Utf8JsonReader reader) => RoutingWish.ReadNames(ref reader, List, out models));
        (Routing, Models) = (wish, models);
        return refusal;
    }

    /// <summary>The first name of the list, and the part that is to name the model from now on.</summary>
    public (string Name, (long Start, long End) Part)? TakeFirstModel()
    {
        if (Models is not [var first, ..] || _firstList is not { } part)
        {
            return null;
        }

        _removals.RemoveAll(removal => removal.Start == part.Start - "\r\n".Length);
        return (first, part);
    }

    private Refusal? ReadField(string name, Action<Utf8JsonWriter> write, Reading read)
    {
        if (!_fields.Exists(field => field.Name.StartsWith(name, StringComparison.Ordinal)))
        {
            return null;
        }

        var whole = _fields.FindAll(field => field.Name == name);
        if (whole.Count > 1 && name == Wish)
        {
            return Refusal.BadField(name, $"'{name}' appears twice; expected it once.", "duplicate_field");
        }

        var isJson = whole is [var (_, text)] && text.AsSpan().TrimStart().StartsWith(name == Wish ? "{" : "[");
        if (isJson && _fields.Exists(field => field.Name.StartsWith(name + "[", StringComparison.Ordinal)))
        {
            return Refusal.BadField(name, $"'{name}' appears in two ways; expected JSON in '{name}', or fields such as '{name}[{(name == Wish ? "fallback" : "")}]'.", "duplicate_field");
        }

        try
        {
            var reader = new Utf8JsonReader(isJson ? Encoding.UTF8.GetBytes(whole[0].Value) : Written(write));
            var refusal = read(ref reader);
            if (refusal is null && reader.Read())
            {
                throw new JsonException();
            }

            return refusal;
        }
        catch (JsonException)
        {
            return Refusal.BadField(name, $"'{name}' is not valid JSON; expected it as JSON, or fields such as '{name}[{(name == Wish ? "fallback" : "")}]'.", "invalid_type");
        }
    }

    private void WriteWish(Utf8JsonWriter json)
    {
        if (_fields.Find(field => field.Name == Wish) is { Value: not null } plain)
        {
            json.WriteStringValue(plain.Value); // No object, which is said then.
            return;
        }

        json.WriteStartObject();
        var inside = _fields.FindAll(field => field.Name.StartsWith(Wish + "[", StringComparison.Ordinal)).ConvertAll(field => (Name: field.Name[(Wish.Length + 1)..], field.Value));
        foreach (var fields in inside.GroupBy(field => field.Name[..(field.Name.IndexOf(']') is var end and >= 0 ? end : field.Name.Length)]))
        {
            json.WritePropertyName(fields.Key);
            if (fields.Key == "providers")
            {
                WriteTexts(json, fields.Select(field => field.Value));
            }
            else if (fields.Key == "fallback" && bool.TryParse(fields.Last().Value, out var isTrue))
            {
                json.WriteBooleanValue(isTrue);
            }
            else
            {
                json.WriteStringValue(fields.Last().Value);
            }
        }

        json.WriteEndObject();
    }

    private void WriteList(Utf8JsonWriter json) =>
        WriteTexts(json, _fields.Where(field => field.Name.StartsWith(List, StringComparison.Ordinal)).Select(field => field.Value));

    private static void WriteTexts(Utf8JsonWriter json, IEnumerable<string> texts)
    {
        json.WriteStartArray();
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static byte[] Written(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            write(json);
        }

        return bytes.WrittenSpan.ToArray();
    }

    private delegate Refusal? Reading(ref Utf8JsonReader reader);
}
