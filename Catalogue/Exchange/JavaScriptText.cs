using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Catalogue.Exchange;

/// <summary>Writes a tree as a JavaScript literal, as a person would; <see cref="JavaScriptDocuments"/> reads the same tree from it.</summary>
internal sealed class JavaScriptText
{
    /// <summary>Lists of plain values up to this width stay on one line.</summary>
    private const int MaxListWidth = 80;

    private readonly StringBuilder _text = new();

    private JavaScriptText()
    {
    }

    /// <summary>Without anything around it: <c>export default</c> and ';' are the caller's.</summary>
    public static string Write(JsonNode? node)
    {
        var writer = new JavaScriptText();
        writer.WriteNode(node, 0);
        return writer._text.ToString();
    }

    private void WriteNode(JsonNode? node, int depth)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                WriteObject(members, depth);
                break;
            case JsonObject:
                _text.Append("{}");
                break;
            case JsonArray items when OneLine(items) is { } line:
                _text.Append(line);
                break;
            case JsonArray items:
                WriteArray(items, depth);
                break;
            default:
                _text.Append(Scalar(node));
                break;
        }
    }

    private void WriteObject(JsonObject members, int depth)
    {
        _text.Append("{\n");
        foreach (var (name, value) in members)
        {
            Indent(depth + 1).Append(Key(name)).Append(": ");
            WriteNode(value, depth + 1);
            _text.Append(",\n");
        }

        Indent(depth).Append('}');
    }

    private void WriteArray(JsonArray items, int depth)
    {
        _text.Append("[\n");
        foreach (var item in items)
        {
            Indent(depth + 1);
            WriteNode(item, depth + 1);
            _text.Append(",\n");
        }

        Indent(depth).Append(']');
    }

    private StringBuilder Indent(int depth) => _text.Append(' ', depth * 2);

    private static string? OneLine(JsonArray items)
    {
        if (items.Any(item => item is JsonObject or JsonArray || (item?.GetValueKind() == JsonValueKind.String && item.GetValue<string>().Contains('\n'))))
        {
            return null;
        }

        var line = $"[{string.Join(", ", items.Select(Scalar))}]";
        return line.Length <= MaxListWidth ? line : null;
    }

    private static string Scalar(JsonNode? node) =>
        node is null ? "null" : node.GetValueKind() == JsonValueKind.String ? Quoted(node.GetValue<string>()) : node.ToJsonString();

    /// <summary>A name where it can be one. <c>__proto__</c> is a member as others are in brackets only.</summary>
    private static string Key(string name)
    {
        var isName = name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(sign => char.IsAsciiLetterOrDigit(sign) || sign is '_' or '$');
        return name == "__proto__" ? "['__proto__']" : isName ? name : InQuotes(name);
    }

    private static string Quoted(string text) => text.Contains('\n') ? InTemplate(text) : InQuotes(text);

    private static string InQuotes(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var quoted = new StringBuilder().Append(quote);
        for (var i = 0; i < text.Length; i++)
        {
            _ = text[i] == quote || text[i] == '\\' ? quoted.Append('\\').Append(text[i]) : text[i] == '\n' ? quoted.Append("\\n") : Append(quoted, text, i);
        }

        return quoted.Append(quote).ToString();
    }

    private static string InTemplate(string text)
    {
        var template = new StringBuilder().Append('`');
        for (var i = 0; i < text.Length; i++)
        {
            var isSpecial = text[i] is '`' or '\\' || (text[i] == '$' && i + 1 < text.Length && text[i + 1] == '{');
            _ = isSpecial ? template.Append('\\').Append(text[i]) : text[i] == '\n' ? template.Append('\n') : Append(template, text, i);
        }

        return template.Append('`').ToString();
    }

    /// <summary>As it is, or escaped where it would not be seen or would not stay: control characters, odd line ends, halves of pairs.</summary>
    private static StringBuilder Append(StringBuilder result, string text, int at)
    {
        var sign = text[at];
        var isHalf = char.IsHighSurrogate(sign)
            ? !(at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            : char.IsLowSurrogate(sign) && !(at > 0 && char.IsHighSurrogate(text[at - 1]));
        return sign switch
        {
            '\t' => result.Append("\\t"),
            '\r' => result.Append("\\r"),
            < ' ' or '\u007F' => result.Append("\\x").Append(((int)sign).ToString("X2", CultureInfo.InvariantCulture)),
            '\u2028' or '\u2029' or '\uFEFF' or (>= '\u0080' and < '\u00A0') => Escaped(result, sign),
            _ => isHalf ? Escaped(result, sign) : result.Append(sign),
        };
    }

    private static StringBuilder Escaped(StringBuilder result, char sign) =>
        result.Append("\\u").Append(((int)sign).ToString("X4", CultureInfo.InvariantCulture));
}
