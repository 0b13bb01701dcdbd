namespace Orrery.Tests.Kubernetes;

/// <summary>Kubernetes' two notations for choosing objects by their labels.</summary>
internal static class Selector
{
    /// <summary>A LabelSelector: <c>matchLabels</c> and <c>matchExpressions</c>. An empty one matches everything.</summary>
    public static bool Matches(Field selector, IReadOnlyDictionary<string, string> labels) =>
        HasAll(selector["matchLabels"], labels) && selector["matchExpressions"].Items.All(expression => Holds(expression, labels));

    /// <summary>A plain map of labels, as in a Service.</summary>
    public static bool HasAll(Field map, IReadOnlyDictionary<string, string> labels) =>
        map.Texts.All(wanted => labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value);

    private static bool Holds(Field expression, IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(expression["key"].Text ?? "", out var value);
        var listed = has && expression["values"].Items.Any(item => item.Text == value);
        return expression["operator"].Text switch
        {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => has,
            "DoesNotExist" => !has,
            _ => false,
        };
    }
}
