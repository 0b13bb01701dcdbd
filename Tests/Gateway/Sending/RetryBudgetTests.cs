using System.Diagnostics;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>How often and for how long a request is tried, who costs no attempt, and what Retry-After holds.</summary>
public sealed class RetryBudgetTests
{
    private static readonly Limits Nothing = new() { Tokens = [new WindowLimit { Count = 1, Per = new Duration(TimeSpan.FromMinutes(1)) }] };

    [Theory]
    [InlineData(10, 200)]
    [InlineData(16, 429)]
    public async Task A_provider_at_its_limit_costs_no_attempt_and_only_so_many_are_passed_over(int limited, int status)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        SnapshotProvider[] providers = [.. Enumerable.Range(0, limited).Select(i => GatewayWorld.Provider($"full-{i:00}", engine.Url) with { Limits = Nothing }), GatewayWorld.Provider("open", engine.Url)];
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(providers), "--Gateway:MaxAttempts=1");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, engine.Requests.Count);
        Assert.Equal(status == 200 ? "open" : "full-15", response.Headers.GetValues(OrreryHeaders.Provider).Single());
    }

    [Fact]
    public async Task A_provider_that_limits_is_asked_once_for_all_its_models()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var names = Enumerable.Range(0, 30).Select(i => $"m{i}").ToList();
        var document = GatewayWorld.Document(GatewayWorld.Provider("full", engine.Url) with { Limits = Nothing }, GatewayWorld.Provider("open", engine.Url));
        await using var world = await GatewayWorld.StartAsync(document with { Models = [.. names.Select(name => GatewayWorld.Model(name, ModelTypes.Chat, "full")), GatewayWorld.Model("last", ModelTypes.Chat, "open")] });
        using var response = await world.PostAsync($$"""{"models":["{{string.Join("\",\"", names)}}","last"],"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal("open", response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
    }

    [Fact]
    public async Task An_engine_without_words_for_the_request_costs_no_attempt()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"object":"list","model":"upstream-model","data":[]}"""));
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = Engines.Anthropic }, GatewayWorld.Provider("p2", engine.Url)), "--Gateway:MaxAttempts=1");
        using var response = await world.PostAsync("""{"model":"embed","input":"Hi"}""", "/v1/embeddings");
        Assert.Equal("p2", response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
    }

    [Theory]
    [InlineData("00:00:00.1", 504, 0)]
    [InlineData("00:01:00", 200, 1)]
    public async Task No_attempt_begins_after_so_long(string within, int status, int asked)
    {
        await using var silent = await ScriptedEngine.StartAsync(Stall);
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(GatewayWorld.Provider("p1", silent.Url) with { Timeouts = Within(TimeSpan.FromMilliseconds(300)) }, GatewayWorld.Provider("p2", good.Url)),
            "--Gateway:RetryWithin=" + within);
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal((status, asked), ((int)response.StatusCode, good.Requests.Count));
    }

    [Fact]
    public async Task No_attempt_begins_at_a_provider_whose_total_time_is_over()
    {
        await using var silent = await ScriptedEngine.StartAsync(Stall);
        await using var late = await ScriptedEngine.StartAsync();
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", silent.Url) with { Timeouts = Within(TimeSpan.FromMilliseconds(300)) },
            GatewayWorld.Provider("p2", late.Url) with { Timeouts = new ProviderTimeouts { Total = new Duration(TimeSpan.FromMilliseconds(100)) } },
            GatewayWorld.Provider("p3", good.Url)));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("p3", response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
        Assert.Empty(late.Requests);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_short_pause_is_waited_for_when_nobody_else_can_serve(int status)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var (answer, pause) = (engine.Script, Json("""{"error":{"message":"a moment"}}""", status, ("Retry-After", "1")));
        engine.Script = http => engine.Requests.Count == 1 ? pause(http) : answer(http);
        await using var world = await GatewayWorld.StartAsync(engine);
        var clock = Stopwatch.StartNew();
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal((200, 2), ((int)response.StatusCode, engine.Requests.Count));
        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
        Assert.Equal(UsageOutcomes.Completed, (await world.OnlyUsageAsync()).Outcome);
    }

    [Theory]
    [InlineData("--Gateway:MaxAttempts=1", "1", 1)]
    [InlineData("--Gateway:MaxRetryWait=00:00:00", "1", 1)]
    [InlineData("--Gateway:RetryWithin=00:00:00.5", "1", 1)]
    [InlineData("--Gateway:MaxAttempts=3", "3", 1)]
    [InlineData("--Gateway:MaxRetryWait=00:00:02.500", "1", 3)]
    public async Task The_wait_is_within_its_bounds(string setting, string retryAfter, int asked)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"a moment"}}""", 429, ("Retry-After", retryAfter)));
        await using var world = await GatewayWorld.StartAsync(engine, setting);
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal((429, asked), ((int)response.StatusCode, engine.Requests.Count));
        Assert.Equal(retryAfter, response.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task An_endpoint_that_asked_for_a_pause_is_asked_by_nobody_not_even_when_it_is_the_only_one()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"slow down"}}""", 503, ("Retry-After", "60")));
        await using var world = await GatewayWorld.StartAsync(engine);
        for (var i = 0; i < 5; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((503, "upstream_unavailable"), (error.Status, error.Code));
            Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 50, 60);
            Assert.Matches(i == 0 ? "not available: slow down$" : "not available: it asked to be left alone for another (60|5[0-9])[.][0-9] s$", error.Message);
            Assert.Equal("p1", response.Headers.GetValues(OrreryHeaders.Provider).Single());
        }

        Assert.Single(engine.Requests);
        await Eventually.Holds(() => world.Catalogue.Usage.Count == 5);
        Assert.All(world.Catalogue.Usage, used => Assert.Equal((UsageOutcomes.UpstreamError, "p1"), (used.Outcome, used.Provider)));
    }

    /// <summary>What cannot be read is as if nothing was said; what is too long is believed for five minutes.</summary>
    [Theory]
    [InlineData("Retry-After", "soon", 0)]
    [InlineData("Retry-After", "-5", 0)]
    [InlineData("Retry-After", "1.5e3", 0)]
    [InlineData("Retry-After", "99999999999999999999", 0)]
    [InlineData("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT", 0)]
    [InlineData("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", 300)]
    [InlineData("Retry-After", "2147483647", 300)]
    [InlineData("retry-after-ms", "NaN", 0)]
    [InlineData("retry-after-ms", "-1", 0)]
    [InlineData("retry-after-ms", "1e300", 0)]
    [InlineData("retry-after-ms", "2147483646", 300)]
    public async Task What_an_engine_says_of_a_pause_is_bounded(string header, string value, int seconds)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"slow down"}}""", 503, (header, value)));
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine, good));
        using (var first = await world.PostAsync(GatewayWorld.Chat()))
        {
            Assert.Equal("p2", first.Headers.GetValues(OrreryHeaders.Provider).Single());
        }

        good.Script = Json("{}", 500);
        using var refused = await world.PostAsync("""{"model":"m","routing":{"providers":["p1"]},"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, seconds == 0 ? 1 : seconds - 10, seconds == 0 ? 1 : seconds);
        Assert.Equal(seconds == 0 ? 2 : 1, engine.Requests.Count);
    }

    [Fact]
    public async Task The_client_is_told_the_soonest_time()
    {
        await using var later = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"a"}}""", 503, ("Retry-After", "20")));
        await using var muchLater = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"b"}}""", 429, ("Retry-After", "50")));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(later, muchLater));
        foreach (var (status, provider) in new[] { (429, "p2"), (503, "p1") })
        {
            // The last that was asked speaks; when nobody was, the first that may be asked again.
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal((status, provider), ((int)response.StatusCode, response.Headers.GetValues(OrreryHeaders.Provider).Single()));
            Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 10, 20);
        }

        Assert.Equal((1, 1), (later.Requests.Count, muchLater.Requests.Count));
    }

    [Fact]
    public async Task Who_was_asked_is_told_of_and_not_who_was_not()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"boom"}}""", 500));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", engine.Url), GatewayWorld.Provider("p2", engine.Url) with { Limits = Nothing }));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((502, "The provider 'p1' failed (500): boom"), (error.Status, error.Message));
        Assert.Equal("p1", response.Headers.GetValues(OrreryHeaders.Provider).Single());
        Assert.Equal("p1", (await world.OnlyUsageAsync()).Provider);
    }

    [Fact]
    public async Task A_provider_without_a_place_is_passed_over_and_waited_for_when_all_others_fail()
    {
        var gate = new TaskCompletionSource();
        await using var busy = await ScriptedEngine.StartAsync(async http =>
        {
            await gate.Task.WaitAsync(http.RequestAborted);
            await Json(Answer)(http);
        });
        await using var failing = await ScriptedEngine.StartAsync(Json("{}", 500));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", busy.Url) with { Limits = new Limits { Concurrency = 1 } }, GatewayWorld.Provider("p2", failing.Url)));
        var first = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => busy.Requests.Count == 1);
        var second = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => failing.Requests.Count == 1);
        gate.SetResult();
        foreach (var answer in new[] { await first, await second })
        {
            Assert.Equal("p1", answer.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
            answer.Dispose();
        }
    }

    [Fact]
    public async Task A_client_that_leaves_while_its_request_waits_is_no_fault_of_the_engine()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"a moment"}}""", 429, ("Retry-After", "30")));
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:MaxRetryWait=00:01:00");
        using var leaving = new CancellationTokenSource();
        using var content = new StringContent(GatewayWorld.Chat(), System.Text.Encoding.UTF8, "application/json");
        var sent = world.Client.PostAsync("/v1/chat/completions", content, leaving.Token);
        await Eventually.Holds(() => engine.Requests.Count == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
        Assert.Single(engine.Requests);
    }

    private static ProviderTimeouts Within(TimeSpan span) => new() { PerRequest = new Duration(span) };

    private static Task Stall(Microsoft.AspNetCore.Http.HttpContext http) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
}
