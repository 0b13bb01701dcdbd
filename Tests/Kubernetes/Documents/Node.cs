namespace Orrery.Tests.Kubernetes;

/// <summary>What a plain YAML scalar means to the parser that Helm and kubectl share.</summary>
internal enum ScalarKind
{
    Text,
    Whole,
    Number,
    Flag,
    Null,
}

/// <summary>A YAML value as it was written: duplicate keys and quotes are kept, since the API server's answer depends on both.</summary>
internal abstract class Node
{
    /// <summary>The value in one line, shortened, for messages.</summary>
    public abstract string Summary { get; }
}

internal sealed class ScalarNode(string text, ScalarKind kind) : Node
{
    private const int LongestSummary = 80;

    public string Text { get; } = text;

    public ScalarKind Kind { get; } = kind;

    public override string Summary => Kind switch
    {
        ScalarKind.Text when Text.Length > LongestSummary => $"\"{Text[..LongestSummary]}...\"",
        ScalarKind.Text => $"\"{Text}\"",
        ScalarKind.Null => "null",
        _ => Text,
    };
}

internal sealed class ListNode(IReadOnlyList<Node> items) : Node
{
    public IReadOnlyList<Node> Items { get; } = items;

    public override string Summary => Items.Count == 0 ? "[]" : $"a list of {Items.Count}";
}

internal sealed class MapNode(IReadOnlyList<KeyValuePair<string, Node>> entries) : Node
{
    public IReadOnlyList<KeyValuePair<string, Node>> Entries { get; } = entries;

    public override string Summary => Entries.Count == 0 ? "{}" : $"an object with {string.Join(", ", Entries.Select(entry => entry.Key).Take(5))}";
}
