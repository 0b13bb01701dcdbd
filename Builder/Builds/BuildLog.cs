using Orrery.Contracts;

namespace Orrery.Builder.Builds;

/// <summary>Keeps what a build's tool writes: without secrets, in batches, and no more than its share.</summary>
/// <remarks>
/// The beginning is kept up to half of the share. Then lines wait in a window of the other half that goes on, and what falls out of it is counted:
/// how a build began and how it ended is told however much it wrote in between. While it runs, those who follow it see every line of the beginning.
/// </remarks>
internal sealed class BuildLog
{
    private const int LongestLine = 4_000;
    private const int Batch = 500;

    private readonly BuildStore _store;
    private readonly Guid _build;
    private readonly TimeProvider _time;
    private readonly long _half;
    private readonly Lock _lock = new();
    private readonly List<BuildLine> _waiting = [];
    private readonly Queue<BuildLine> _window = new();
    private IReadOnlyList<string> _secrets = [];
    private long _number;
    private long _kept;
    private long _inWindow;
    private long _dropped;

    /// <param name="last">The last line of the attempts before.</param>
    public BuildLog(BuildStore store, Guid build, long last, int megabytes, TimeProvider time)
    {
        (_store, _build, _time, _number) = (store, build, time, last);
        _half = (long)megabytes * 1_000_000 / 2;
    }

    /// <summary>Texts that no line may hold from now on.</summary>
    public void Hide(IEnumerable<string> secrets) => _secrets = [.. secrets.Where(secret => secret.Length >= 4).Distinct().OrderByDescending(secret => secret.Length)];

    public void Write(string text)
    {
        foreach (var secret in _secrets)
        {
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        }

        text = text.Replace("\0", "", StringComparison.Ordinal).Cut(LongestLine, "…");
        lock (_lock)
        {
            var line = new BuildLine(++_number, _time.GetUtcNow(), text);
            if (_kept < _half)
            {
                _kept += text.Length + 1;
                _waiting.Add(line);
                return;
            }

            _window.Enqueue(line);
            _inWindow += text.Length + 1;
            while (_inWindow > _half)
            {
                _inWindow -= _window.Dequeue().Text.Length + 1;
                _dropped++;
            }
        }
    }

    /// <summary>Stores the rest, the window included.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_dropped > 0)
            {
                _waiting.Add(new BuildLine(_window.Peek().Number - 1, _time.GetUtcNow(), $"… {_dropped} lines are left out here …"));
                _dropped = 0;
            }

            _waiting.AddRange(_window);
            _window.Clear();
        }

        await FlushAsync(cancellationToken);
    }

    /// <summary>Stores what waits.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            List<BuildLine> lines;
            lock (_lock)
            {
                lines = [.. _waiting.Take(Batch)];
            }

            if (lines.Count == 0)
            {
                return;
            }

            await _store.WriteAsync(_build, lines, cancellationToken);
            lock (_lock)
            {
                _waiting.RemoveRange(0, lines.Count);
            }
        }
    }
}
