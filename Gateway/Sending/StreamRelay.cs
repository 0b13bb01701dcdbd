using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway.Sending;

/// <summary>Engine bytes to client bytes, event by event.</summary>
/// <remarks>
/// 1. Read. While nothing is half read, the buffer is given back first, so that a silent stream holds none.
/// 2. Translate every whole event, into the held beginning or straight into the response.
/// 3. The held beginning is let go with the first content, finish reason or end, or at 16 KB; before that an error is a
///    value and the sender may try another endpoint.
/// 4. One flush for each read.
/// 5. After the first byte an error is told in the stream, which then ends without [DONE] and with a cut of the connection
///    (<see cref="BrokenAnswer"/>): a cut answer must never look like a whole one.
/// </remarks>
internal sealed class StreamRelay(BufferPool pool, GatewayTelemetry telemetry, IOptions<GatewayOptions> options, TimeProvider time)
{
    private const int ReadSize = 4 << 10;
    private const int MostHeld = 16 << 10;

    /// <summary>Until the engine's last chunk after [DONE], so that its connection can be used again.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly int _longestEvent = options.Value.MaxAnswerBytes;
    private readonly byte[]? _reasoningName = ReasoningName.Quoted(options.Value.ReasoningField);

    public async Task<SendError?> RelayAsync(Exchange exchange, Candidate candidate, Stream upstream, IdleTimeout timeout)
    {
        StreamTranslator translator = candidate.Provider.Adapter is ITranslatingAdapter adapter ? adapter.ReadStream(exchange, candidate, _reasoningName) : new ChunkTranslator(exchange, candidate, _reasoningName);
        using var held = new HeldBytes(pool);
        SendError? error;
        try
        {
            error = await RelayAsync(exchange, candidate, upstream, timeout, translator, held);
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            error = AttemptFailure.Of(candidate, failure, timeout, isAnswering: true);
        }

        if (error is not null && error.Kind != SendErrorKind.ClientLeft && exchange.Http.Response.HasStarted)
        {
            await BreakOffAsync(exchange, error);
        }

        return error;
    }

    private async Task<SendError?> RelayAsync(
        Exchange exchange, Candidate candidate, Stream upstream, IdleTimeout timeout, StreamTranslator translator, HeldBytes held)
    {
        var output = exchange.Http.Response.BodyWriter;
        var (isHeld, isFirst) = (true, true);
        byte[] buffer = [];
        var length = 0;
        try
        {
            while (true)
            {
                // :: 1
                timeout.Set(candidate.Provider.IdleTimeout);
                if (length == 0)
                {
                    GiveBack(ref buffer);
                    await WaitForBytesAsync(upstream, timeout.Token);
                }

                MakeRoom(ref buffer, length);
                var read = await upstream.ReadAsync(buffer.AsMemory(length), timeout.Token);
                length += read;
                if (read == 0 && length > 0)
                {
                    // The last event may lack its blank line.
                    "\n\n"u8.CopyTo(buffer.AsSpan(length));
                    length += 2;
                }

                // :: 2
                length -= Translate(buffer.AsSpan(0, length), translator, isHeld ? held : output, ref isFirst);
                if (translator.Error is { } error)
                {
                    return error;
                }

                if (length > _longestEvent)
                {
                    return SendError.Of(candidate, SendErrorKind.TooLong, $"sent an event of more than {_longestEvent} bytes (Gateway:MaxAnswerBytes)");
                }

                var isCut = read == 0 && !translator.IsDone && !translator.HasFinished;
                if (isCut)
                {
                    return SendError.Of(candidate, SendErrorKind.Cut, "ended its stream in the middle of the answer");
                }

                // :: 3
                if (isHeld && (translator.HasBegun || held.Length + length >= MostHeld))
                {
                    isHeld = false;
                    AnswerHead.ForStream(exchange.Http.Response, candidate);
                    output.Write(held.Written);
                    held.Dispose();
                }

                if (read == 0 && !translator.IsDone && !translator.IsTyped)
                {
                    translator.End(output); // A finish reason came, so the answer is whole.
                }

                // :: 4
                if (!isHeld && !await FlushAsync(exchange, translator, timeout))
                {
                    return SendError.Of(candidate, SendErrorKind.ClientLeft, "was answering");
                }

                if (translator.IsDone)
                {
                    await TakeLeaveAsync(upstream, timeout, buffer);
                    return null;
                }

                if (read == 0)
                {
                    return null;
                }
            }
        }
        finally
        {
            GiveBack(ref buffer);
        }
    }

    /// <summary>Translates the whole events and moves what is left to the front. Returns how many bytes are gone.</summary>
    private static int Translate(Span<byte> bytes, StreamTranslator translator, IBufferWriter<byte> output, ref bool isFirst)
    {
        var done = 0;
        while (!translator.IsDone && translator.Error is null && SseReader.EventLength(bytes[done..]) is var length and > 0)
        {
            ReadOnlySpan<byte> sse = bytes.Slice(done, length);
            translator.Translate(isFirst ? SseReader.WithoutMark(sse) : sse, output);
            isFirst = false;
            done += length;
        }

        if (translator.IsDone)
        {
            return bytes.Length;
        }

        bytes[done..].CopyTo(bytes);
        return done;
    }

    private async ValueTask<bool> FlushAsync(Exchange exchange, StreamTranslator translator, IdleTimeout timeout)
    {
        var flush = exchange.Http.Response.BodyWriter.FlushAsync(exchange.ClientLeft);
        if (!flush.IsCompleted)
        {
            timeout.Clear(); // A slow client is not a slow engine.
        }

        var flushed = await flush;
        if (translator.HasContent)
        {
            var now = time.GetTimestamp();
            if (exchange.Meter.SawContent(now) is { } before)
            {
                telemetry.BetweenChunks(exchange, time.GetElapsedTime(before, now));
            }
        }

        return !flushed.IsCompleted && !exchange.ClientLeft.IsCancellationRequested;
    }

    private static async Task TakeLeaveAsync(Stream upstream, IdleTimeout timeout, byte[] buffer)
    {
        timeout.Set(Farewell);
        try
        {
            await upstream.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, timeout.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The answer is whole all the same; this connection is not used again.
        }
    }

    private static async Task BreakOffAsync(Exchange exchange, SendError error)
    {
        var refusal = error.ToRefusal();
        var output = exchange.Http.Response.BodyWriter;
        output.Write("data: "u8);
        await using (var json = new Utf8JsonWriter(output, Api.OpenAiErrors.Readable))
        {
            Api.OpenAiErrors.Write(json, refusal with { Type = RefusalTypes.Upstream });
        }

        output.Write("\n\n"u8);
        await output.FlushAsync(exchange.ClientLeft);
    }

    /// <summary>Ends when there is something to read, or the end, without holding a buffer meanwhile.</summary>
    private static ValueTask<int> WaitForBytesAsync(Stream upstream, CancellationToken cancellationToken) =>
        upstream.ReadAsync(Memory<byte>.Empty, cancellationToken);

    private void MakeRoom(ref byte[] buffer, int length)
    {
        const int room = 256;
        if (buffer.Length == 0)
        {
            buffer = pool.Rent(ReadSize);
        }
        else if (buffer.Length - length < room)
        {
            buffer = pool.Grow(buffer, length, length + room);
        }
    }

    private void GiveBack(ref byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            pool.Return(buffer);
            buffer = [];
        }
    }
}
