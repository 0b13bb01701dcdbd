using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orrery.Catalogue.Exchange;

/// <summary>Writes a tree as YAML; <see cref="YamlDocuments"/> reads the same tree from it.</summary>
internal static class YamlText
{
    public static string Write(JsonNode node)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        Write(emitter, node);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());

        // The one sign that the emitter leaves unescaped between its quotes, and only there it stands.
        return text.ToString().Replace("\uFEFF", "\\uFEFF", StringComparison.Ordinal);
    }

    private static void Write(IEmitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Block));
                foreach (var (name, value) in members)
                {
                    emitter.Emit(Text(name, isKey: true));
                    Write(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray items:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, items.All(item => item is JsonValue) ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in items)
                {
                    Write(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                emitter.Emit(Text(value.GetValue<string>()));
                break;
            default:
                emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, node?.ToJsonString() ?? "null", ScalarStyle.Plain, isPlainImplicit: true, isQuotedImplicit: false));
                break;
        }
    }

    /// <summary>A text of several lines stands as it is; one that would be read as something else stands in quotes.</summary>
    private static Scalar Text(string text, bool isKey = false)
    {
        var style = text.Any(IsSpecial) ? ScalarStyle.DoubleQuoted
            : text.Contains('\n') ? (IsBlock(text) && !isKey ? ScalarStyle.Literal : ScalarStyle.DoubleQuoted)
            : IsPlain(text) ? ScalarStyle.Plain
            : ScalarStyle.DoubleQuoted;
        return new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true);
    }

    /// <summary>What must be escaped: control characters, every line end but one, and what is not seen.</summary>
    private static bool IsSpecial(char sign) => (char.IsControl(sign) && sign != '\n') || sign is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF';

    /// <summary>Its indentation and its end are seen: no blanks where lines begin the text or stand alone, one line end at most behind it.</summary>
    private static bool IsBlock(string text) =>
        text[0] is not (' ' or '\n') && !text.EndsWith("\n\n", StringComparison.Ordinal) && text.Split('\n').All(line => line.Length == 0 || line.Trim(' ').Length > 0);

    /// <summary>Without signs that mean something anywhere in YAML. Many more texts could do without quotes; none of these needs them.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && text[^1] is not (' ' or ':') && !text.Contains(": ") && !text.Contains(" #")
        && text.AsSpan().IndexOfAny("[]{},\"'`&*!|>%@\\") < 0 && YamlScalar.Read(text).Kind == ScalarKind.Text;
}
