using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orrery.Bench.Streams;

/// <summary>
/// Keeps a number of streams open for a while and tells how unevenly their tokens arrive: the jitter of a token is by how much the gap before it
/// differs from the gap at the engine. Needs the benchmark's engine, which writes the time of sending into each token. Streams begin at times of
/// their own, as those of many clients do: streams that all begin as others end would march in step, and arrive in heaps.
/// </summary>
internal static class StreamLoad
{
    private const int Tokens = 64;
    private const int GapMilliseconds = 20;
    private const int FirstMilliseconds = 100;
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(3);
    private static readonly int[] Streams = [1, 10_000];
    private static readonly int[] Seconds = [1, 120];

    /// <param name="args">Base address ending in <c>/v1</c>, key, model, streams, seconds, and the process whose CPU counts.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Length != 6 || !Uri.TryCreate(args[0], UriKind.Absolute, out var address) || !IPAddress.TryParse(address.Host, out var host) ||
            Number(args[3], Streams) is not { } streams || Number(args[4], Seconds) is not { } seconds || Number(args[5], [1, int.MaxValue]) is not { } pid)
        {
            await Console.Error.WriteLineAsync($"Expected: streams URL KEY MODEL STREAMS SECONDS PID, a URL with an IP address, {Streams[0]} to {Streams[1]} streams and {Seconds[0]} to {Seconds[1]} seconds.");
            return 2;
        }

        var request = Request(address, args[1], args[2]);
        var samples = new Samples(streams * seconds * (1000 / GapMilliseconds));
        using var ended = new CancellationTokenSource();
        var clients = Enumerable.Range(0, streams).Select(i => KeepAsync(new IPEndPoint(host, address.Port), request, samples, i, ended.Token)).ToArray();
        await WaitAsync(clients, Warming);
        var (cpu, began) = (Processor(pid), Stopwatch.GetTimestamp());
        samples.Take = true;
        await WaitAsync(clients, TimeSpan.FromSeconds(seconds));
        samples.Take = false;
        var (used, took) = (Processor(pid) - cpu, Stopwatch.GetElapsedTime(began));
        await ended.CancelAsync();
        await Task.WhenAll(clients);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"streams={streams} load={used / took:F2} tokens_s={samples.Count / took.TotalSeconds:F0} us_token={used.TotalMicroseconds / samples.Count:F1} ") + samples.Describe());
        return 0;
    }

    /// <summary>Waits for the time to pass, or for a client that failed.</summary>
    private static Task WaitAsync(Task[] clients, TimeSpan time) => Task.WhenAny([.. clients, DelayAsync(time, CancellationToken.None)]);

    private static Task DelayAsync(TimeSpan time, CancellationToken ended) => Task.Delay(time, TimeProvider.System, ended);

    private static int? Number(string text, int[] range) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= range[0] && number <= range[1] ? number : null;

    private static TimeSpan Processor(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.TotalProcessorTime;
    }

    private static byte[] Request(Uri address, string key, string model)
    {
        var body = $$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"[[mock n={{Tokens}} d={{GapMilliseconds}} t={{FirstMilliseconds}}]] Say something."}]}""";
        return Encoding.UTF8.GetBytes(
            $"POST {address.AbsolutePath}/chat/completions HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    private static async Task KeepAsync(EndPoint gateway, byte[] request, Samples samples, int index, CancellationToken ended)
    {
        var random = new Random(index);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await DelayAsync(TimeSpan.FromMilliseconds(random.Next(FirstMilliseconds + Tokens * GapMilliseconds)), ended);
            await socket.ConnectAsync(gateway, ended);
            var buffer = new byte[16 * 1024];
            while (true)
            {
                await socket.SendAsync(request, ended);
                await ReceiveAsync(socket, buffer, samples, ended);
                await DelayAsync(TimeSpan.FromMilliseconds(random.Next(2 * GapMilliseconds)), ended);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    private static async Task ReceiveAsync(Socket socket, byte[] buffer, Samples samples, CancellationToken ended)
    {
        var (scanner, filled, tokens) = (new TokenScanner(), 0, 0);
        var (lastSent, lastReceived) = (0L, 0L);
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, ended);
            var now = Stopwatch.GetTimestamp(); // The monotonic clock in nanoseconds, as the engine's.
            var all = buffer.AsSpan(0, filled + read);
            if (read == 0 || filled == 0 && !all.StartsWith("HTTP/1.1 200"u8))
            {
                throw new InvalidDataException($"The answer was '{Encoding.UTF8.GetString(all[..Math.Min(all.Length, 600)])}'; expected a stream of {Tokens} tokens.");
            }

            ReadOnlySpan<byte> rest = all[filled..];
            while (scanner.TryRead(ref rest, out var sent))
            {
                samples.Add(now - sent, tokens == 0 ? null : Math.Abs(now - lastReceived - (sent - lastSent)));
                (tokens, lastSent, lastReceived) = (tokens + 1, sent, now);
            }

            // The last chunk of the body ends it; what a read cuts is kept for that.
            if (all.EndsWith("\r\n0\r\n\r\n"u8))
            {
                if (tokens != Tokens)
                {
                    throw new InvalidDataException($"A stream had {tokens} tokens; expected {Tokens}.");
                }

                return;
            }

            var kept = Math.Min(all.Length, 7);
            all[^kept..].CopyTo(buffer);
            filled = kept;
        }
    }
}
