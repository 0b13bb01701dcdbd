using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The logs of resources: what they write, and what the host has to say of them. The last 10,000 lines of each are kept.</summary>
public class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, LogBuffer> _buffers = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _time;

    /// <summary>Empty logs.</summary>
    public ResourceLoggerService()
        : this(TimeProvider.System)
    {
    }

    internal ResourceLoggerService(TimeProvider time) => _time = time;

    /// <summary>Raised for each line, before it can be read.</summary>
    internal event Action<string, string, bool>? LineWritten;

    /// <summary>Writes to the log of a resource.</summary>
    public ILogger GetLogger(IResource resource) => GetLogger(resource.Name);

    /// <summary>Writes to the log of a resource, or of one of its copies.</summary>
    public ILogger GetLogger(string resourceName) => new Writer(this, resourceName);

    /// <summary>The lines so far, then each new one, until the resource is <see cref="Complete(IResource)"/>.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(IResource resource) => WatchAsync(resource.Name);

    /// <inheritdoc cref="WatchAsync(IResource)"/>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName) => FollowAsync(resourceName);

    /// <summary>The lines so far.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(IResource resource) => GetAllAsync(resource.Name);

    /// <inheritdoc cref="GetAllAsync(IResource)"/>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName)
    {
        await Task.CompletedTask;
        yield return Buffer(resourceName).Snapshot();
    }

    /// <summary>Ends the watches of a resource.</summary>
    public void Complete(IResource resource) => Complete(resource.Name);

    /// <inheritdoc cref="Complete(IResource)"/>
    public void Complete(string name) => Buffer(name).Complete();

    /// <summary>Forgets the lines so far.</summary>
    public void ClearBacklog(string resourceName) => Buffer(resourceName).Clear();

    /// <summary>Ends every watch.</summary>
    public void Dispose()
    {
        foreach (var buffer in _buffers.Values)
        {
            buffer.Complete();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Adds a line to a copy's log and, when it is one of several, to the resource's as well.</summary>
    internal void Add(IResource resource, string instance, string line, bool isError)
    {
        Add(instance, line, isError);
        if (!string.Equals(instance, resource.Name, StringComparison.OrdinalIgnoreCase))
        {
            Add(resource.Name, $"[{instance}] {line}", isError);
        }
    }

    internal void Add(string name, string line, bool isError)
    {
        var stamp = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Buffer(name).Add($"{stamp} {line}", isError);
        LineWritten?.Invoke(name, line, isError);
    }

    internal LogLine[] Last(string name, int count) => Buffer(name).Snapshot().TakeLast(count).ToArray();

    internal async IAsyncEnumerable<IReadOnlyList<LogLine>> FollowAsync(
        string name,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var buffer = Buffer(name);
        var follower = buffer.Follow();
        try
        {
            while (await follower.Reader.WaitToReadAsync(cancellationToken))
            {
                var lines = new List<LogLine>();
                while (lines.Count < 1000 && follower.Reader.TryRead(out var line))
                {
                    lines.Add(line);
                }

                yield return lines;
            }
        }
        finally
        {
            buffer.Leave(follower);
        }
    }

    private LogBuffer Buffer(string name) => _buffers.GetOrAdd(name, _ => new LogBuffer());

    private sealed class Writer(ResourceLoggerService service, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            service.Add(name, formatter(state, exception), logLevel >= LogLevel.Error);
            if (exception is not null)
            {
                service.Add(name, exception.Message, isError: true);
            }
        }
    }
}
