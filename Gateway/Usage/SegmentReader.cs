using Microsoft.Win32.SafeHandles;

namespace Orrery.Gateway.Usage;

/// <summary>
/// A segment's events, some hundreds at a time, in one rented buffer: what is between two of them there is a comma, so that any run of them is the inside of a
/// JSON array as it stands.
/// </summary>
internal sealed class SegmentReader(string path, BufferPool pool) : IDisposable
{
    /// <summary>Some 400 events.</summary>
    private const int FirstLength = 128 << 10;
    private readonly SafeFileHandle _file = File.OpenHandle(path, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
    private readonly List<(int Start, int End)> _lines = [];
    private byte[] _buffer = pool.Rent(FirstLength);
    private int _next;
    private int _filled;
    private long _offset;
    private bool _isAtEnd;

    /// <summary>Events of the last piece.</summary>
    public int Count => _lines.Count;

    /// <summary>Lines so far that ended as they should and still were none, as a crash may leave them. A torn last line is none and not counted.</summary>
    public int Skipped { get; private set; }

    /// <summary>Goes on to the next piece.</summary>
    /// <param name="most">Events that it may hold.</param>
    /// <returns><c>false</c> at the end.</returns>
    public async ValueTask<bool> ReadAsync(int most, CancellationToken cancellationToken)
    {
        _lines.Clear();
        while (true)
        {
            await FillAsync(cancellationToken);
            Split(most);
            if (_lines.Count > 0)
            {
                return true;
            }

            if (_isAtEnd)
            {
                return false;
            }
        }
    }

    /// <summary>Events of the last piece with commas between them; good until the next is read.</summary>
    public ReadOnlyMemory<byte> Events(int start, int count) => _buffer.AsMemory(_lines[start].Start.._lines[start + count - 1].End);

    public void Dispose()
    {
        _file.Dispose();
        pool.Return(_buffer);
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_next.._filled).CopyTo(_buffer);
        (_next, _filled) = (0, _filled - _next);
        if (_filled == _buffer.Length)
        {
            _buffer = pool.Grow(_buffer, _filled, _filled + 1); // Longer than any event.
        }

        while (!_isAtEnd && _filled < _buffer.Length)
        {
            var read = await RandomAccess.ReadAsync(_file, _buffer.AsMemory(_filled), _offset, cancellationToken);
            _isAtEnd = read == 0;
            _filled += read;
            _offset += read;
        }
    }

    private void Split(int most)
    {
        var separator = -1;
        while (_lines.Count < most && _buffer.AsSpan(_next.._filled).IndexOf((byte)'\n') is var length and >= 0)
        {
            var (start, end) = (_next, _next + length);
            _next = end + 1;
            if (!IsWhole(_buffer.AsSpan(start..end)))
            {
                _buffer.AsSpan(start..end).Fill((byte)' ');
                Skipped++;
                continue;
            }

            if (separator >= 0)
            {
                _buffer[separator] = (byte)',';
            }

            separator = end;
            _lines.Add((start, end));
        }
    }

    /// <summary>Whether a crash has left the line whole. What is whole and still no event is the Catalogue's to refuse, and is set aside then.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> line) => line is [(byte)'{', .., (byte)'}'] && !line.Contains((byte)0);
}
