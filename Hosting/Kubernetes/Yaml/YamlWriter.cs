using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.Hosting.Kubernetes.Yaml;

/// <summary>Writes YAML as Helm charts have it: two spaces, sequences indented, text in double quotes or in blocks.</summary>
internal static partial class YamlWriter
{
    /// <summary>A template: literal braces are escaped from Helm.</summary>
    public static string Write(YamlMap map) => Write(map, isTemplate: true);

    /// <summary>A file that Helm reads as it is.</summary>
    public static string WritePlain(YamlMap map) => Write(map, isTemplate: false);

    private static string Write(YamlMap map, bool isTemplate)
    {
        var text = new StringBuilder();
        WriteItems(text, map, 0);
        return isTemplate ? text.ToString() : text.ToString().Replace(ChartText.EscapedBraces, "{{", StringComparison.Ordinal);
    }

    private static void WriteItems(StringBuilder text, YamlCollection collection, int indent)
    {
        foreach (var item in collection.Items)
        {
            foreach (var line in item.Comment?.Split('\n') ?? [])
            {
                text.Append(' ', indent).Append(line.Length == 0 ? "#" : "# ").Append(line).Append('\n');
            }

            text.Append(' ', indent);
            if (item.Line is not null)
            {
                text.Append(item.Line).Append('\n');
            }
            else if (item.Key is not null)
            {
                WriteValue(text.Append(KeyText(item.Key)).Append(':'), item.Node!, indent);
            }
            else
            {
                WriteElement(text.Append('-'), item.Node!, indent);
            }
        }
    }

    private static void WriteValue(StringBuilder text, YamlNode node, int indent)
    {
        switch (node)
        {
            case YamlScalar scalar:
                WriteScalar(text, scalar, indent);
                break;
            case YamlExpression { Expression: var expression }:
                text.Append('\n').Append(' ', indent + 2).Append(FormattableString.Invariant($"{{{{- toYaml {expression} | nindent {indent + 2} }}}}")).Append('\n');
                break;
            case YamlCollection { IsEmpty: true }:
                text.Append(node is YamlMap ? " {}\n" : " []\n");
                break;
            default:
                text.Append('\n');
                WriteItems(text, (YamlCollection)node, indent + 2);
                break;
        }
    }

    // The first entry of a map stands behind the dash.
    private static void WriteElement(StringBuilder text, YamlNode node, int indent)
    {
        if (node is not YamlMap { IsEmpty: false } map)
        {
            WriteValue(text, node, indent);
            return;
        }

        var lines = new StringBuilder();
        WriteItems(lines, map, indent + 2);
        text.Append(' ').Append(lines, indent + 2, lines.Length - indent - 2);
    }

    private static void WriteScalar(StringBuilder text, YamlScalar scalar, int indent)
    {
        if (scalar.AsPlain is { } plain)
        {
            text.Append(' ').Append(plain).Append('\n');
        }
        else if (scalar.Text!.IsBlock)
        {
            text.Append(" |-");
            foreach (var line in scalar.Text.AsBlock().Split('\n'))
            {
                text.Append('\n').Append(' ', line.Length == 0 ? 0 : indent + 2).Append(line);
            }

            text.Append('\n');
        }
        else
        {
            text.Append(' ').Append(scalar.Text.AsScalar()).Append('\n');
        }
    }

    private static string KeyText(string key) => PlainKey().IsMatch(key) ? key : ChartText.Of(key).AsScalar();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_./-]*$")]
    private static partial Regex PlainKey();
}
