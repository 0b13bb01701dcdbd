using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;

namespace Orrery.WebConsole.Otlp;

/// <summary>The body has more bytes than one request may bring.</summary>
internal sealed class BodyTooLargeException : Exception;

/// <summary>A request's body, unpacked, in pooled memory. Its share of <see cref="InFlightBytes"/> grows with what has come, not with what was announced.</summary>
internal sealed class OtlpBody : IDisposable
{
    private const int FirstBytes = 64 << 10;

    private readonly InFlightBytes _inFlight;
    private byte[] _buffer = [];
    private int _share;
    private int _length;

    private OtlpBody(InFlightBytes inFlight) => _inFlight = inFlight;

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <exception cref="BodyTooLargeException">It has more than <paramref name="limit"/> bytes, packed or unpacked.</exception>
    /// <exception cref="TooMuchInFlightException">There is no room for it now.</exception>
    /// <exception cref="InvalidDataException">It is not packed as it says.</exception>
    public static async Task<OtlpBody> ReadAsync(HttpContext http, int limit, InFlightBytes inFlight)
    {
        if (http.Request.ContentLength > limit)
        {
            throw new BodyTooLargeException();
        }

        // Kestrel's own limit, 30 MB, may be the lower one; and it alone sees packed bytes that unpack to nothing.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = limit;
        var body = new OtlpBody(inFlight);
        try
        {
            if (http.Request.Headers.ContentEncoding == "gzip")
            {
                await using var unpacked = new GZipStream(http.Request.Body, CompressionMode.Decompress);
                await body.FillAsync(unpacked, limit, http.RequestAborted);
            }
            else
            {
                await body.FillAsync(http.Request.Body, limit, http.RequestAborted);
            }

            return body;
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            body.Dispose();
            throw new BodyTooLargeException();
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        _inFlight.GiveBack(_share);
        _share = 0;
    }

    private async Task FillAsync(Stream source, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_length == _share)
            {
                if (_share == limit)
                {
                    if (await source.ReadAsync(new byte[1], cancellationToken) > 0)
                    {
                        throw new BodyTooLargeException();
                    }

                    return;
                }

                Grow(limit);
            }

            var read = await source.ReadAsync(_buffer.AsMemory(_length, _share - _length), cancellationToken);
            if (read == 0)
            {
                return;
            }

            _length += read;
        }
    }

    private void Grow(int limit)
    {
        var share = (int)Math.Min(limit, Math.Max(FirstBytes, _share * 2L));
        _inFlight.Take(share - _share);
        _share = share;
        var larger = ArrayPool<byte>.Shared.Rent(share);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }
}
