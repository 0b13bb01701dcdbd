using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Exchange;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Exchange;

/// <summary>What people paste from their source files, and what they are told where it is more than a literal.</summary>
public sealed class JavaScriptDocumentsTests
{
    private const string Never = "The text is parsed, never evaluated: write the value itself.";

    [Theory]
    [InlineData("export default { a: 1 };")]
    [InlineData("module.exports = { a: 1 }")]
    [InlineData("module.exports.model = { a: 1 }")]
    [InlineData("exports.model = { a: 1 }")]
    [InlineData("const model = { a: 1 };\n")]
    [InlineData("let model={a:1}")]
    [InlineData("var $m_1 = ({ a: 1 });")]
    [InlineData("export const model: ModelEntry = { a: 1 } as const;")]
    [InlineData("export const model: Record<string, number | 'x'>[][number] = { a: 1 } satisfies Record<string, { x: number }>;")]
    [InlineData("const f: (a: string) => Model = { a: 1 } as unknown as Model")]
    [InlineData("// first\n/* second */ { /* a */ 'a' /* b */ : /* c */ 1 // d\n } // end")]
    [InlineData("\uFEFF{ a: 1, }")]
    [InlineData("({ a: (1) })")]
    [InlineData("{ ['a']: 1 as const }")]
    [InlineData("{ 'a': 1, b: undefined }")]
    public void A_literal_is_read_with_what_stands_around_it(string text) => Assert.Equal("""{"a":1}""", Json(text));

    [Theory]
    [InlineData("\"a'b\"", "a'b")]
    [InlineData(@"'\n\t\b\f\r\v\0\'\""\\\/\q'", "\n\t\b\f\r\v\0'\"\\/q")]
    [InlineData(@"'\x41\u0041\u{1F600}\u{0000041}\ud83d\ude00'", "AA😀A😀")]
    [InlineData("'a\\\nb\\\r\nc\\\u2028d'", "abcd")]
    [InlineData("`a\r\nb\rc\nd`", "a\nb\nc\nd")]
    [InlineData("`a\\\r\nb\\`\\${c} $ {d} $`", "ab`${c} $ {d} $")]
    [InlineData("`a${'b'}c${ 1.50 }d${\"}\"}e${-2}`", "abc1.5d}e-2")]
    [InlineData("`\n  a\n`.trim()", "a")]
    [InlineData("' a '.trimStart() .trimEnd( )", "a")]
    [InlineData("`\u00A0\uFEFFa\u0085 `\n.trim()", "a\u0085")]
    [InlineData("'a' + \"b\" +\n `c` + 1 + 2 + 1e21", "abc121e+21")]
    [InlineData("1 + 'a'", "1a")]
    [InlineData("(' a' + ' b ').trim()", "a b")]
    [InlineData("'// no /* comment'", "// no /* comment")]
    [InlineData("'\\\\'", "\\")]
    public void Texts_have_every_escape_of_the_language(string written, string expected)
    {
        var node = Assert.IsType<MappingNode>(Read($"{{ a: {written}, b: 1 }}"));
        var text = Assert.IsType<ScalarNode>(node.Find("a"));
        Assert.Equal((ScalarKind.Text, expected), (text.Kind, text.Value));
        Assert.NotNull(node.Find("b"));
    }

    [Theory]
    [InlineData("1_000.5", "1000.5")]
    [InlineData("0xFF", "255")]
    [InlineData("0o17", "15")]
    [InlineData("0b1_01", "5")]
    [InlineData("-1", "-1")]
    [InlineData("+1", "1")]
    [InlineData("-0", "0")]
    [InlineData(".5", "0.5")]
    [InlineData("5.", "5")]
    [InlineData("1e3", "1000")]
    [InlineData("1E-7", "1e-7")]
    [InlineData("12345678901234567890", "12345678901234567000")]
    [InlineData("123456789012345678901234", "1.2345678901234569e+23")]
    [InlineData("0.1", "0.1")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("5e-324", "5e-324")]
    public void Numbers_are_those_of_the_language(string written, string expected)
    {
        var number = Assert.IsType<ScalarNode>(Assert.IsType<MappingNode>(Read($"{{ a: {written} }}")).Find("a"));
        Assert.Equal((ScalarKind.Number, expected), (number.Kind, number.Value));
    }

    [Theory]
    [InlineData("{ $a_1: 1, ünï: 2, if: 3, get: 4, async: 5 }", "$a_1,ünï,if,get,async")]
    [InlineData("{ 1: 1, 0x10: 2, 1.50: 3, 1e21: 4, 'a b': 5, \"\": 6 }", "1,16,1.5,1e+21,a b,")]
    [InlineData("{ ['a']: 1, [`b`]: 2, ['c' + 'd']: 3 }", "a,b,cd")]
    public void Names_are_those_of_the_language(string text, string expected) =>
        Assert.Equal(expected, string.Join(',', Assert.IsType<MappingNode>(Read(text)).Entries.Select(entry => entry.Key)));

    [Fact]
    public void Places_are_those_of_the_text()
    {
        var model = Assert.IsType<MappingNode>(Read("const m = {\n  // 😀\n  '😀': [1, 'x'], b: {\n    c: true } }"));
        Assert.Equal(new Position(1, 11), model.At);
        Assert.Equal(new Position(3, 3), model.Entries[0].KeyAt);
        var list = Assert.IsType<SequenceNode>(model.Entries[0].Value);
        Assert.Equal([new Position(3, 8), new Position(3, 9), new Position(3, 12)], [list.At, .. list.Items.Select(item => item.At)]);
        Assert.Equal(new Position(4, 5), Assert.IsType<MappingNode>(model.Find("b")).Entries[0].KeyAt);
    }

    [Theory]
    [InlineData("{ a: b, c: 1 }", 6, "a", "b", "a plain value, and no name of one", Never)]
    [InlineData("{ a: process.env.X || 'y', c: 1 }", 6, "a", "process", "a plain value, and no name of one", Never)]
    [InlineData("{ a: f(1, [2], '}'), c: 1 }", 6, "a", "f", "a plain value, and no call of f", Never)]
    [InlineData("{ a: x => { return /[}/]\"/.test(x); }, c: 1 }", 6, "a", "x", "a plain value, and no function", Never)]
    [InlineData("{ a: (x) => ({}), c: 1 }", 6, "a", "(", "a plain value, and no function", Never)]
    [InlineData("{ a: () => { return ')'; }, c: 1 }", 6, "a", "(", "a plain value, and no function", Never)]
    [InlineData("{ a: (b) * 2, c: 1 }", 7, "a", "b", "a plain value, and no name of one", Never)]
    [InlineData("{ a: function () { return `${ {} }`; }, c: 1 }", 6, "a", "function", "a plain value, and no function or class", Never)]
    [InlineData("{ a: new Date(), c: 1 }", 6, "a", "new", "a plain value, and no new", Never)]
    [InlineData("{ ...rest, c: 1 }", 3, "", "...", "plain members, and no spread", Never)]
    [InlineData("{ a: [1, ...rest], c: 1 }", 10, "a[1]", "...", "plain members, and no spread", Never)]
    [InlineData("{ a, c: 1 }", 3, "", "a", "a value after the name: a: …", Never)]
    [InlineData("{ a() { return {}; }, c: 1 }", 3, "", "a", "a plain member, and no method", Never)]
    [InlineData("{ get a() { return 1; }, c: 1 }", 3, "", "get", "a plain member, and no getter or setter", Never)]
    [InlineData("{ async *a() {}, c: 1 }", 3, "", "async", "a plain member, and no method", Never)]
    [InlineData("{ *a() {}, c: 1 }", 3, "", "*", "a member: name: value", null)]
    [InlineData("{ [name]: 1, c: 1 }", 3, "", null, "a plain text within the brackets of a name", Never)]
    [InlineData("{ a: /[/,]}/g.test(1), c: 1 }", 6, "a", "/", "a plain value, and no regular expression", "Write its pattern as a text.")]
    [InlineData("{ __proto__: {}, c: 1 }", 3, "", "__proto__", "a name other than __proto__", "It would set the object's prototype, and no member.")]
    [InlineData("{ a: `x${b}y`, c: 1 }", 8, "a", null, "a plain text or number within ${…}: the text is parsed, never evaluated", "Write the value itself in its place; for the characters ${ write \\${.")]
    [InlineData("{ a: `x${f({}, `${1}`)}y`, c: 1 }", 8, "a", null, "a plain text or number within ${…}: the text is parsed, never evaluated", "Write the value itself in its place; for the characters ${ write \\${.")]
    [InlineData("{ a: `x${1 + 1}y`, c: 1 }", 8, "a", null, "a plain text or number within ${…}: the text is parsed, never evaluated", "Write the value itself in its place; for the characters ${ write \\${.")]
    [InlineData("{ a: dedent`x`, c: 1 }", 6, "a", "dedent", "a template without the tag dedent", Never)]
    [InlineData("{ a: 60 * 60, c: 1 }", 9, "a", "*", "a plain value, and no calculation", Never)]
    [InlineData("{ a: 60 + 60, c: 1 }", 11, "a", null, "texts with '+' between them, and no calculation", Never)]
    [InlineData("{ a: 'x' + true, c: 1 }", 12, "a", null, "texts and numbers with '+' between them", "There is true or false here.")]
    [InlineData("{ a: ['x'].join(','), c: 1 }", 11, "a", ".", "a plain value, and nothing that is done with it", "Only .trim(), .trimStart() and .trimEnd() after a text are understood. " + Never)]
    [InlineData("{ a: 'x'.repeat(3), c: 1 }", 9, "a", ".", "a plain value, and nothing that is done with it", "Only .trim(), .trimStart() and .trimEnd() after a text are understood. " + Never)]
    [InlineData("{ a: !0, c: 1 }", 6, "a", "!", "a value", null)]
    [InlineData("{ a: -x, c: 1 }", 6, "a", "-", "a number after the sign", Never)]
    [InlineData("{ a: -Infinity, c: 1 }", 6, "a", "Infinity", "a finite number", null)]
    [InlineData("{ a: NaN, c: 1 }", 6, "a", "NaN", "a finite number", null)]
    [InlineData("{ a: 1e999, c: 1 }", 6, "a", "1e999", "a finite number", null)]
    [InlineData("{ a: 017, c: 1 }", 6, "a", "017", "a number without a zero before it, which meant octal once: 0o17", null)]
    [InlineData("{ a: 10n, c: 1 }", 6, "a", "10n", "a number without the n of a BigInt", null)]
    [InlineData("{ a: 1__0, c: 1 }", 6, "a", "1__0", "a number such as 1, 2.5, 1_000, 1e6 or 0xff", null)]
    [InlineData("{ a: 3in, c: 1 }", 6, "a", "3in", "a number such as 1, 2.5, 1_000, 1e6 or 0xff", null)]
    [InlineData("{ a: 0xFFFFFFFFFFFFFFFF, c: 1 }", 6, "a", "0xFFFFFFFFFFFFFFFF", "a number such as 1, 2.5, 1_000, 1e6 or 0xff", null)]
    [InlineData("{ a: '\\101', c: 1 }", 7, "a", null, "no escape of a digit: octal escapes are not read in modules", "Write \\x41, or \\u0041.")]
    [InlineData("{ a: '\\xZ', c: 1 }", 7, "a", null, "two hexadecimal digits after \\x", null)]
    [InlineData("{ a: '\\u12', c: 1 }", 7, "a", null, "four hexadecimal digits after \\u, or \\u{…}", null)]
    [InlineData("{ a: '\\u{110000}', c: 1 }", 7, "a", null, "a code point up to 10FFFF within \\u{…}", null)]
    [InlineData("{ a: [1, undefined], c: 1 }", 10, "a[1]", "undefined", "a value: a list has no absent members", "Take it out, or write null.")]
    [InlineData("{ a: [1,, 2], c: 1 }", 9, "a[1]", ",", "a value", null)]
    [InlineData("{ a: , c: 1 }", 6, "a", ",", "a value", null)]
    [InlineData("{ a: 1 c: 1 }", 8, "", null, "a ',' or a '}'", null)]
    [InlineData("{ a: 1; c: 1 }", 7, "", null, "a ',' or a '}'", null)]
    [InlineData("{ a 1, c: 1 }", 3, "", "a", "':' and a value after the name", Never)]
    [InlineData("{ a: 1, a: 2, c: 1 }", 9, "a", null, "a name that stands once in its mapping; it is also on line 1", "Keep one of the two.")]
    [InlineData("{ c: 1 }; { d: 1 }", 11, "", "{", "nothing after the literal", "Paste one object, or one array of objects, without other statements. " + Never)]
    [InlineData("{ c: 1 }\nexport default a", 0, "", "e", "nothing after the literal", "Paste one object, or one array of objects, without other statements. " + Never)]
    public void What_is_no_literal_is_refused_with_its_place_and_the_rest_is_read(string text, int column, string path, string? value, string expectation, string? remedy)
    {
        var errors = new FieldErrorList();
        var node = JavaScriptDocuments.Read(text, errors);
        var (line, at) = column == 0 ? (2, 1) : (1, column);
        Assert.Equal(new FieldError(path, value, expectation, remedy, line, at, 0), Assert.Single(errors.All));
        Assert.Equal("1", Assert.IsType<ScalarNode>(Assert.IsType<MappingNode>(node).Find("c")).Value);
    }

    [Theory]
    [InlineData("", 1, 1, "a value")]
    [InlineData("{ a: 1", 1, 1, "a '}' that closes the '{'")]
    [InlineData("[1, [2]", 1, 1, "a ']' that closes the '['")]
    [InlineData("{ a: (1 }", 1, 6, "a ')' that closes the '('")]
    [InlineData("{ a: [1} }", 1, 8, "a ',' or a ']', and no '}'")]
    [InlineData("{ a: 'x\n' }", 1, 6, "a closing ' on the same line")]
    [InlineData("{ a: `x\n }", 1, 6, "a closing `")]
    [InlineData("{ /* a }", 1, 3, "'*/' at the end of the comment")]
    [InlineData("import a from 'b';\nexport default {}", 1, 1, "an object literal, or an array of them")]
    [InlineData("export function a() {}", 1, 1, "an object literal, or an array of them")]
    [InlineData("const { a } = { a: 1 }", 1, 1, "a name after const, let or var")]
    [InlineData("const a;", 1, 8, "'=' and the literal after the name")]
    [InlineData("const a: = {}", 1, 10, "a type after the ':'")]
    [InlineData("42", 1, 1, "an object literal, or an array of them")]
    [InlineData("'use strict'", 1, 1, "an object literal, or an array of them")]
    [InlineData("undefined", 1, 1, "an object literal, or an array of them")]
    [InlineData("defineConfig({})", 1, 1, "a plain value, and no call of defineConfig")]
    public void What_cannot_be_read_to_its_end_is_told_once(string text, int line, int column, string expectation)
    {
        var errors = new FieldErrorList();
        Assert.Null(JavaScriptDocuments.Read(text, errors));
        var error = Assert.Single(errors.All);
        Assert.Equal((line, column, expectation), (error.Line, error.Column, error.Expectation));
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var errors = new FieldErrorList();
        JavaScriptDocuments.Read("[{ a: b, c: d() },\n { e: `${f}`, ...g },\n { h: 1, h: 2, i: 1 j: 2 }]", errors);
        Assert.Equal(["[0].a", "[0].c", "[1].e", "[1]", "h", "[2]"], errors.All.Select(error => error.Path));
    }

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        var errors = new FieldErrorList();
        Assert.NotNull(JavaScriptDocuments.Read(new string('[', 32) + new string(']', 32), errors));
        Assert.False(errors.Any);
        Assert.Null(JavaScriptDocuments.Read(new string('[', 100_000), errors));
        Assert.Equal("at most 32 levels of nesting", Assert.Single(errors.All).Expectation);
        var size = new FieldErrorList();
        Assert.Null(JavaScriptDocuments.Read("{ a: '" + new string('ä', 2 * 1024 * 1024) + "' }", size));
        Assert.Equal("at most 4 MB of text", Assert.Single(size.All).Expectation);
    }

    [Theory]
    [InlineData("""{"a":1,"b c":"it's","d":"say \"hi\"","e":[],"f":{},"g":["x",2,null,true],"h":[{"i":1}]}""",
        "{\n  a: 1,\n  'b c': \"it's\",\n  d: 'say \"hi\"',\n  e: [],\n  f: {},\n  g: ['x', 2, null, true],\n  h: [\n    {\n      i: 1,\n    },\n  ],\n}")]
    [InlineData("""{"a":"one\n`two` ${three} \\ $ {\r\n"}""", "{\n  a: `one\n\\`two\\` \\${three} \\\\ $ {\\r\n`,\n}")]
    [InlineData("""{"a":"\u0000\u001b\u2028\ufeff"}""", "{\n  a: '\\x00\\x1B\\u2028\\uFEFF',\n}")]
    public void A_tree_is_written_as_a_person_would(string json, string expected)
    {
        var node = JsonNode.Parse(json);
        Assert.Equal(expected, JavaScriptText.Write(node));
        Assert.True(JsonNode.DeepEquals(node, Read(expected).ToJson()));
    }

    private static DocumentNode Read(string text)
    {
        var errors = new FieldErrorList();
        var node = JavaScriptDocuments.Read(text, errors);
        Assert.Empty(errors.All);
        return node!;
    }

    private static string Json(string text) => Read(text).ToJson()!.ToJsonString();
}
