using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>Each of a provider's own timeouts, which go before the gateway's.</summary>
public sealed class TimeoutTests
{
    [Fact]
    public async Task Connect_ends_an_attempt_at_a_server_that_takes_no_connections()
    {
        // Linux queues one connection more than the backlog, and drops the first packet of the others.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var queued = Enumerable.Range(0, 3).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false }).ToList();
        foreach (var one in queued)
        {
            try
            {
                await one.ConnectAsync(full.LocalEndPoint!, new CancellationTokenSource(TimeSpan.FromMilliseconds(300)).Token);
            }
            catch (OperationCanceledException)
            {
                // The queue is full.
            }
        }

        await using var world = await StartAsync($"http://{full.LocalEndPoint}/v1", new ProviderTimeouts { Connect = Short });
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(
            new ErrorBody(502, "The provider 'p1' cannot be reached: no connection in time.", "upstream_error", null, "upstream_unreachable"),
            await ErrorBody.ReadAsync(response));
        queued.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task PerRequest_ends_an_attempt_at_a_server_that_does_not_begin_to_answer()
    {
        await using var engine = await ScriptedEngine.StartAsync(Stall);
        await using var world = await StartAsync(engine.Url, new ProviderTimeouts { PerRequest = Short });
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("The provider 'p1' sent no answer in time.", (await ErrorBody.ReadAsync(response)).Message);
    }

    [Fact]
    public async Task Idle_ends_a_stream_that_stops()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await Sse([Role, Chunk("Hel")])(http);
            await Stall(http);
        });
        await using var world = await StartAsync(engine.Url, new ProviderTimeouts { Idle = Short });
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        var text = await CutAnswer.ReadAsync(response);
        Assert.Contains("stopped in the middle of its answer for too long", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Total_ends_an_answer_that_goes_on_for_too_long()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await Sse([Chunk("on and on")])(http);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, http.RequestAborted);
            }
        });
        await using var world = await StartAsync(engine.Url, new ProviderTimeouts { Total = Short });
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        Assert.Contains("took longer than the whole request may take", await CutAnswer.ReadAsync(response), StringComparison.Ordinal);
    }

    private static Duration Short => new(TimeSpan.FromMilliseconds(300));

    private static Task<GatewayWorld> StartAsync(string url, ProviderTimeouts timeouts) => GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", url) with { Timeouts = timeouts, HealthCheck = new HealthCheckSpec { Enabled = false } }));

    private static Task Stall(HttpContext http) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
}
