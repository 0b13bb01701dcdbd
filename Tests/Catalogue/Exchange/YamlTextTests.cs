using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Exchange;

namespace Orrery.Tests.Catalogue.Exchange;

/// <summary>Every text comes back from YAML as it was, wherever it stands.</summary>
public sealed class YamlTextTests
{
    private static readonly string[] Pieces =
    [
        "a", "B", "0", " ", "  ", "'", "\"", "\\", "\n", "\n\n", "\r", "\r\n", "\t", "\0", "\u0001", "\u001f", "\u007f", "\u0085", "\u2028", "\u2029", "\ufeff", "\ufffe", "\u00a0", "😀", "ä", ":", ": ", " #", "#", "-", "- ", "---",
        "...", "?", "!", "!!str", "&a", "*a", "|", ">", "%", "@", "`", "[", "]", "{", "}", ",", "~", "null", "true", "no", "1e3", "0x1f", "=", "<<", "$", "${a}",
    ];

    [Theory]
    [InlineData("# a\r\nb\r\n")]
    [InlineData("a\rb")]
    [InlineData("a\u0085b")]
    [InlineData("\tx")]
    [InlineData("\t*x")]
    [InlineData("\n")]
    [InlineData("\n\n")]
    [InlineData(" a\nb")]
    [InlineData("a\n \n b\n\n")]
    [InlineData("a\n  ")]
    [InlineData("")]
    [InlineData("--- a")]
    [InlineData("a: b")]
    [InlineData("12")]
    public void A_text_comes_back(string text) => Assert.True(ComesBack(text), YamlText.Write(new JsonArray(Tree(text))));

    [Fact]
    public void Any_text_comes_back() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(Gen.Elements(Pieces).ListOf().Select(string.Concat).ToArbitrary(), ComesBack));

    /// <summary>As a value, a key, in a list of texts, in a list of mappings.</summary>
    private static JsonObject Tree(string text) => new()
    {
        ["value"] = text,
        ["list"] = new JsonArray(text, "b", text),
        ["items"] = new JsonArray(new JsonObject { ["a"] = text, ["n"] = null, ["i"] = 1, ["f"] = 0.5, ["t"] = true, ["e"] = new JsonObject(), ["l"] = new JsonArray() }),
        ["keys"] = new JsonObject { [text] = new JsonObject { [text] = text } },
        ["last"] = text,
    };

    private static bool ComesBack(string text)
    {
        var tree = Tree(text);
        var written = YamlText.Write(new JsonArray(tree));
        var errors = new FieldErrorList();
        var read = YamlDocuments.Read(written, errors);
        return !errors.Any && read is [SequenceNode { Items: [var item] }] && JsonNode.DeepEquals(tree, item.ToJson())
            && !written.Any(sign => (char.IsControl(sign) && sign is not ('\n' or '\t')) || sign is '\u2028' or '\u2029' or '\ufeff');
    }
}
