using System.Globalization;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A place in a pasted document.</summary>
/// <param name="Path">As its author wrote it: <c>providers[1].base_url</c>.</param>
internal readonly record struct Origin(string Path, Position At);

/// <summary>A resource that a pasted document becomes: written field by field, each with the place that it comes from.</summary>
internal sealed class ResourceDraft
{
    private readonly Branch _root;

    public ResourceDraft(ResourceKind kind, string name, Origin whole, Origin named)
    {
        Kind = kind;
        _root = new Branch(whole.At);
        Paths.Add("", whole.Path);
        Put(whole, kind.Name, "kind");
        Put(named, name, "metadata", "name");
        Paths.Add("metadata", whole.Path);
        Paths.Add("spec", whole.Path);
    }

    public ResourceKind Kind { get; }

    /// <summary>From the resource's fields to the pasted ones.</summary>
    public PathMap Paths { get; } = new();

    public MappingNode Document => (MappingNode)_root.Build();

    /// <summary>Sets a field; <c>null</c> leaves it out and remembers where it would stand.</summary>
    /// <param name="path">Names of fields and, as numbers, places in lists.</param>
    public void Put(Origin from, object? value, params ReadOnlySpan<object> path)
    {
        var (branch, written) = (_root, "");
        for (var i = 0; i < path.Length; i++)
        {
            written = path[i] is int index ? $"{written}[{index.ToString(CultureInfo.InvariantCulture)}]" : PathMap.Join(written, (string)path[i]);
            if (i < path.Length - 1 && value is not null)
            {
                branch = branch.Under(path[i], from.At);
            }
        }

        Paths.Add(written, from.Path);
        if (value is not null)
        {
            branch.Set(path[^1], value as DocumentNode ?? (value is JsonElement json ? DocumentNode.Of(json, from.At) : Scalar(value, from.At)));
        }
    }

    private static ScalarNode Scalar(object value, Position at) => value switch
    {
        bool flag => new(at, ScalarKind.Boolean, flag ? "true" : "false", flag ? "true" : "false"),
        string text => new(at, ScalarKind.Text, text, text),
        Duration duration => new(at, ScalarKind.Text, duration.ToString(), duration.ToString()),
        double number => Number(number.ToString("R", CultureInfo.InvariantCulture), at),
        _ => Number(Convert.ToString(value, CultureInfo.InvariantCulture)!, at),
    };

    private static ScalarNode Number(string text, Position at) => new(at, ScalarKind.Number, text, text);

    /// <summary>A mapping, or a list where its keys are numbers.</summary>
    private sealed class Branch(Position at)
    {
        private readonly List<(object Key, object Value)> _entries = [];

        public Branch Under(object key, Position at)
        {
            if (_entries.Find(entry => Equals(entry.Key, key)).Value is Branch known)
            {
                return known;
            }

            var made = new Branch(at);
            _entries.Add((key, made));
            return made;
        }

        public void Set(object key, DocumentNode value) => _entries.Add((key, value));

        public DocumentNode Build() => _entries is [(int, _), ..]
            ? new SequenceNode(at, [.. _entries.Select(entry => Node(entry.Value))])
            : new MappingNode(at, [.. _entries.Select(entry => new MappingEntry((string)entry.Key, Node(entry.Value).At, Node(entry.Value)))]);

        private static DocumentNode Node(object value) => value is Branch branch ? branch.Build() : (DocumentNode)value;
    }
}
