namespace Aspire.Hosting.Kubernetes.Yaml;

/// <summary>A piece of a YAML file that may hold Helm's actions.</summary>
internal abstract class YamlNode
{
    /// <summary>Text, quoted.</summary>
    public static implicit operator YamlNode(string text) => new YamlScalar(ChartText.Of(text));

    /// <summary>A number.</summary>
    public static implicit operator YamlNode(int number) => YamlScalar.Plain(FormattableString.Invariant($"{number}"));

    /// <summary>True or false.</summary>
    public static implicit operator YamlNode(bool flag) => YamlScalar.Plain(flag ? "true" : "false");
}

/// <summary>One value.</summary>
internal sealed class YamlScalar : YamlNode
{
    private readonly string? _plain;

    public YamlScalar(ChartText text) => Text = text;

    private YamlScalar(string plain) => _plain = plain;

    public ChartText? Text { get; }

    /// <summary>Written as it is: numbers, flags, an action whose result is no text.</summary>
    public static YamlScalar Plain(string text) => new(text);

    public string? AsPlain => _plain;
}

/// <summary>The result of an expression, written as YAML: <c>toYaml</c>.</summary>
internal sealed class YamlExpression(string expression) : YamlNode
{
    public string Expression { get; } = expression;
}

/// <summary>An entry of a map, an element of a list (no key), or a line with an action between them.</summary>
internal sealed record YamlItem(string? Key, YamlNode? Node, string? Line = null, string? Comment = null);

internal abstract class YamlCollection : YamlNode, System.Collections.IEnumerable
{
    public List<YamlItem> Items { get; } = [];

    public bool IsEmpty => Items.Count == 0;

    /// <summary>A line of its own, as <c>{{- if … }}</c>.</summary>
    public void Line(string action) => Items.Add(new(null, null, action));

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => Items.GetEnumerator();
}

internal sealed class YamlMap : YamlCollection
{
    public YamlNode? this[string key]
    {
        get => Items.Find(item => item.Key == key)?.Node;
        set
        {
            var at = Items.FindIndex(item => item.Key == key);
            if (value is null)
            {
                Items.RemoveAll(item => item.Key == key);
            }
            else if (at < 0)
            {
                Add(key, value);
            }
            else
            {
                Items[at] = Items[at] with { Node = value };
            }
        }
    }

    public void Add(string key, YamlNode node) => Items.Add(new(key, node));

    public void Add(string key, YamlNode node, string? comment) => Items.Add(new(key, node, Comment: comment));

    /// <summary>Takes an entry out.</summary>
    public YamlNode? Take(string key)
    {
        var node = this[key];
        this[key] = null;
        return node;
    }

    /// <summary>The map under <paramref name="key"/>, made when there is none.</summary>
    public YamlMap Map(string key)
    {
        if (this[key] is not YamlMap map)
        {
            this[key] = map = [];
        }

        return map;
    }
}

internal sealed class YamlList : YamlCollection
{
    public void Add(YamlNode node) => Items.Add(new(null, node));
}
