using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;
using Orrery.WebConsole.Telemetry;

namespace Orrery.Tests.WebConsole.Pages;

/// <summary>What the pages say to a browser, without one.</summary>
public sealed class PagesTests
{
    private static readonly string[] Pages = ["/", "/?view=table", "/output", "/logs", "/traces", "/traces/00000000000000000000000000000001", "/metrics", "/metrics/instruments", "/resources/gateway"];

    [Fact]
    public async Task Nobody_sees_a_page_without_a_key()
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync(key: null);
        foreach (var page in Pages)
        {
            using var answer = await reader.GetAsync(page, Soon);
            Assert.Equal($"/sign-in?next={Uri.EscapeDataString(page)}", answer.Headers.Location?.ToString());
        }

        using var live = await reader.SendAsync(new(HttpMethod.Get, "/live/traces") { Headers = { { "accept", "text/event-stream" } } }, Soon);
        Assert.Equal(HttpStatusCode.Unauthorized, live.StatusCode);
    }

    [Theory]
    [InlineData("", "Give an access key")]
    [InlineData("ork_wrong", "only the first access key opens the Console")]
    public async Task A_wrong_key_is_refused_with_the_reason(string key, string reason)
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync(key: null);
        using var form = new FormUrlEncodedContent([new("key", key)]);
        using var answer = await reader.PostAsync("/sign-in", form, Soon);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(Soon), StringComparison.Ordinal);
        Assert.DoesNotContain("Set-Cookie: orrery-console=ey", answer.Headers.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/traces?status=failed", "/traces?status=failed")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    public async Task Signing_in_leads_nowhere_else(string next, string led)
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync(key: null);
        using var form = new FormUrlEncodedContent([new("key", ConsoleWorld.FirstKey), new("next", next)]);
        using var answer = await reader.PostAsync("/sign-in", form, Soon);
        Assert.Equal(led, answer.Headers.Location?.ToString());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=lax", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(ConsoleWorld.FirstKey, cookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"role":"user","parts":[{"type":"text","content":"<script>alert(1)</script> Hi"},{"type":"image_url"}]}]""", """[{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"weather","arguments":"{}"}]}]""", "&lt;script&gt;alert(1)&lt;/script&gt; Hi", "calls weather")]
    [InlineData("""[{"role":"user","content":"another form"}]""", null, "another form", "as it came")]
    [InlineData("no JSON at all", "[", "no JSON at all", "as it came")]
    public async Task What_was_said_is_shown_where_it_is_recorded(string input, string? output, string text, string kind)
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync();
        (string, string)[] tags = output is null ? [("gen_ai.input.messages", input)] : [("gen_ai.input.messages", input), ("gen_ai.output.messages", output)];
        world.Traces.Add([Stores.Made.Span(5, 1, tags: tags), Stores.Made.Span(6, 1)]);
        var page = await reader.GetStringAsync("/traces/00000000000000000000000000000005", Soon);
        Assert.Contains("What was said", page, StringComparison.Ordinal);
        Assert.Contains(text, page[page.IndexOf("class=\"said\"", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains(kind, page, StringComparison.Ordinal);
        Assert.DoesNotContain("What was said", await reader.GetStringAsync("/traces/00000000000000000000000000000006", Soon), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_way_of_a_request_names_the_keys_of_a_provider_and_those_that_were_used()
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync();
        var now = TimeProvider.System.GetUtcNow();
        world.Traces.Add(
        [
            Span(
                7, "POST /v1/chat/completions", [],
                new(now, "orrery.planned", [new("orrery.candidates", """[{"provider":"vendor","upstreamModel":"gpt","endpoints":[{"endpoint":"https://api.example","health":"healthy","inFlight":0,"weight":1}],"keys":[{"key":"1 (vendor/one)","state":"cooling for 9 s more (429)"},{"key":"2 (vendor/<two>)","state":"well"}]}]""")]),
                new(now.AddMilliseconds(2), "orrery.attempt", [new("orrery.attempt", "1"), new("orrery.provider", "vendor"), new("orrery.endpoint", "https://api.example"), new("orrery.provider_key", "2 (vendor/<two>)")])),
        ]);
        var page = await reader.GetStringAsync("/traces/00000000000000000000000000000007", Soon);
        var way = page[page.IndexOf("class=\"way\"", StringComparison.Ordinal)..];
        foreach (var text in new[] { "https://api.example: healthy, 0 in flight, weight 1", "key 1 (vendor/one): cooling for 9 s more (429)", "key 2 (vendor/&lt;two&gt;): well", "vendor at https://api.example with its key 2 (vendor/&lt;two&gt;) answered" })
        {
            Assert.Contains(text, way, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_changed_cookie_opens_nothing()
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync(key: null);
        foreach (var cookie in (string[])["x", "a.b", "eyJOYW1lIjoiZmlyc3QifQ.AAAA", "."])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/traces") { Headers = { { "cookie", $"orrery-console={cookie}" } } };
            using var answer = await reader.SendAsync(request, Soon);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Every_page_is_served_with_a_policy_that_it_keeps()
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync();
        foreach (var page in Pages)
        {
            using var answer = await reader.GetAsync(page, Soon);
            var html = await answer.Content.ReadAsStringAsync(Soon);
            Assert.True(answer.IsSuccessStatusCode, $"{page}: {answer.StatusCode}");
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("script-src 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain(" style=", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<style", html, StringComparison.Ordinal);
            Assert.DoesNotContain("onclick", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        }
    }

    [Fact]
    public async Task Another_sites_form_does_nothing()
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync();
        foreach (var (header, value) in new[] { ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/resources/gateway/commands/resource-stop") { Headers = { { header, value } } };
            Assert.Equal(HttpStatusCode.Forbidden, (await reader.SendAsync(request, Soon)).StatusCode);
        }
    }

    [Theory]
    [InlineData("/traces?least=soon", "least is &#x27;soon&#x27;; expected a duration such as 500ms, 30s, 5m, 1h30m or 7d.")]
    [InlineData("/traces?skip=-1", "skip is &#x27;-1&#x27;; expected a whole number from 0 to 10000000.")]
    [InlineData("/traces?status=odd", "status is &#x27;odd&#x27;; expected one of failed, ok.")]
    [InlineData("/logs?level=loud", "level is &#x27;loud&#x27;; expected one of Unspecified, Trace, Debug, Information, Warning, Error, Critical.")]
    [InlineData("/logs?trace=xyz", "trace is &#x27;xyz&#x27;; expected 32 hex digits.")]
    public async Task A_filter_that_cannot_be_read_is_named(string address, string said)
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync();
        Assert.Contains(said, await reader.GetStringAsync(address, Soon), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_sent_is_text_and_never_markup()
    {
        await using var world = await ConsoleWorld.StartAsync();
        const string Evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
        world.Traces.Add([Span(1, Evil, [new(Evil, Evil), new("gen_ai.request.model", Evil)])]);
        world.Logs.Add([new() { Time = TimeProvider.System.GetUtcNow(), Emitter = new(Evil, Evil, []), Category = Evil, Severity = LogSeverity.Error, Body = Evil, Tags = [new(Evil, Evil)] }]);
        using var reader = await world.ReaderAsync();
        foreach (var page in (string[])["/traces", $"/traces/{new TraceId(1)}", "/logs", $"/logs?text={Uri.EscapeDataString(Evil)}", $"/traces?text={Uri.EscapeDataString(Evil)}"])
        {
            var html = await reader.GetStringAsync(page, Soon);
            Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("req_abc", "/traces/00000000000000000000000000000001")]
    [InlineData("00000000000000000000000000000007", "/traces/00000000000000000000000000000007")]
    [InlineData("something else", "/traces?text=something%20else")]
    public async Task A_request_id_or_a_trace_id_leads_to_its_trace(string text, string led)
    {
        await using var world = await ConsoleWorld.StartAsync();
        world.Traces.Add([Span(1, "POST", [new("orrery.request_id", "req_abc")])]);
        using var reader = await world.ReaderAsync();
        using var answer = await reader.GetAsync($"/find?q={Uri.EscapeDataString(text)}", Soon);
        Assert.Equal(led, answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_live_part_is_sent_again_when_something_has_changed()
    {
        await using var world = await ConsoleWorld.StartAsync();
        using var reader = await world.ReaderAsync();
        using var stream = new StreamReader(await reader.GetStreamAsync("/live/traces?show=everything", Soon));
        Assert.Contains("Nothing has been sent here yet", await NextAsync(stream), StringComparison.Ordinal);
        world.Traces.Add([Span(1, "the first one", [])]);
        Assert.Contains("the first one", await NextAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tail_sends_only_what_is_new_and_passes_the_filter()
    {
        await using var world = await ConsoleWorld.StartAsync();
        world.Logs.Add([Entry("old", LogSeverity.Error)]);
        using var reader = await world.ReaderAsync();
        using var stream = new StreamReader(await reader.GetStreamAsync("/live/logs?level=Warning&after=1", Soon));
        world.Logs.Add([Entry("whisper", LogSeverity.Information)]);
        world.Logs.Add([Entry("shout", LogSeverity.Error)]);
        var html = await NextAsync(stream);
        Assert.Contains("shout", html, StringComparison.Ordinal);
        Assert.DoesNotContain("old", html, StringComparison.Ordinal);
        Assert.DoesNotContain("whisper", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_ends_when_its_key_is_revoked()
    {
        var isRevoked = false;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var catalogue = builder.Build();
        catalogue.MapPost("/internal/access-keys/identify", () => // As the Catalogue answers it.
            Volatile.Read(ref isRevoked) ? Results.NotFound() : Results.Json(new AccessKeyIdentity(ResourceMetadata.DefaultNamespace, "mine", AccessRoles.Viewer), ContractsJson.Default.AccessKeyIdentity));
        await catalogue.StartAsync(Soon);
        await using var world = await ConsoleWorld.StartAsync($"--services:catalogue:http:0={catalogue.Urls.First()}", "--Console:KeyCheckInterval=00:00:01");
        using var reader = await world.ReaderAsync("ork_2222222222222222222222222222222222222222");
        using var stream = new StreamReader(await reader.GetStreamAsync("/live/traces?show=everything", Soon));
        Assert.Contains("Nothing has been sent here yet", await NextAsync(stream), StringComparison.Ordinal);

        Volatile.Write(ref isRevoked, true);
        while (await stream.ReadLineAsync(Soon) is { } line)
        {
            Assert.DoesNotContain("data: ", line, StringComparison.Ordinal);
        }

        using var next = await reader.GetAsync("/traces", Soon);
        Assert.Equal(HttpStatusCode.Redirect, next.StatusCode);
    }

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    /// <summary>The next event's part of the page.</summary>
    private static async Task<string> NextAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync(Soon) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonSerializer.Deserialize<string>(line["data: ".Length..])!;
            }
        }

        throw new EndOfStreamException();
    }

    private static Span Span(ulong trace, string name, Tag[] tags, params SpanEvent[] events) => new()
    {
        TraceId = new(trace),
        Id = new(1),
        ParentId = default,
        Emitter = new("gateway", "gateway", []),
        Scope = "tests",
        Name = name,
        Kind = SpanKind.Server,
        Start = TimeProvider.System.GetUtcNow(),
        Duration = TimeSpan.FromMilliseconds(12),
        Status = SpanStatus.Unset,
        Tags = tags,
        Events = events,
    };

    private static LogRecord Entry(string body, LogSeverity severity) =>
        new() { Time = TimeProvider.System.GetUtcNow(), Emitter = new("gateway", "gateway", []), Category = "Tests", Severity = severity, Body = body };
}
