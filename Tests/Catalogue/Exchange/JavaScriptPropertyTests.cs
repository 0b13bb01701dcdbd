using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Exchange;

namespace Orrery.Tests.Catalogue.Exchange;

/// <summary>What is written is read back, and whatever is read ends with a tree or faults.</summary>
public sealed class JavaScriptPropertyTests
{
    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", "(", ")", ",", ":", ";", "a", "b:", "'", "\"", "`", "${", "\\", "\\u{", "\n", "\r\n", "/*", "*/", "//", "/", "...", "=>", "new ", "get ", "1", "0x", "1e", ".", ".trim()",
        "-", "+", " as const", " as ", "<", ">", "export default ", "const x: ", "module.exports =", "undefined", "true", "😀", "\ud800", "\0", "\u2028", "#", "@", "__proto__", "['k']", "function(){", "=",
    ];

    private const string Good = """
        // A model
        export const models: ModelEntry[] = [
          {
            id: 'a', "name": "b", ['k']: 0x1F, 1: -1.5e3, f: `x
          ${'y'} \${z}`.trim(), g: 'a' + "b" + 1, /* c */ h: [1, 2, [true, null,],], i: { j: undefined, k: 1_000, },
            l: f(x, { y: /[/"]/ }, `a${b}`), m: x => { return `}`; }, ...rest, n() { }, get o() { return 1 },
          } as const,
        ] satisfies X;

        """;

    [Fact]
    public void What_is_written_is_read_back() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Roots().ToArbitrary(), json =>
    {
        var node = JsonNode.Parse(json);
        var written = JavaScriptText.Write(node);
        var errors = new FieldErrorList();
        var read = JavaScriptDocuments.Read(written, errors);
        return !errors.Any && JsonNode.DeepEquals(node, read!.ToJson());
    }));

    [Fact]
    public void Any_text_is_read_back() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(Texts().ToArbitrary(), text =>
    {
        // Not through JSON, which has no halves of characters.
        var written = JavaScriptText.Write(new JsonObject { ["a"] = text });
        var read = (MappingNode)JavaScriptDocuments.Read(written, new FieldErrorList())!;
        return ((ScalarNode)read.Find("a")!).Value == text;
    }));

    [Fact]
    public void Any_pieces_of_the_language() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(Gen.Elements(Pieces).ListOf().Select(string.Concat).ToArbitrary(), Reads));

    [Fact]
    public void A_good_text_with_changes() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => Reads(Changed(new System.Random(seed)))));

    public static TheoryData<string, string> Greedy => new()
    {
        { "brackets", string.Concat(Enumerable.Repeat("[", 1_000_000)) },
        { "round brackets", string.Concat(Enumerable.Repeat("(", 1_000_000)) },
        { "templates", "[" + string.Concat(Enumerable.Repeat("`${", 500_000)) },
        { "refused brackets", "[a" + string.Concat(Enumerable.Repeat("({[", 300_000)) },
        { "refused templates", "[" + string.Concat(Enumerable.Repeat("`${a}`,", 300_000)) + "]" },
        { "refused names", "[" + string.Concat(Enumerable.Repeat("a,", 1_000_000)) + "]" },
        { "unclosed substitutions", "[" + string.Concat(Enumerable.Repeat("`${'a' b", 300_000)) },
        { "sums", "[" + string.Concat(Enumerable.Repeat("'a'+", 500_000)) + "'a']" },
        { "types", "const a: " + string.Concat(Enumerable.Repeat("A<", 1_000_000)) },
        { "trims", "['a'" + string.Concat(Enumerable.Repeat(".trim()", 300_000)) + "]" },
        { "trims that are none", "['a'" + string.Concat(Enumerable.Repeat(".trim() /* */", 100_000)) + ".x]" },
        { "members", "{" + string.Concat(Enumerable.Range(0, 200_000).Select(i => $"a{i}:'😀',")) + "}" },
        { "lost commas", "[" + string.Concat(Enumerable.Repeat("1 ", 1_000_000)) + "]" },
        { "digits", "[" + new string('1', 3_000_000) + "]" },
        { "comments", string.Concat(Enumerable.Repeat("/**/", 500_000)) + "{}" },
        { "regular expressions", "[" + string.Concat(Enumerable.Repeat("/[", 1_000_000)) },
        { "nested keys", string.Concat(Enumerable.Repeat("{['", 500_000)) },
    };

    [Theory]
    [MemberData(nameof(Greedy))]
    public void What_asks_for_much_ends_soon(string name, string text)
    {
        var watch = Stopwatch.StartNew();
        Assert.True(Reads(text));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{name}: {watch.Elapsed}");
    }

    private static bool Reads(string text)
    {
        var errors = new FieldErrorList();
        var node = JavaScriptDocuments.Read(text, errors);
        node?.ToJson();
        var lines = text.Count(sign => sign == '\n') + 1;
        return (node is not null || errors.Any) && errors.All.Count <= DocumentLimits.MaxErrors && errors.All.All(error => error.Line >= 1 && error.Line <= lines && error.Column >= 1);
    }

    private static string Changed(System.Random random)
    {
        var text = new StringBuilder(Good);
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(3))
            {
                case 0:
                    text.Remove(at, Math.Min(random.Next(1, 10), text.Length - at));
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                default:
                    text[at] = (char)random.Next(0, 0x250);
                    break;
            }
        }

        return text.ToString();
    }

    private static Gen<string> Texts() => Gen.Elements(
        "a", "b", "0", " ", "'", "\"", "`", "\\", "$", "{", "${", "}", "\n", "\r", "\r\n", "\t", "\0", "\u0001", "\u007f", "\u0085", "\u2028", "\ufeff", "😀", "\ud800", "\udc00", "ä", "//", "/*").ListOf().Select(string.Concat);

    private static Gen<string> Roots() => Gen.OneOf(Members(3), Items(3));

    private static Gen<string> Trees(int depth) => depth == 0 ? Scalars() : Gen.OneOf(Scalars(), Members(depth), Items(depth));

    private static Gen<string> Members(int depth) => Gen.OneOf(Whole(), Gen.Elements("a b", "1", "if", "$x_1", "0x1", "ä", "toString")).SelectMany(name => Trees(depth - 1).Select(value => (name, value))).ListOf()
        .Select(members => $"{{{string.Join(',', members.DistinctBy(member => member.name).Select(member => $"{Json(member.name)}:{member.value}"))}}}");

    private static Gen<string> Items(int depth) => Trees(depth - 1).ListOf().Select(items => $"[{string.Join(',', items)}]");

    private static Gen<string> Scalars() => Gen.OneOf(
        Whole().Select(Json), Gen.Constant("null"), Gen.Elements("true", "false"), Gen.Choose(-1_000_000, 1_000_000).Select(number => $"{number}"), Gen.Elements("0.1", "-1.5e-7", "1e21", "9007199254740991"));

    /// <summary>Texts that JSON has, too.</summary>
    private static Gen<string> Whole() => Texts().Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));

    private static string Json(string text) => JsonValue.Create(text).ToJsonString();
}
