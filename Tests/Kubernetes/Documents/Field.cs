namespace Orrery.Tests.Kubernetes;

/// <summary>
/// A value in a document and the way to it. What is absent is a field too, so that rules can walk without asking at each step.
/// </summary>
internal readonly record struct Field(Node? Node, string Path)
{
    public Field this[string name] => new(Entry(name), Path.Length == 0 ? name : $"{Path}.{name}");

    public bool Exists => Node is not null;

    public bool IsNull => Node is ScalarNode { Kind: ScalarKind.Null };

    public bool IsEmpty => Node is null or ListNode { Items.Count: 0 } or MapNode { Entries.Count: 0 } || IsNull;

    /// <summary>A scalar's text; null for everything else.</summary>
    public string? Text => Node is ScalarNode { Kind: not ScalarKind.Null } scalar ? scalar.Text : null;

    public bool IsTrue => Node is ScalarNode { Kind: ScalarKind.Flag, Text: "true" };

    public bool IsFalse => Node is ScalarNode { Kind: ScalarKind.Flag, Text: "false" };

    public long? Whole => Node is ScalarNode { Kind: ScalarKind.Whole } scalar ? NodeReader.WholeNumber(scalar.Text) : null;

    /// <summary>The value for messages.</summary>
    public string Summary => Node?.Summary ?? "absent";

    public IEnumerable<Field> Items
    {
        get
        {
            var path = Path;
            return Node is ListNode list ? list.Items.Select((item, index) => new Field(item, $"{path}[{index}]")) : [];
        }
    }

    /// <summary>An object's entries, in the order in which they are written.</summary>
    public IEnumerable<(string Name, Field Value)> Entries
    {
        get
        {
            var path = Path;
            return Node is MapNode map ? map.Entries.Select(entry => (entry.Key, new Field(entry.Value, path.Length == 0 ? entry.Key : $"{path}.{entry.Key}"))) : [];
        }
    }

    /// <summary>An object's scalar entries; the last one of a name counts.</summary>
    public IReadOnlyDictionary<string, string> Texts
    {
        get
        {
            var texts = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in Entries)
            {
                texts[name] = value.Text ?? "";
            }

            return texts;
        }
    }

    private Node? Entry(string name) => Node is MapNode map ? map.Entries.LastOrDefault(entry => entry.Key == name).Value : null;
}
