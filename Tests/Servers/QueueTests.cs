using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Orrery.Tests.Servers;

/// <summary>One thread has the model: who waits, who is turned away, what becomes of those who leave, and of all when the server is stopped.</summary>
public sealed class QueueTests
{
    private const string Path = "/v1/chat/completions";
    private const string Chat = "transformers --model a/b --kind chat --max-model-len 1000000";

    private static string Long(int words, bool stream = false) =>
        JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = $"repeat {words} word" } }, stream });

    [Fact]
    public async Task More_than_may_wait_are_told_to_come_again()
    {
        await using var server = await ServerProcess.StartAsync(Chat, ("ORRERY_MAX_WAITING", "1"), ("LIBRARY_PAUSE", "0.01"));
        using var leave = new CancellationTokenSource();
        var running = server.SendAsync(Path, Long(10_000), cancel: leave.Token);
        await Eventually.Holds(async () => await server.MetricAsync("vllm:num_requests_running"), count => count == 1);
        var waiting = server.SendAsync(Path, Long(10_000), cancel: leave.Token);
        await Eventually.Holds(async () => await server.MetricAsync("vllm:num_requests_waiting"), count => count == 1);
        var refusal = await ServerProcess.RefusalAsync(await server.SendAsync(Path, Long(1)));
        Assert.Equal((503, "server_overloaded", true), (refusal.Status, refusal.Code, refusal.SaysWhen));
        // Health is not the model's business: it answers while the model works.
        Assert.Equal(200, (await server.HealthAsync()).Status);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await server.IdleAsync();
        await ServerProcess.JsonAsync(await server.SendAsync(Path, Long(1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Work_for_a_client_who_has_left_stops(bool stream)
    {
        await using var server = await ServerProcess.StartAsync(Chat, ("LIBRARY_PAUSE", "0.01"));
        using var leave = new CancellationTokenSource();
        if (stream)
        {
            using var answer = await server.SendAsync(Path, Long(100_000, stream: true), stream: true, leave.Token);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(leave.Token));
            Assert.StartsWith("data: ", await reader.ReadLineAsync(leave.Token), StringComparison.Ordinal);
        }
        else
        {
            var asked = server.SendAsync(Path, Long(100_000), cancel: leave.Token);
            await Eventually.Holds(async () => await server.MetricAsync("vllm:num_requests_running"), count => count == 1);
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        }

        await server.IdleAsync();
    }

    [Fact]
    public async Task Speech_for_a_client_who_has_left_stops_too()
    {
        await using var server = await ServerProcess.StartAsync("tts --model suno/bark --family bark", ("LIBRARY_PAUSE", "0.1"));
        var text = JsonSerializer.Serialize(new { input = string.Concat(Enumerable.Repeat("One more sentence that is not short. ", 100)), stream_format = "audio", response_format = "wav" });
        using (var answer = await server.SendAsync("/v1/audio/speech", text, stream: true))
        {
            Assert.Equal(4, await (await answer.Content.ReadAsStreamAsync()).ReadAtLeastAsync(new byte[4], 4));
        }

        await server.IdleAsync();
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_not_read()
    {
        await using var server = await ServerProcess.StartAsync(Chat, ("ORRERY_MAX_BODY_BYTES", "2000"));
        var said = await ServerProcess.RefusalAsync(await server.SendAsync(Path, Long(1) + new string(' ', 3000)));
        Assert.Equal((413, "request_too_large"), (said.Status, said.Code));
        using var unsaid = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(Long(1) + new string(' ', 3000)) };
        unsaid.Headers.TransferEncodingChunked = true;
        var counted = await ServerProcess.RefusalAsync(await server.Client.SendAsync(unsaid));
        Assert.Equal((413, "request_too_large"), (counted.Status, counted.Code));
        await using var hears = await ServerProcess.StartAsync("whisper --model a/b", ("ORRERY_MAX_BODY_BYTES", "2000"));
        using var form = ServerProcess.Form(new byte[5000]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/transcriptions") { Content = form };
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(413, (await ServerProcess.RefusalAsync(await hears.Client.SendAsync(request))).Status);
    }

    [Fact]
    public async Task A_server_that_is_stopped_ends_what_it_has_begun_and_takes_nothing_new()
    {
        await using var server = await ServerProcess.StartAsync(Chat, ("LIBRARY_PAUSE", "0.02"));
        var asked = server.SendAsync(Path, Long(20));
        await Eventually.Holds(async () => await server.MetricAsync("vllm:num_requests_running"), count => count == 1);
        server.Terminate();
        await Eventually.Holds(server.HealthAsync, health => health == (503, """{"status":"stopping"}"""));
        var refusal = await ServerProcess.RefusalAsync(await server.SendAsync(Path, Long(1)));
        Assert.Equal((503, "server_stopping", true), (refusal.Status, refusal.Code, refusal.SaysWhen));
        var answer = await ServerProcess.JsonAsync(await asked);
        Assert.Equal(string.Concat(Enumerable.Repeat("word ", 20)), answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(0, (await server.EndedAsync()).ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_does_not_end_in_time_is_given_up_and_told(bool stream)
    {
        await using var server = await ServerProcess.StartAsync(Chat, ("LIBRARY_PAUSE", "0.01"), ("ORRERY_DRAIN_SECONDS", "1"));
        var asked = server.SendAsync(Path, Long(100_000, stream));
        await Eventually.Holds(async () => await server.MetricAsync("vllm:num_requests_running"), count => count == 1);
        server.Terminate();
        using var answer = await asked;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(stream ? 200 : 503, (int)answer.StatusCode);
        Assert.Contains("\"code\":\"server_stopping\"", text, StringComparison.Ordinal);
        Assert.Equal(0, (await server.EndedAsync()).ExitCode);
    }

    [Fact]
    public async Task A_connection_that_sends_half_a_request_hinders_nobody()
    {
        await using var server = await ServerProcess.StartAsync(Chat);
        using var half = new TcpClient();
        await half.ConnectAsync("127.0.0.1", new Uri(server.Url).Port);
        await half.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{"));
        await ServerProcess.JsonAsync(await server.SendAsync(Path, Long(1)));
        server.Terminate();
        half.Close();
        Assert.Equal(0, (await server.EndedAsync()).ExitCode);
    }
}
