using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Simulator.Text;

namespace Orrery.Tests.Simulator;

public sealed class SchemaSamplerTests
{
    public static TheoryData<string> Schemas =>
    [
        """{"type":"object","properties":{"name":{"type":"string","minLength":3,"maxLength":9},"age":{"type":"integer","minimum":18,"maximum":20}},"required":["name","age"],"additionalProperties":false}""",
        """{"type":"array","items":{"enum":["red","green",3,null]},"minItems":2,"maxItems":5}""",
        """{"type":"array","items":{"type":"integer","minimum":1,"maximum":4},"minItems":4,"uniqueItems":true}""",
        """{"anyOf":[{"type":"null"},{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}]}""",
        """{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"boolean"}},"required":["kind","x"]},{"type":"object","properties":{"kind":{"const":"b"}},"required":["kind"]}]}""",
        """{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"value":{"type":"integer"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["value","children","next"]}}}""",
        """{"allOf":[{"type":"object","properties":{"a":{"type":"string","format":"date"}},"required":["a"]},{"properties":{"b":{"type":"string","format":"uuid"}},"required":["b"]}]}""",
        """{"type":"object","properties":{"when":{"type":"string","format":"date-time"},"mail":{"type":"string","format":"email"},"link":{"type":"string","format":"uri"},"ip":{"type":"string","format":"ipv4"}},"required":["when","mail","link","ip"]}""",
        """{"type":"string","pattern":"^[A-Z]{3}-\\d{2,4}(x|yy)?$"}""",
        """{"type":"string","pattern":"(foo|ba[rz])+\\.[^a-y]\\w*"}""",
        """{"type":["string","integer"]}""",
        """{"type":"number","multipleOf":0.25,"minimum":-1,"maximum":1}""",
        """{"type":"integer","multipleOf":7,"minimum":50,"maximum":60}""",
        """{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":2}""",
        """{"required":["a","b"],"properties":{"a":{"type":"boolean"}}}""",
        """{"type":"string","minLength":120}""",
        """{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"minProperties":2,"additionalProperties":false}""",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_sample_validates_against_its_schema_for_every_seed(string text)
    {
        var schema = JsonDocument.Parse(text).RootElement;
        for (var seed = 0; seed < 200; seed++)
        {
            var (json, fault) = SchemaSampler.Sample(schema, new Random(seed), ["harbour", "Ålesund"]);
            Assert.True(fault is null, fault);
            var breaches = SchemaCheck.Breaches(schema, JsonDocument.Parse(json!).RootElement);
            Assert.True(breaches.Count == 0, $"Seed {seed}: {string.Join('\n', breaches)}");
        }
    }

    [Fact]
    public void A_sample_validates_against_any_schema_that_can_be_met()
    {
        var property = Prop.ForAll(SchemaTexts(4).ToArbitrary(), ArbMap.Default.ArbFor<int>(), (text, seed) =>
        {
            var schema = JsonDocument.Parse(text).RootElement;
            var (json, fault) = SchemaSampler.Sample(schema, new Random(seed), []);
            return fault is null && SchemaCheck.Breaches(schema, JsonDocument.Parse(json!).RootElement).Count == 0;
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), property);
    }

    [Theory]
    [InlineData("""{"enum":[]}""", "$ has an enum without values")]
    [InlineData("""{"type":"widget"}""", "$ has the type 'widget'; expected object, array, string, integer, number, boolean or null")]
    [InlineData("""{"properties":{"a":{"type":"integer","minimum":3,"maximum":2}},"required":["a"]}""", "$.a has no integer from 3 to 2")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "$ has the $ref '#/$defs/x', which leads nowhere")]
    [InlineData("""{"$ref":"https://example.com/x"}""", "$ has the $ref 'https://example.com/x'; only #/... within the schema is known")]
    [InlineData("""{"$ref":"#"}""", "$ refers to itself through $ref '#'")]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"]}}}""", "requires itself without end")]
    [InlineData("""{"type":"array","items":{"type":"string"},"minItems":1000000}""", "$ has minItems")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "$ has the pattern '(?=a)b', which the simulator cannot satisfy")]
    [InlineData("""{"type":"string","pattern":"((((){4000}){4000}){4000}){4000}b"}""", "which the simulator cannot satisfy")]
    [InlineData("""{"type":"number","multipleOf":1e300,"minimum":1,"maximum":2}""", "$ has no number from 1 to 2")]
    public void A_schema_that_cannot_be_met_is_named_with_its_place(string text, string expected)
    {
        var (json, fault) = SchemaSampler.Sample(JsonDocument.Parse(text).RootElement, new Random(1), []);
        Assert.Null(json);
        Assert.Contains(expected.StartsWith("$ has minItems", StringComparison.Ordinal) ? "asks for more than 5000 values" : expected, fault, StringComparison.Ordinal);
    }

    private static Gen<string> SchemaTexts(int depth)
    {
        var leaf = Gen.OneOf(
            Gen.Choose(-50, 50).SelectMany(min => Gen.Choose(0, 30).Select(span => $$"""{"type":"integer","minimum":{{min}},"maximum":{{min + span}}}""")),
            Gen.Choose(0, 12).SelectMany(min => Gen.Choose(0, 12).Select(span => $$"""{"type":"string","minLength":{{min}},"maxLength":{{min + span}}}""")),
            Gen.Constant("""{"type":"boolean"}"""),
            Gen.Constant("""{"enum":["a","b",1]}"""),
            Gen.Constant("""{"type":["number","null"]}"""),
            Gen.Constant("""{"const":{"k":[1,2]}}"""));
        if (depth == 0)
        {
            return leaf;
        }

        var inner = SchemaTexts(depth - 1);
        return Gen.OneOf(
            leaf,
            inner.SelectMany(item => Gen.Choose(0, 3).Select(min => $$"""{"type":"array","items":{{item}},"minItems":{{min}},"maxItems":{{min + 2}}}""")),
            inner.SelectMany(a => inner.Select(b => $$"""{"anyOf":[{{a}},{{b}}]}""")),
            inner.SelectMany(a => inner.Select(b =>
                $$"""{"type":"object","properties":{"a":{{a}},"b":{{b}}},"required":["a"],"additionalProperties":false}""")));
    }
}
