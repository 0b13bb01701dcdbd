using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.ObjectPool;

namespace Orrery.Gateway.Sending;

/// <summary>What an engine streams, as it arrives. Waiting holds no buffer.</summary>
/// <remarks>
/// An HTTP answer that is read piece by piece costs, for each piece, a state machine, a registration to cancel it and an empty read to wait without a buffer.
/// Copied as a whole into a pipe it costs them once: the thread of the socket then carries each token through. Over TLS such a copy would hold 16 KB
/// for as long as it waits, so there the pieces are read.
/// </remarks>
internal sealed class EngineStream : IAsyncDisposable
{
    /// <summary>What a copy holds meanwhile where an answer comes without chunks, which is rare; chunks are copied from where the connection has them.</summary>
    private const int CopySize = 4 << 10;

    private static readonly StreamPipeReaderOptions Pieces = new(leaveOpen: true, useZeroByteReads: true);

    private readonly IdleTimeout _timeout;
    private readonly PipeReader _reader;
    private readonly ObjectPool<Pipe>? _pipes;
    private readonly Pipe? _pipe;
    private readonly Task _copy = Task.CompletedTask;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _hasEnded;

    public EngineStream(Stream body, bool isEncrypted, IdleTimeout timeout, ObjectPool<Pipe> pipes)
    {
        _timeout = timeout;
        if (isEncrypted)
        {
            _reader = PipeReader.Create(body, Pieces);
            return;
        }

        _pipes = pipes;
        _pipe = pipes.Get();
        _reader = _pipe.Reader;
        _copy = CopyAsync(body, _pipe);
    }

    /// <summary>Ends when bytes are there, or the end. The attempt's timeout holds for it. What it gives goes to <see cref="Release"/>.</summary>
    /// <remarks>Where bytes are copied, whoever cancels ends the copy, and its end ends the pipe.</remarks>
    public ValueTask<ReadResult> ReadAsync() => _reader.ReadAsync(_pipe is null ? _timeout.Token : CancellationToken.None);

    /// <summary>All that was read is done with.</summary>
    public void Release(in ReadResult read) => _reader.AdvanceTo(read.Buffer.End);

    /// <summary>The end came, and not because all was said.</summary>
    public bool IsBroken => _failure is not null;

    /// <summary>Tells why it is broken, if it is.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">It took too long, or the client left.</exception>
    public void ThrowIfBroken() => _failure?.Throw();

    public async ValueTask DisposeAsync()
    {
        if (_pipe is not null && !_hasEnded)
        {
            _timeout.Cancel();
        }

        await _reader.CompleteAsync();
        await _copy;
        if (_pipe is not null)
        {
            _pipes!.Return(_pipe);
        }
    }

    private async Task CopyAsync(Stream body, Pipe pipe)
    {
        try
        {
            await body.CopyToAsync(pipe.Writer.AsStream(leaveOpen: true), CopySize, _timeout.Token);
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
        }
        finally
        {
            _hasEnded = true;
            await pipe.Writer.CompleteAsync();
        }
    }
}

/// <summary>Pipes that are used again.</summary>
internal sealed class EngineStreams
{
    private const int MostKept = 1_024;

    /// <summary>So much may wait for a client that reads slowly; then the engine waits too.</summary>
    private const int MostWaiting = 16 << 10;

    private readonly ObjectPool<Pipe> _pipes = new DefaultObjectPool<Pipe>(new Policy(), MostKept);

    public EngineStream Open(Stream body, bool isEncrypted, IdleTimeout timeout) => new(body, isEncrypted, timeout, _pipes);

    private sealed class Policy : PooledObjectPolicy<Pipe>
    {
        private static readonly PipeOptions Inline = new(
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: MostWaiting,
            resumeWriterThreshold: MostWaiting / 2,
            useSynchronizationContext: false);

        public override Pipe Create() => new(Inline);

        public override bool Return(Pipe pipe)
        {
            pipe.Reset();
            return true;
        }
    }
}
