using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Gateway;
using Orrery.Gateway.Intake;

namespace Orrery.Tests.Gateway;

/// <summary>Whatever stands around them, what is ours goes out of the body and all else stays, byte for byte.</summary>
public sealed class RemovalsTests
{
    private static readonly string[] Ours = ["\"models\":[\"a\"]", "\"routing\" : {\"fallback\":true}"];

    [Fact]
    public void Any_order_and_any_blanks_leave_JSON_with_all_else()
    {
        var property = from others in Gen.ListOf(Gen.Choose(0, 9)).Select(list => list.Take(5).ToList())
                       from places in Gen.Two(Gen.Choose(0, 6))
                       from blank in Gen.Elements("", " ", "\n  ", "\t")
                       select (others, places, blank);
        Prop.ForAll(property.ToArbitrary(), sample =>
        {
            var parts = sample.others.Select((value, i) => $"\"o{i}\":{value}").Append("\"messages\":[1]").ToList();
            parts.Insert(Math.Min(sample.places.Item1, parts.Count), Ours[0]);
            parts.Insert(Math.Min(sample.places.Item2, parts.Count), Ours[1]);
            var body = Encoding.UTF8.GetBytes($"{{{sample.blank}{string.Join($"{sample.blank},{sample.blank}", parts)}{sample.blank}}}");
            var call = new Call { Body = body };
            var refusal = CallReader.Read(call, Operation.Chat, 64);
            Assert.Null(refusal);
            var left = Encoding.UTF8.GetString(body);
            for (var i = call.Removals.Count - 1; i >= 0; i--)
            {
                left = left.Remove(call.Removals[i].Start, call.Removals[i].Length);
            }

            var expected = JsonNode.Parse(body)!.AsObject();
            expected.Remove("models");
            expected.Remove("routing");
            Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(left)), $"{Encoding.UTF8.GetString(body)} became {left}");
        }).QuickCheckThrowOnFailure();
    }
}
