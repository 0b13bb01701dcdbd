using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;

namespace Orrery.Tests.Gateway;

/// <summary>Properties of what reads and splices bytes. A failure prints the seed that repeats it.</summary>
public sealed class BytesTests
{
    private static readonly string[] Pieces = ["data", ":", " ", "\n", "\r", "\r\n", "\n\n", "{\"a\":1}", ": ping", "event: x", "é", "[DONE]", "data: x\n\n"];

    [Fact]
    public void Events_do_not_depend_on_how_bytes_are_split()
    {
        var streams = Gen.Elements(Pieces).ListOf().Select(pieces => string.Concat(pieces) + "\n\n").ToArbitrary();
        var cuts = Gen.Choose(1, 9).ListOf().ToArbitrary();
        Prop.ForAll(streams, cuts, (stream, sizes) =>
        {
            var bytes = Encoding.UTF8.GetBytes(stream);
            return Events(bytes, [bytes.Length]).SequenceEqual(Events(bytes, [.. sizes]));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_spliced_request_differs_in_what_was_meant_and_in_no_other_byte()
    {
        var fields = Gen.Elements(
            "\"temperature\": 0.5", "\"é\\\"x\":[1,{\"model\":\"inner\"}]", "\"stop\":null", "\"extra_body\":{\"stream_options\":{}}", "\"x\":\"}\"", "\"seed\" :\t1e3").ListOf();
        var options = Gen.Elements(
            "", "\"stream_options\":null", "\"stream_options\": {}", "\"stream_options\":{\"include_usage\":true}", "\"stream_options\":{\"include_usage\" : false,\"y\":[]}",
            "\"stream_options\":{\"y\":1,\"continuous_usage_stats\":false}", "\"stream_options\":{\"continuous_usage_stats\":true,\"include_usage\":null}");
        var bodies = from some in fields
                     from option in options
                     from order in Gen.Choose(0, 2)
                     select Body(some.Distinct(), option, order);
        Prop.ForAll(bodies.ToArbitrary(), body =>
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            var call = new Call { Body = bytes };
            Assert.Null(CallReader.Read(call, Operation.Chat, 64));
            foreach (var (adapter, isContinuous) in new (IEngineAdapter, bool)[] { (new VllmAdapter(), true), (new OpenAiAdapter(), false) })
            {
                var edits = new EditList();
                adapter.EditBody(call, CandidateFor("up/\"stream"), ref edits);
                var output = new ArrayBufferWriter<byte>();
                edits.Write(bytes, output);
                Assert.Equal(edits.LengthAfter(bytes.Length), output.WrittenCount);
                AssertSpliced(body, output.WrittenSpan.ToArray(), isContinuous);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("""{"usage":null,"id":1}""", """{"id":1}""")]
    [InlineData("""{"id":1,"usage":{"prompt_tokens":1}}""", """{"id":1}""")]
    [InlineData("""{"id":1 , "usage" : {"prompt_tokens":1} , "x":2}""", """{"id":1 , "x":2}""")]
    [InlineData("""{"usage":{"prompt_tokens":1}}""", "{}")]
    public void Usage_is_taken_out_with_exactly_one_comma(string chunk, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(chunk);
        Assert.True(AnswerScan.TryRead(bytes, out var facts));
        var edits = new EditList();
        edits.Add(facts.UsageProperty, []);
        var output = new ArrayBufferWriter<byte>();
        edits.Write(bytes, output);
        Assert.Equal(expected, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static List<string> Events(byte[] bytes, int[] sizes)
    {
        var events = new List<string>();
        var (start, end, turn) = (0, 0, 0);
        var search = default(EventSearch);
        while (end < bytes.Length)
        {
            end = Math.Min(bytes.Length, end + (sizes.Length == 0 ? 1 : sizes[turn++ % sizes.Length]));
            while (search.EventLength(bytes.AsSpan(start..end)) is var length and > 0)
            {
                events.Add(Encoding.UTF8.GetString(bytes.AsSpan(start, length)));
                start += length;
            }
        }

        return events;
    }

    private static string Body(IEnumerable<string> some, string option, int order)
    {
        var fields = some.Append("\"model\" : \"m\"").Append("\"messages\":[{}]").Append("\"stream\":true").Concat(option.Length > 0 ? [option] : []).ToList();
        fields = order == 0 ? fields : order == 1 ? [.. Enumerable.Reverse(fields)] : [.. fields.Skip(1), fields[0]];
        return " {" + string.Join(" ,\n", fields) + "\n} ";
    }

    private static void AssertSpliced(string before, byte[] after, bool isContinuous)
    {
        using var old = JsonDocument.Parse(before);
        using var spliced = JsonDocument.Parse(after);
        foreach (var property in old.RootElement.EnumerateObject().Where(property => property.Name is not ("model" or "stream_options")))
        {
            Assert.Equal(property.Value.GetRawText(), spliced.RootElement.GetProperty(property.Name).GetRawText());
        }

        Assert.Equal("up/\"stream", spliced.RootElement.GetProperty("model").GetString());
        var options = spliced.RootElement.GetProperty("stream_options");
        Assert.True(options.GetProperty("include_usage").GetBoolean());
        Assert.Equal(isContinuous || before.Contains("stats\":true", StringComparison.Ordinal), options.TryGetProperty("continuous_usage_stats", out var continuous) && continuous.GetBoolean());
        Assert.Equal(before.Contains("\"y\"", StringComparison.Ordinal), options.TryGetProperty("y", out _));
    }

    private static Candidate CandidateFor(string upstreamId) => new(
        new ProviderRoute
        {
            Spec = GatewayWorld.Provider("p") with { Engine = Engines.Vllm },
            Adapter = new VllmAdapter(),
            Fault = null,
            Endpoints = [],
            RequestTimeout = default,
            IdleTimeout = default,
            TotalTimeout = default,
        },
        upstreamId, new Latency(TimeProvider.System));
}
