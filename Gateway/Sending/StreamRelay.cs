using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Sending;

/// <summary>Engine bytes to client bytes, event by event.</summary>
/// <remarks>
/// 1. Read.
/// 2. Translate every whole event where it lies, into the held beginning or straight into the response. Only an event that is half read is kept.
/// 3. The held beginning is let go with the first content, finish reason or end, or at 16 KB; before that an error is a
///    value and the sender may try another endpoint.
/// 4. One flush for each read.
/// 5. After the first byte an error is told in the stream, which then ends without [DONE] and with a cut of the connection
///    (<see cref="BrokenAnswer"/>): a cut answer must never look like a whole one.
/// </remarks>
internal sealed class StreamRelay(BufferPool pool, GatewayTelemetry telemetry, IOptions<GatewayOptions> options, TimeProvider time)
{
    private const int MostHeld = 16 << 10;

    /// <summary>Until the engine's last chunk after [DONE], so that its connection can be used again.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly int _longestEvent = options.Value.MaxAnswerBytes;
    private readonly byte[]? _reasoningName = ReasoningName.Quoted(options.Value.ReasoningField);

    public async Task<SendError?> RelayAsync(Exchange exchange, Candidate candidate, EngineStream upstream, IdleTimeout timeout)
    {
        var translator = ClientTranslation.ForStream(exchange, candidate, _reasoningName);
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
        Exchange exchange, Candidate candidate, EngineStream upstream, IdleTimeout timeout, StreamTranslator translator, HeldBytes held)
    {
        var output = exchange.Http.Response.BodyWriter;
        using var half = new HeldBytes(pool);
        var (isHeld, isFirst) = (true, true);
        while (true)
        {
            // :: 1
            timeout.Set(candidate.Provider.IdleTimeout);
            var read = await upstream.ReadAsync();

            // :: 2
            var (isSilent, isBroken) = (read.Buffer.IsEmpty, read.IsCompleted && upstream.IsBroken);
            Translate(read, half, translator, isHeld ? held : output, ref isFirst, mayLackEnd: read.IsCompleted && !isBroken);
            upstream.Release(read);
            if (isSilent && isBroken)
            {
                upstream.ThrowIfBroken();
            }

            if (half.Length > _longestEvent)
            {
                return SendError.Of(candidate, SendErrorKind.TooLong, $"sent an event of more than {_longestEvent} bytes (Gateway:MaxAnswerBytes)");
            }

            // :: 3
            var isWhole = translator.IsDone || (read.IsCompleted && !isBroken && translator.MayEnd && translator.Error is null);
            if (isHeld && (translator.HasBegun || isWhole || (translator.Error is null && !translator.IsWhole && held.Length + half.Length >= MostHeld)))
            {
                isHeld = false;
                AnswerHead.ForStream(exchange, candidate);
                output.Write(held.Written);
                held.Dispose();
            }

            if (isWhole && !translator.IsDone && !translator.IsTyped)
            {
                translator.End(output);
            }

            if (isWhole && exchange.Dialogue is { } dialogue)
            {
                await dialogue.EndAsync(exchange, candidate, output);
            }

            // :: 4
            if (!isHeld && !await FlushAsync(exchange, translator, timeout))
            {
                return SendError.Of(candidate, SendErrorKind.ClientLeft, "was answering");
            }

            if (translator.Error is { } error)
            {
                return error;
            }

            if (isWhole)
            {
                await TakeLeaveAsync(upstream, read, timeout);
                return null;
            }

            if (read.IsCompleted)
            {
                upstream.ThrowIfBroken();
                return SendError.Of(candidate, SendErrorKind.Cut, "ended its stream in the middle of the answer");
            }
        }
    }

    /// <summary>Translates the whole events of what was left and what came. What is half read after that is kept.</summary>
    /// <param name="mayLackEnd">What is left is the last event, which may lack its blank line. Of a stream that broke it is half an event.</param>
    private static void Translate(in ReadResult read, HeldBytes half, StreamTranslator translator, IBufferWriter<byte> output, ref bool isFirst, bool mayLackEnd)
    {
        if (half.Length == 0 && read.Buffer.IsSingleSegment && !read.IsCompleted)
        {
            var bytes = read.Buffer.FirstSpan;
            half.Write(bytes[Translate(bytes, translator, output, ref isFirst, isEnd: false)..]);
            return;
        }

        foreach (var piece in read.Buffer)
        {
            half.Write(piece.Span);
        }

        if (mayLackEnd && half.Length > 0)
        {
            half.Write("\n\n"u8);
        }

        half.DropFirst(Translate(half.Written, translator, output, ref isFirst, mayLackEnd));
    }

    /// <summary>Translates the whole events. Returns how many bytes are done with.</summary>
    private static int Translate(ReadOnlySpan<byte> bytes, StreamTranslator translator, IBufferWriter<byte> output, ref bool isFirst, bool isEnd)
    {
        var done = 0;
        while (!translator.IsDone && translator.Error is null && translator.EventLength(bytes[done..], isEnd) is var length and > 0)
        {
            var sse = bytes.Slice(done, length);
            translator.Translate(isFirst ? SseReader.WithoutMark(sse) : sse, output);
            isFirst = false;
            done += length;
        }

        return translator.IsDone ? bytes.Length : done;
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

    private static async ValueTask TakeLeaveAsync(EngineStream upstream, ReadResult last, IdleTimeout timeout)
    {
        if (last.IsCompleted)
        {
            return;
        }

        timeout.Set(Farewell);
        try
        {
            upstream.Release(await upstream.ReadAsync());
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
        if (exchange.Dialogue is { } dialogue)
        {
            dialogue.WriteBreak(refusal, exchange.RequestId, output);
        }
        else
        {
            output.Write("data: "u8);
            await using (var json = new Utf8JsonWriter(output, Api.OpenAiErrors.Readable))
            {
                Api.OpenAiErrors.Write(json, refusal with { Type = RefusalTypes.Upstream });
            }

            output.Write("\n\n"u8);
        }

        await output.FlushAsync(exchange.ClientLeft);
    }
}
