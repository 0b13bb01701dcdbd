using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>What is to be a blob. It can be opened more than once: a broken upload is begun again.</summary>
public sealed record BlobSource(string Digest, long Size, Func<CancellationToken, ValueTask<Stream>> OpenAsync)
{
    public static BlobSource Of(byte[] content) =>
        new(OciDigest.Of(content), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content, writable: false)));

    public OciDescriptor As(string mediaType) => new(mediaType, Digest, Size);
}

/// <summary>What is to be uploaded cannot be read here, or is not what was said: no fault of the registry.</summary>
public sealed class BlobSourceException(string message, Exception? inner) : Exception(message, inner);

/// <summary>A blob on its way, never whole in memory.</summary>
internal sealed class BlobContent : HttpContent
{
    private const int BufferBytes = 128 << 10;

    private readonly BlobSource _source;
    private readonly Action _progressed;

    /// <param name="progressed">Called with everything that has gone out.</param>
    public BlobContent(BlobSource source, Action progressed)
    {
        (_source, _progressed) = (source, progressed);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _source.Size;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var content = await OpenAsync(cancellationToken);
            for (var left = _source.Size; left > 0;)
            {
                var read = await ReadAsync(content, buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), left, cancellationToken);
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                _progressed();
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _source.OpenAsync(cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BlobSourceException($"The content of {_source.Digest} cannot be opened here: {error.Message}", error);
        }
    }

    private async Task<int> ReadAsync(Stream content, Memory<byte> buffer, long left, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken) is > 0 and var read
                ? read
                : throw new BlobSourceException($"The content of {_source.Digest} ends {left} bytes before the {_source.Size} that it was said to have.", inner: null);
        }
        catch (IOException error)
        {
            throw new BlobSourceException($"The content of {_source.Digest} cannot be read here: {error.Message}", error);
        }
    }
}
