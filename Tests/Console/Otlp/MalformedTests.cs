using System.Net;
using Orrery.WebConsole.Otlp;
using static Orrery.Tests.WebConsole.Otlp.ProtoBytes;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>Bytes that are no OTLP end in one exception, never in another, and never in a hang. A failure prints its seed.</summary>
public sealed class MalformedTests
{
    private static readonly byte[] Traces = Request(
        "test",
        Span(1, 1, more: [Tag(9, "list", Part(5, Part(1, Number(3, 5)), Part(1, Part(6, Tag(1, "k", Double(4, 1.5)))))), Part(11, Fixed(1, 5), Text(2, "happened"), Tag(3, "a", Text(1, "b"))), Part(15, Text(2, "no"), Number(3, 2))]),
        Span(2, 2));

    private static readonly byte[] Logs = Request("test", Part(2, Fixed(1, 5), Number(2, 17), Bytes(5, Text(1, "text")), Tag(6, "a", Number(2, 1)), Text(12, "Event")));

    private static readonly byte[] Metrics = Request(
        "test",
        Part(2, Text(1, "gauge"), Part(5, Part(1, Fixed(3, 5), Double(4, 1), Tag(7, "a", Text(1, "b"))))),
        Part(2, Text(1, "histogram"), Part(9, Part(1, Fixed(3, 5), Fixed(4, 3), Double(5, 9), PackedFixed(6, 1, 2), PackedDoubles(7, 1.5)), Number(2, 2))),
        Part(2, Text(1, "exponential"), Part(10, Part(1, Fixed(3, 5), Fixed(4, 3), ZigZag(6, 3), Fixed(7, 1), Part(8, ZigZag(1, -4), PackedVarints(2, 1, 1))))),
        Part(2, Text(1, "summary"), Part(11, Part(1, Fixed(3, 5), Part(6, Double(1, 0.5), Double(2, 3))))));

    private delegate void Decode(OtlpReader otlp, byte[] body);

    private static readonly (byte[] Whole, Decode Decode)[] Signals =
    [
        (Traces, (otlp, body) => SpanReader.Read(otlp, body)),
        (Logs, (otlp, body) => LogReader.Read(otlp, body, DateTimeOffset.UnixEpoch)),
        (Metrics, (otlp, body) => MetricReader.Read(otlp, body)),
    ];

    [Fact]
    public void Every_prefix_is_refused_but_the_empty_one_and_the_whole()
    {
        var otlp = new OtlpReader(new EmitterTable(), new TagReader());
        foreach (var (whole, decode) in Signals)
        {
            decode(otlp, []);
            decode(otlp, whole);
            for (var length = 1; length < whole.Length; length++)
            {
                Assert.Throws<MalformedOtlpException>(() => decode(otlp, whole[..length]));
            }
        }
    }

    [Fact]
    public void Changed_bytes_decode_or_are_refused()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var otlp = new OtlpReader(new EmitterTable(), new TagReader());
        var refused = 0;
        for (var round = 0; round < 60_000; round++)
        {
            var (whole, decode) = Signals[round % Signals.Length];
            var body = whole.ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            try
            {
                decode(otlp, body);
            }
            catch (MalformedOtlpException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {seed}, round {round}: {error}");
            }
        }

        Assert.InRange(refused, 1_000, 60_000);
    }

    [Fact]
    public void A_value_nested_without_end_is_refused_before_the_stack_ends()
    {
        var value = Number(3, 1);
        for (var depth = 0; depth < 5_000; depth++)
        {
            value = Part(5, Bytes(1, value));
        }

        var error = Assert.Throws<MalformedOtlpException>(() => SpanReader.Read(new OtlpReader(new EmitterTable(), new TagReader()), Request("test", Span(1, 1, more: [Tag(9, "deep", value)]))));
        Assert.Contains("nested more than 100 deep", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_body_of_countless_empty_items_is_refused()
    {
        var empty = new byte[400_002];
        for (var i = 0; i < empty.Length; i += 2)
        {
            empty[i] = 2 << 3 | 2;
        }

        var body = Part(1, Bytes(2, empty));
        var error = Assert.Throws<MalformedOtlpException>(() => LogReader.Read(new OtlpReader(new EmitterTable(), new TagReader()), body, DateTimeOffset.UnixEpoch));
        Assert.Contains("more than 100000 items", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_malformed_request_nothing_is_kept_and_the_answer_says_where_it_broke()
    {
        await using var collector = await Collector.StartAsync();
        using var answer = await collector.PostAsync("/v1/traces", Traces[..^3]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Matches(@"byte \d+: field \d+ wants \d+ bytes; its message has \d+ left", System.Text.Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()));
        Assert.Equal(0, collector.Traces.Counts.Held);
        Assert.Equal(1, collector.Counts[OtlpSignal.Traces].Malformed);

        using var whole = await collector.PostAsync("/v1/traces", Traces);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        using var again = await collector.PostAsync("/v1/traces", Traces);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(2, collector.Traces.Counts.Received);
    }
}
