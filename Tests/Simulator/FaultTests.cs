using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Orrery.Simulator.Faults;

namespace Orrery.Tests.Simulator;

public sealed class FaultTests
{
    private const string Path = "/v1/chat/completions";
    private const string Stream = """{"model":"chat","stream":true,"stream_options":{"include_usage":true},"max_tokens":20,"ignore_eos":true,"messages":[{"role":"user","content":"hi"}]}""";
    private const string Whole = """{"model":"chat","max_tokens":20,"messages":[{"role":"user","content":"hi"}]}""";

    [Fact]
    public async Task A_status_is_answered_with_its_retry_after()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var response = await server.PostAsync(Path, Whole, "status=503;retry-after=2");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "2"), (response.StatusCode, response.Headers.RetryAfter?.ToString()));
        Assert.Contains("\"code\":503", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_cut_stream_has_so_many_tokens_and_no_end(int tokens)
    {
        await using var server = await SimulatorServer.StartAsync();
        using var response = await server.PostAsync(Path, Stream, $"cut-after={tokens}", waitsForBody: false);
        var text = new StringBuilder();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line)
            {
                text.AppendLine(line);
            }
        });
        Assert.DoesNotContain("[DONE]", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(tokens == 0 ? 0 : tokens + 1, text.ToString().Split("data: ").Length - 1);
    }

    [Fact]
    public async Task A_cut_answer_never_comes()
    {
        await using var server = await SimulatorServer.StartAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => server.PostAsync(Path, Whole, "cut-after=3"));
    }

    [Fact]
    public async Task A_malformed_chunk_stands_among_good_ones()
    {
        await using var server = await SimulatorServer.StartAsync();
        var events = await server.EventsAsync(Path, Stream, "malformed-after=5");
        var broken = events.Index().Single(line => line.Item != "[DONE]" && !IsJson(line.Item));
        Assert.Equal((6, "[DONE]"), (broken.Index, events[^1]));
        using var whole = await server.PostAsync(Path, Whole, "malformed-after=5");
        Assert.False(IsJson(await whole.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("error-after=0", 1)]
    [InlineData("error-after=5", 7)]
    public async Task An_error_event_ends_a_stream_that_began_well(string fault, int at)
    {
        await using var server = await SimulatorServer.StartAsync();
        var events = await server.EventsAsync(Path, Stream, fault);
        Assert.Equal(at + 1, events.Count);
        Assert.Equal(500, JsonDocument.Parse(events[^2]).RootElement.GetProperty("error").GetProperty("code").GetInt32());
        using var whole = await server.PostAsync(Path, Whole, fault);
        Assert.Equal(HttpStatusCode.InternalServerError, whole.StatusCode);
    }

    [Fact]
    public async Task A_stalled_request_gets_no_answer()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        using var request = Request("stall");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token));
    }

    [Fact]
    public async Task A_stalled_stream_says_no_more_and_holds_nothing_once_the_client_has_left()
    {
        await using var server = await SimulatorServer.StartAsync();
        using (var request = Request("stall-after=5"))
        using (var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            for (var seen = 0; seen < 6;)
            {
                seen += (await reader.ReadLineAsync())!.StartsWith("data: ", StringComparison.Ordinal) ? 1 : 0;
            }

            Assert.Equal("", await reader.ReadLineAsync());
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.ReadLineAsync(patience.Token));
        }

        await Eventually.Holds(
            () => server.GetAsync("/simulator/state"), state => state.GetProperty("replicas")[0].GetProperty("models")[0].GetProperty("running").GetInt32() == 0);
    }

    [Fact]
    public async Task A_slow_start_waits_and_then_answers_and_usage_can_be_left_out()
    {
        await using var server = await SimulatorServer.StartAsync();
        var clock = Stopwatch.StartNew();
        var events = await server.EventsAsync(Path, Stream, "slow-start=300ms; no-usage");
        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(295), clock.Elapsed.ToString());
        Assert.DoesNotContain(events, line => line.Contains("\"usage\"", StringComparison.Ordinal));
        Assert.Equal("[DONE]", events[^1]);
    }

    [Theory]
    [InlineData("explode", "Unknown fault 'explode'. Known: " + FaultPlan.Known + "; several are parted by ';'.")]
    [InlineData("status=9000", "The fault 'status' has the value '9000'; expected a whole number from 200 to 599.")]
    [InlineData("slow-start=2", "The fault 'slow-start' has the value '2'; expected a duration such as 500ms, 30s, 5m, 1h30m or 7d.")]
    [InlineData("stall=1", "The fault 'stall' takes no value, got '1'.")]
    [InlineData("cut-after=", "The fault 'cut-after' has the value ''; expected a whole number from 0 to 1000000.")]
    public async Task A_fault_that_is_not_understood_is_refused(string fault, string message)
    {
        await using var server = await SimulatorServer.StartAsync();
        using var response = await server.PostAsync(Path, Whole, fault);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal("X-Orrery-Fault: " + message, error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task In_production_the_header_means_nothing()
    {
        await using var server = await SimulatorServer.StartAsync(environment: "Production");
        using var response = await server.PostAsync(Path, Whole, "status=503");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Rules_befall_every_nth_request_or_a_share_of_them()
    {
        await using var server = await SimulatorServer.StartAsync([
            ("Faults:0:Fault", "status=503"), ("Faults:0:EveryNth", "3"),
            ("Faults:1:Fault", "status=418"), ("Faults:1:Probability", "0.5"), ("Faults:1:Model", "embed"), ("Faults:1:Seed", "4")]);
        var chat = new List<int>();
        var embeddings = new List<int>();
        for (var i = 0; i < 40; i++)
        {
            using var first = await server.PostAsync(Path, Whole);
            chat.Add((int)first.StatusCode);
        }

        for (var i = 0; i < 40; i++)
        {
            using var second = await server.PostAsync("/v1/embeddings", """{"model":"embed","input":"x"}""");
            embeddings.Add((int)second.StatusCode);
        }

        Assert.All(chat.Index(), status => Assert.Equal((status.Index + 1) % 3 == 0 ? 503 : 200, status.Item));
        Assert.InRange(embeddings.Count(status => status == 418), 5, 25);
    }

    private static HttpRequestMessage Request(string fault) => new(HttpMethod.Post, Path)
    {
        Content = new StringContent(Stream, Encoding.UTF8, "application/json"),
        Headers = { { "X-Orrery-Fault", fault } },
    };

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
