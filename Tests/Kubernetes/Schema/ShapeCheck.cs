namespace Orrery.Tests.Kubernetes;

/// <summary>Compares a document with a shape, field by field, and names everything that differs.</summary>
internal static class ShapeCheck
{
    public static IEnumerable<Finding> Check(Document document, Field field, Shape shape)
    {
        if (field.IsNull && shape is not AnyShape)
        {
            return [document.Find(field, "a value, or no such field: the server drops a null or refuses it")];
        }

        return shape switch
        {
            LaterShape later => Check(document, field, later.Shape.Value),
            ObjectShape fields => CheckObject(document, field, fields),
            ListShape list => CheckList(document, field, list),
            _ => Expected(field, shape) is { } expected ? [document.Find(field, expected)] : [],
        };
    }

    private static IEnumerable<Finding> CheckObject(Document document, Field field, ObjectShape shape)
    {
        if (field.Node is not MapNode)
        {
            yield return document.Find(field, "an object");
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in field.Entries)
        {
            if (!seen.Add(name))
            {
                yield return document.Find(value, "one entry of this name; it is there twice");
            }
            else if (!shape.Fields.TryGetValue(name, out var known) && shape.Others is null)
            {
                yield return document.Find(value, Nearest(name, shape));
            }
            else
            {
                foreach (var finding in Check(document, value, known ?? shape.Others!))
                {
                    yield return finding;
                }
            }
        }

        foreach (var missing in shape.Required.Where(name => !seen.Contains(name)))
        {
            yield return document.Find(field[missing], "a value: the field is required");
        }
    }

    private static IEnumerable<Finding> CheckList(Document document, Field field, ListShape shape)
    {
        if (field.Node is not ListNode list)
        {
            return [document.Find(field, "a list")];
        }

        if (list.Items.Count < shape.Least || list.Items.Count > shape.Most)
        {
            return [document.Find(field, shape.Most == int.MaxValue ? $"at least {shape.Least} items" : $"{shape.Least} to {shape.Most} items")];
        }

        return field.Items.SelectMany(item => Check(document, item, shape.Item));
    }

    private static string? Expected(Field field, Shape shape)
    {
        var scalar = field.Node as ScalarNode;
        return shape switch
        {
            FlagShape => scalar?.Kind is ScalarKind.Flag ? null : "true or false, without quotes",
            NumberShape => scalar?.Kind is ScalarKind.Whole or ScalarKind.Number ? null : "a number, without quotes",
            WholeShape whole => field.Whole >= whole.Least && field.Whole <= whole.Most ? null : $"a whole number from {whole.Least} to {whole.Most}, without quotes",
            IntOrStringShape => scalar?.Kind is ScalarKind.Text || field.Whole is >= int.MinValue and <= int.MaxValue ? null : "a whole number or a string",
            TextShape { Format: "quantity" } => Quantity.Parse(scalar?.Text) is null ? "a quantity, for example 500m or 2Gi" : null,
            TextShape text => scalar?.Kind is ScalarKind.Text ? Expected(scalar.Text, text) : "a string; quote it",
            _ => null,
        };
    }

    private static string? Expected(string value, TextShape shape) => shape switch
    {
        { Values: { } values } when !values.Contains(value) => $"one of {string.Join(", ", values)}",
        { Format: "byte" } when !Formats.IsBase64(value) => "base64",
        { Format: "date-time" } when !Formats.IsDateTime(value) => "a time as in RFC 3339",
        { Pattern: { } pattern } when !pattern.IsMatch(value) => $"a string that matches {pattern}",
        _ when value.Length < shape.Shortest || value.Length > shape.Longest => shape.Longest == int.MaxValue
            ? $"a string of at least {shape.Shortest} characters"
            : $"a string of {shape.Shortest} to {shape.Longest} characters",
        _ => null,
    };

    private static string Nearest(string name, ObjectShape shape)
    {
        var nearest = shape.Fields.Keys.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return nearest is not null ? $"the field {nearest}; there is no {name}" : $"a field that exists: {string.Join(", ", shape.Fields.Keys.Order(StringComparer.Ordinal))}";
    }
}
