using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Exchange;

namespace Orrery.Tests.Catalogue.Exchange;

/// <summary>Node evaluates what we only parse: both must find the same tree in what we take.</summary>
public sealed class JavaScriptAgainstNodeTests
{
    /// <summary>Expressions in strict mode; <c>null</c> where the text is none.</summary>
    private const string Script = """
        const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        console.log(JSON.stringify(texts.map(text => {
          try { return JSON.stringify((0, eval)('"use strict";(' + text + '\n)')); } catch (error) { return error instanceof SyntaxError ? 'SyntaxError' : 'Error'; }
        })));
        """;

    private static readonly string[] Literals =
    [
        "{}", "[]", "{a:1,}", "[1,2,]", "{ 'a': \"b\", \"c\": 'd' }", "{ a: undefined, b: null }", "{ if: 1, new: 2, get: 3, set: 4, async: 5, static: 6, of: 7, let: 8 }",
        "{ 0x10: 1, 1.50: 2, 1e21: 3, .5: 4, 1_000: 5, 0b11: 6, 123456789012345680000: 7, 1e-7: 8 }", "{ ['a']: 1, [`b`]: 2, ['c' + 1]: 3 }", "{ ünï: 1, $: 2, _a1: 3, 'a-b': 4, \"\": 5 }",
        @"['\n\r\t\b\f\v\0', '\x41\x7f', '\u0041\u00e9', '\u{41}\u{1F600}\u{0}\u{10FFFF}', '\'\""\\\/\`\$', '\a\c\z\(' ]",
        "['a\\\nb', 'a\\\r\nb', 'a\\\rb', 'a\\\u2028b', 'a\u2028b', '\u00a0\ufeff']", "['\\ud83d\\ude00', '\\u{d83d}\\u{de00}', '\\0a']",
        "[`a\nb`, `a\r\nb`, `a\rb`, `a\\\r\nb`, `\\``, `\\${a}`, `$`, `$a`, `{}`, `$\\{`, `\\u{1f600}`, `a\u2028b`]",
        "[`${'a'}`, `x${1}y${-2.50}z`, `${ \"}\" }`, `${1e21}${1e-7}${0.1}${0x1f}${1_000}`]",
        "[' a '.trim(), ' a '.trimStart(), ' a '.trimEnd(), `\n\t\u00a0\ufeffa\u2003\u2028 `.trim(), '\u0085a\u200b'.trim(), `\n  a\n`\n  .trim()\n  .trimEnd()]",
        "['a' + 'b' + `c`, 'a' + 1, 1 + 'a', 'a' + -1, 'a' + 1.0, 'a' + 1e21 + 1e-7 + 0xff + .5 + 5. + 123456789.123, ('a' + 'b').trim()]",
        "[0, -0, 1, -1, +1, 1.5, .5, 5., 1e3, 1E3, 1e+3, 1e-3, 1_000_000, 0xff, 0XFF, 0o17, 0O17, 0b101, 0B101, 0x1_F, 1e-7, 1e21, 1e20, 123456789012345678901234567890]",
        "[9007199254740991, 9007199254740993, 12345678901234567890, 0.1, 0.30000000000000004, 5e-324, 1.7976931348623157e308, 4.35, 0.000001, 0.0000001, 100, 1e2, 12300, 0x1fffffffffffff]",
        "[(1), ('a'), ({ a: (1) }), ([1])]", "[true, false, null, [[[[]]]]]", "[ // a\n 1, /* b\n */ 2 /* c */ ]", "{ a: '// x', b: '/* y */', c: `// z` }", "{\u00a0a\u2028:\ufeff1\u2003}",
        "{ toString: 1, constructor: 2, hasOwnProperty: 3 }", "[- 1, + 2]",
    ];

    /// <summary>What is no text of the language must be none for us either.</summary>
    private static readonly string[] Broken =
    [
        "{ a: 1", "[1, 2", "{ a: 'x\n' }", "{ a: 017 }", "{ a: 08 }", "{ a: '\\1' }", "{ a: '\\08' }", "{ a: `\\1` }", "{ a: '\\x4' }", "{ a: '\\u004' }", "{ a: '\\u{}' }", "{ a: '\\u{110000}' }", "{ a: 1_ }", "{ a: 1__0 }",
        "{ a: 0x }", "{ a: 0b2 }", "{ a: 0o8 }", "{ a: 1e }", "{ a: 3a }", "{ a: 0_1 }", "{ a: 1._5 }", "{ a: 1e_5 }", "{ a: 0x_1 }", "{ a: 0xfg }", "{ a: 1.2.3 }", "{ a 1 }", "{ a: }", "{ , }", "{ a: 1 b: 2 }", "{ a: 1; b: 2 }",
        "{ a: 1,, b: 2 }", "{ a: [1} }", "{ a: (1 }", "{ 'a' 'b' }", "{ a: `x }", "{ a: \"x }", "{ a: /* }", "{ a: 'a' 'b' }", "{ ['a': 1 }", "{ a: 1 } }", "[1 2]", "{ a: `${1` }", "{ -1: 1 }", "{ a: .  }", "{ a: '\\u{ 41}' }",
    ];

    [Fact]
    public async Task What_we_read_is_what_Node_finds()
    {
        var theirs = await EvaluateAsync(Literals);
        for (var i = 0; i < Literals.Length; i++)
        {
            var errors = new FieldErrorList();
            var ours = JavaScriptDocuments.Read(Literals[i], errors);
            Assert.True(!errors.Any, $"{Literals[i]}: {string.Join('\n', errors.All)}");
            Assert.True(theirs[i] is not null and not "Error" and not "SyntaxError", $"{Literals[i]}: {theirs[i]}");
            Assert.True(JsonNode.DeepEquals(Canonical(JsonNode.Parse(theirs[i]!)), Canonical(ours!.ToJson())), $"{Literals[i]}\n{theirs[i]}\n{ours.ToJson()!.ToJsonString()}");
        }
    }

    [Fact]
    public async Task What_Node_cannot_read_we_refuse()
    {
        var theirs = await EvaluateAsync(Broken);
        for (var i = 0; i < Broken.Length; i++)
        {
            Assert.True(theirs[i] == "SyntaxError", $"{Broken[i]}: {theirs[i]}");
            var errors = new FieldErrorList();
            JavaScriptDocuments.Read(Broken[i], errors);
            Assert.True(errors.Any, Broken[i]);
        }
    }

    [Fact]
    public async Task What_we_write_Node_finds()
    {
        string[] trees =
        [
            """{"a b":"it's \"x\"","c":["x",1,-2.5,1e21,null,true],"d":{"e":{}},"if":"","1":"y","ä":"😀"}""", """["one\ntwo `x` ${y} \\ \r\n\t\u0000\u001b1\u2028\ufeff$"]""", """{"__proto__":{"a":1}}""",
        ];
        var theirs = await EvaluateAsync([.. trees.Select(tree => JavaScriptText.Write(JsonNode.Parse(tree)))]);
        Assert.All(trees.Zip(theirs), pair => Assert.True(JsonNode.DeepEquals(Canonical(JsonNode.Parse(pair.First)), Canonical(JsonNode.Parse(pair.Second!))), pair.Second));
    }

    [Fact]
    public async Task Numbers_are_written_as_Node_writes_them()
    {
        var random = new Random(1);
        double[] numbers =
        [
            .. Enumerable.Range(0, 3_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))).Where(double.IsFinite),
            .. Enumerable.Range(0, 1_000).Select(_ => random.Next(-1_000_000, 1_000_000) / 1000.0), .. Enumerable.Range(-25, 50).Select(power => Math.Pow(10, power)),
        ];
        var theirs = await EvaluateAsync([$"[{string.Join(',', numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)))}].map(String)"]);
        Assert.Equal(JsonSerializer.Deserialize<string[]>(theirs[0]!), numbers.Select(JavaScriptNumber.ToText));
    }

    /// <summary>JavaScript puts names that are numbers first, and the order is no part of the tree.</summary>
    private static JsonNode? Canonical(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Canonical(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Canonical)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => JsonValue.Create(double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)),
        _ => node?.DeepClone(),
    };

    private static async Task<string?[]> EvaluateAsync(string[] texts)
    {
        var start = new ProcessStartInfo("node", ["-e", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var node = Start(start);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            await node.StandardInput.WriteAsync(JsonSerializer.Serialize(texts).AsMemory(), late.Token);
            node.StandardInput.Close();
            var (output, errors) = (node.StandardOutput.ReadToEndAsync(late.Token), node.StandardError.ReadToEndAsync(late.Token));
            await node.WaitForExitAsync(late.Token);
            Assert.True(node.ExitCode == 0, $"node ended with {node.ExitCode}: {await errors}");
            return JsonSerializer.Deserialize<string?[]>(await output)!;
        }
        catch (OperationCanceledException)
        {
            node.Kill();
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("node is not installed.");
            throw;
        }
    }
}
