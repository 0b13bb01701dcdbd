using System.IO.Compression;
using System.Net;
using System.Text;
using Orrery.WebConsole.Otlp;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Otlp.ProtoBytes;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>What the collector refuses, how it says so, and that nothing of it is kept.</summary>
public sealed class RefusalTests
{
    private static readonly byte[] OneSpan = Request("test", Span(1, 1));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789abcdef-telemetrY")]
    public async Task Without_the_key_nothing_is_taken_and_the_answer_names_header_and_setting(string? key)
    {
        await using var collector = await Collector.StartAsync();
        using var answer = await collector.PostAsync("/v1/traces", OneSpan, key);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var text = await Reason(answer);
        Assert.Contains("x-otlp-api-key", text, StringComparison.Ordinal);
        Assert.Contains("Console:Otlp:Key", text, StringComparison.Ordinal);
        Assert.Equal(0, collector.Traces.Counts.Received);
        Assert.Equal(1, collector.Counts[OtlpSignal.Traces].Refused);
    }

    [Fact]
    public async Task Without_a_configured_key_the_answer_says_which_to_set()
    {
        await using var collector = await Collector.StartWithoutKeyAsync();
        using var answer = await collector.PostAsync("/v1/logs", []);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("Console:Otlp:Key is not set", await Reason(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_protobuf_is_taken_packed_by_gzip_or_not_at_all()
    {
        await using var collector = await Collector.StartAsync();
        using var json = await collector.PostAsync("/v1/traces", OneSpan, type: "application/json");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, json.StatusCode);
        Assert.Contains("http/protobuf", await Reason(json), StringComparison.Ordinal);
        using var brotli = await collector.PostAsync("/v1/traces", OneSpan, encoding: "br");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, brotli.StatusCode);
        using var identity = await collector.PostAsync("/v1/traces", OneSpan, encoding: "identity");
        Assert.Equal(HttpStatusCode.OK, identity.StatusCode);
        using var packed = await collector.PostAsync("/v1/traces", Gzip(Request("test", Span(1, 2))), encoding: "gzip");
        Assert.Equal(HttpStatusCode.OK, packed.StatusCode);
        Assert.Equal("application/x-protobuf", packed.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await packed.Content.ReadAsByteArrayAsync());
        Assert.Equal(2, collector.Traces.Find(new TraceId(1))!.Spans.Count);
    }

    [Fact]
    public async Task A_body_too_large_is_refused_for_good_also_when_it_is_large_only_unpacked()
    {
        await using var collector = await Collector.StartAsync("--Console:Otlp:MaxBodyBytes=100000", "--Console:Otlp:MaxInFlightBytes=100000");
        var bomb = Gzip(new byte[50_000_000]);
        Assert.True(bomb.Length < 100_000);
        using var packed = await collector.PostAsync("/v1/metrics", bomb, encoding: "gzip");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, packed.StatusCode);
        Assert.Contains("100000 bytes (Console:Otlp:MaxBodyBytes)", await Reason(packed), StringComparison.Ordinal);
        using var plain = await collector.PostAsync("/v1/metrics", new byte[100_001]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, plain.StatusCode);
        using var cut = await collector.PostAsync("/v1/traces", Gzip(OneSpan)[..^12], encoding: "gzip");
        Assert.Equal(HttpStatusCode.BadRequest, cut.StatusCode);

        // Exactly as large as allowed: the limit is no limit of the bytes in flight by itself.
        var filler = 100_000 - OneSpan.Length - 4;
        using var full = await collector.PostAsync("/v1/traces", [.. OneSpan, .. Bytes(99, new byte[filler - 1])]);
        Assert.True(full.StatusCode == HttpStatusCode.OK, await Reason(full));
        Assert.Equal(1, collector.Traces.Counts.Received);
    }

    [Fact]
    public async Task Above_the_bytes_in_flight_a_request_is_asked_to_come_again_and_then_taken()
    {
        await using var collector = await Collector.StartAsync("--Console:Otlp:MaxBodyBytes=100000", "--Console:Otlp:MaxInFlightBytes=150000");
        using var slow = new SlowContent(new byte[90_000], OneSpan);
        var first = Collector.SendAsync(new(collector.Url, "/v1/traces"), slow);
        await slow.Begun;
        var large = (byte[])[.. Request("test", Span(2, 1)), .. Bytes(99, new byte[90_000])];

        using var refused = await Eventually.Holds(() => collector.PostAsync("/v1/traces", large), answer => answer.StatusCode != HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Contains("Console:Otlp:MaxInFlightBytes", await Reason(refused), StringComparison.Ordinal);
        Assert.True(collector.Counts[OtlpSignal.Traces].Refused >= 1);

        slow.Finish();
        using var finished = await first;
        using var taken = await collector.PostAsync("/v1/traces", large);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.NotNull(collector.Traces.Find(new TraceId(2)));
    }

    [Fact]
    public async Task The_collectors_port_serves_nothing_else_and_no_other_port_serves_it()
    {
        await using var collector = await Collector.StartAsync();
        foreach (var path in new[] { "/", "/health", "/health/live", "/traces", "/v1/profiles", "/v1/traces/" })
        {
            using var other = await collector.PostAsync(path, OneSpan);
            Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        }

        using var elsewhere = await Collector.SendAsync(new(collector.Pages, "/v1/traces"), new ByteArrayContent(OneSpan));
        Assert.NotEqual(HttpStatusCode.OK, elsewhere.StatusCode);
        Assert.Equal(0, collector.Traces.Counts.Received);
    }

    [Fact]
    public async Task What_cannot_be_kept_is_told_and_the_rest_is_kept()
    {
        await using var collector = await Collector.StartAsync("--Console:Stores:MaxSpansPerTrace=10");
        byte[][] spans = [.. Enumerable.Range(1, 13).Select(id => Span(7, (ulong)id)), Span(0, 1), Span(8, 1)];
        using var answer = await collector.PostAsync("/v1/traces", Request("test", spans));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal([1 << 3, 4], body[2..4]); // rejected_spans = 4
        Assert.Contains("too many", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Contains("no trace id", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Equal(10, collector.Traces.Find(new TraceId(7))!.Spans.Count);
        Assert.NotNull(collector.Traces.Find(new TraceId(8)));
        Assert.Equal((11L, 4L), (collector.Counts[OtlpSignal.Traces].Accepted, collector.Counts[OtlpSignal.Traces].Lost));
    }

    [Fact]
    public void Every_fault_of_the_settings_is_told_at_once()
    {
        var limits = new StoreLimits { MaxSpans = 0, MaxSpansPerTrace = 1, MaxLogs = 1, MaxSeries = 1, MaxBytes = 1, MetricsFor = TimeSpan.Zero, MetricsStep = TimeSpan.Zero };
        Assert.Equal(7, new StoreLimitsValidator().Validate(null, limits).Failures!.Count());
        Assert.Contains("Console:Stores:MaxSpans is 0; expected 1000 to 10000000.", new StoreLimitsValidator().Validate(null, limits).Failures!);
        Assert.True(new StoreLimitsValidator().Validate(null, new()).Succeeded);
        var otlp = new OtlpOptions { Key = "short", Port = 70_000, MaxBodyBytes = 1, MaxInFlightBytes = 0 };
        Assert.Equal(4, new OtlpOptions.Validator().Validate(null, otlp).Failures!.Count());
    }

    private static async Task<string> Reason(HttpResponseMessage answer)
    {
        Assert.Equal("application/x-protobuf", answer.Content.Headers.ContentType?.MediaType);
        return Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync());
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var packed = new GZipStream(output, CompressionLevel.Optimal))
        {
            packed.Write(bytes);
        }

        return output.ToArray();
    }

    /// <summary>Sends the first part, and the rest when told.</summary>
    private sealed class SlowContent(byte[] filler, byte[] rest) : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Bytes(99, filler));
            await stream.FlushAsync();
            _begun.SetResult();
            await _finish.Task;
            await stream.WriteAsync(rest);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = Bytes(99, filler).Length + rest.Length;
            return true;
        }
    }
}
