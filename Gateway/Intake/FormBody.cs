using System.Buffers;

namespace Orrery.Gateway.Intake;

/// <summary>A <c>multipart/form-data</c> body as it came, in memory up to 1 MiB and on disk above it, and where its part <c>model</c> stands. Can be sent as often as there are attempts.</summary>
internal sealed class FormBody(BufferPool pool, BodyBudget budget, BodySpool spool, string boundary) : IDisposable
{
    private const int MostInMemory = 1 << 20;
    private const int ReadSize = 64 << 10;
    private readonly RequestBody _memory = new(pool, budget);
    private SpoolFile? _file;

    public long Length => _file?.Length ?? _memory.Bytes.Length;

    public string Boundary { get; } = boundary;

    /// <summary>The part <c>model</c>, its head included.</summary>
    public (long Start, long End) ModelPart { get; set; }

    /// <summary>What engines do not see of it.</summary>
    public IReadOnlyList<(long Start, long End)> Removals { get; set; } = [];

    /// <summary>What its plain fields say, where the operation wants to know.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; set; } = new Dictionary<string, string>();

    /// <summary>Its files, where the operation wants to know.</summary>
    public IReadOnlyList<FilePart> Files { get; set; } = [];

    /// <returns>Why there is no room for it.</returns>
    /// <exception cref="IOException">The disk is full.</exception>
    public async ValueTask<Refusal?> AppendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        if (_file is null && _memory.Bytes.Length + bytes.Length <= MostInMemory)
        {
            if (!_memory.TryReserve((int)(_memory.Bytes.Length + bytes.Length)))
            {
                return IntakeRefusals.Busy();
            }

            _memory.Append(bytes);
            return null;
        }

        if (_file is null)
        {
            _file = spool.Open();
            if (!await _file.TryAppendAsync(new ReadOnlySequence<byte>(_memory.Bytes), cancellationToken))
            {
                return IntakeRefusals.SpoolFull();
            }

            _memory.Dispose();
        }

        return await _file.TryAppendAsync(bytes, cancellationToken) ? null : IntakeRefusals.SpoolFull();
    }

    public async Task CopyToAsync(Stream destination, long start, long end, CancellationToken cancellationToken)
    {
        if (_file is not { } file)
        {
            await destination.WriteAsync(_memory.Bytes[(int)start..(int)end], cancellationToken);
            return;
        }

        var buffer = pool.Rent((int)Math.Min(ReadSize, Math.Max(1, end - start)));
        try
        {
            while (start < end)
            {
                var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - start)), start, cancellationToken);
                if (read == 0)
                {
                    throw new InvalidOperationException("The spooled body is shorter than what was written to it.");
                }

                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                start += read;
            }
        }
        finally
        {
            pool.Return(buffer);
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _file?.Dispose();
    }
}
