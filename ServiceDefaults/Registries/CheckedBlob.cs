using System.Security.Cryptography;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>Ends a wait that has seen no progress for some time.</summary>
internal sealed class IdleClock : IDisposable
{
    private readonly CancellationTokenSource _clock;
    private readonly CancellationTokenSource _limit;

    public IdleClock(TimeSpan idle, TimeProvider time, CancellationToken cancellationToken)
    {
        Idle = idle;
        _clock = new CancellationTokenSource(idle, time);
        _limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _clock.Token);
    }

    public TimeSpan Idle { get; }

    public CancellationToken Token => _limit.Token;

    public void Progressed() => _clock.CancelAfter(Idle);

    public void Dispose()
    {
        _limit.Dispose();
        _clock.Dispose();
    }
}

/// <summary>A blob as it comes. Who reads it to its end has had what the digest names, or a <see cref="RemoteFailure"/>.</summary>
internal sealed class CheckedBlob(RegistrySession session, OciDescriptor blob, HttpResponseMessage response, Stream content, TimeSpan idle, TimeProvider time) : Stream
{
    private readonly IncrementalHash _hash = OciDigest.HashFor(blob.Digest);
    private long _read;
    private bool _isWhole;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _isWhole)
        {
            return 0;
        }

        var count = await ReceiveAsync(buffer, cancellationToken);
        _read += count;
        _hash.AppendData(buffer.Span[..count]);
        if (count == 0)
        {
            Check();
        }
        else if (_read > blob.Size)
        {
            throw Mismatch($"more than the {blob.Size} bytes that its manifest says");
        }

        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A blob is read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            response.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var clock = new IdleClock(idle, time, cancellationToken);
        try
        {
            return await content.ReadAsync(buffer, clock.Token);
        }
        catch (Exception error) when (EgressClient.FaultOf(error, session.Server, idle, cancellationToken) is { } fault)
        {
            throw new RemoteFailure(fault.Cause != RemoteCauses.ConnectionClosed ? fault : fault with
            {
                Stage = RegistryFaults.Blob,
                Message = $"{session.Server} closed the connection after {_read} of the {blob.Size} bytes of the blob {blob.Digest}",
                Remedy = "Does something on the way end long transfers? Does the registry's log say why it hung up? Try again.",
            });
        }
    }

    private void Check()
    {
        _isWhole = true;
        var digest = OciDigest.Of(_hash, blob.Digest);
        if (_read != blob.Size)
        {
            throw Mismatch($"{_read} bytes, where its manifest says {blob.Size}");
        }

        if (digest != blob.Digest)
        {
            throw Mismatch($"what has the digest {digest}");
        }
    }

    private RemoteFailure Mismatch(string what) => RegistryFaults.Failure(
        RegistryFaults.Blob, RegistryCauses.DigestMismatch, $"{session.Server} sends for the blob {blob.Digest} {what}", "Does something on the way change answers, or is its storage broken? Nothing of it is to be used.");
}
