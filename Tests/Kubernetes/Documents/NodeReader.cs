using System.Numerics;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orrery.Tests.Kubernetes;

/// <summary>
/// Reads one YAML document the way Helm and the API server do (YAML 1.1: an unquoted <c>yes</c> is a boolean, <c>0755</c> octal),
/// but keeps duplicate keys, so that they can be found.
/// </summary>
internal static partial class NodeReader
{
    /// <exception cref="YamlException">The text is no YAML, or holds anchors, aliases or several documents.</exception>
    public static Node? Read(string text)
    {
        var parser = new Parser(new StringReader(text));
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
        {
            return null;
        }

        var node = ReadNode(parser);
        parser.Consume<DocumentEnd>();
        return parser.Accept<DocumentStart>(out var next) ? throw new YamlException(next.Start, next.End, "Expected one document.") : node;
    }

    private static Node ReadNode(IParser parser)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return ReadScalar(scalar);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<Node>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(ReadNode(parser));
            }

            return new ListNode(items);
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            var entries = new List<KeyValuePair<string, Node>>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = ReadScalar(parser.Consume<Scalar>());
                entries.Add(new(key.Text, ReadNode(parser)));
            }

            return new MapNode(entries);
        }

        var other = parser.Consume<ParsingEvent>();
        throw new YamlException(other.Start, other.End, $"Expected a value, found {other.GetType().Name}; charts need no anchors and aliases.");
    }

    private static ScalarNode ReadScalar(Scalar scalar)
    {
        var kind = Resolve(scalar);
        return new ScalarNode(kind is ScalarKind.Flag ? Truth(scalar.Value) : scalar.Value, kind);
    }

    private static ScalarKind Resolve(Scalar scalar) =>
        scalar.Style is not ScalarStyle.Plain || !scalar.Tag.IsEmpty ? ScalarKind.Text
        : Null().IsMatch(scalar.Value) ? ScalarKind.Null
        : Flag().IsMatch(scalar.Value) ? ScalarKind.Flag
        : Whole().IsMatch(scalar.Value) ? ScalarKind.Whole
        : Number().IsMatch(scalar.Value) ? ScalarKind.Number
        : ScalarKind.Text;

    private static string Truth(string value) => value[0] is 'y' or 'Y' or 't' or 'T' || value is "on" or "On" or "ON" ? "true" : "false";

    /// <summary>A whole number as the parser reads it: decimal, 0x1f, 0b11, 0o17 or 017, with underscores anywhere. Null: too large for 64 bits.</summary>
    public static long? WholeNumber(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal).TrimStart('+', '-');
        var (body, radix) = digits switch
        {
            ['0', 'x', .. var rest] => (rest, 16),
            ['0', 'b', .. var rest] => (rest, 2),
            ['0', 'o', .. var rest] => (rest, 8),
            ['0', .. { Length: > 0 } rest] => (rest, 8),
            _ => (digits, 10),
        };
        var sum = new BigInteger();
        foreach (var digit in body)
        {
            sum = (sum * radix) + Convert.ToInt32(digit.ToString(), 16);
        }

        sum = text[0] is '-' ? -sum : sum;
        return sum >= long.MinValue && sum <= long.MaxValue ? (long)sum : null;
    }

    [GeneratedRegex("^(~|null|Null|NULL|)$")]
    private static partial Regex Null();

    [GeneratedRegex("^(y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$")]
    private static partial Regex Flag();

    [GeneratedRegex("^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^([-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$")]
    private static partial Regex Number();
}
