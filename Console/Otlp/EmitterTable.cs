using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>One object for each process that sends, so that what it sends can be compared by reference. Bounded: those not heard of for longest are forgotten.</summary>
internal sealed class EmitterTable(int limit = 4096)
{
    private const string UnknownService = "unknown_service";

    private readonly Lock _lock = new();
    private readonly Dictionary<Emitter, Entry> _emitters = new(new SameContent());
    private long _uses;

    private sealed class Entry(Emitter emitter)
    {
        public Emitter Emitter => emitter;

        public long LastUse { get; set; }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _emitters.Count;
            }
        }
    }

    /// <param name="tags">All that the process says of itself, sorted by key.</param>
    public Emitter Get(Tag[] tags)
    {
        var service = tags.Find("service.name") is { Length: > 0 } name ? name : UnknownService;
        var instance = tags.Find("service.instance.id") is { Length: > 0 } id ? id : service;
        var emitter = new Emitter(service, instance, [.. tags.Where(tag => tag.Key is not ("service.name" or "service.instance.id"))]);
        lock (_lock)
        {
            if (!_emitters.TryGetValue(emitter, out var entry))
            {
                if (_emitters.Count >= limit)
                {
                    ForgetOlderHalf_NeedsLock();
                }

                entry = new(emitter);
                _emitters.Add(emitter, entry);
            }

            entry.LastUse = ++_uses;
            return entry.Emitter;
        }
    }

    private void ForgetOlderHalf_NeedsLock()
    {
        foreach (var old in _emitters.Values.OrderBy(entry => entry.LastUse).Take((limit + 1) / 2).ToList())
        {
            _emitters.Remove(old.Emitter);
        }
    }

    private sealed class SameContent : IEqualityComparer<Emitter>
    {
        public bool Equals(Emitter? left, Emitter? right) =>
            left!.Service == right!.Service && left.Instance == right.Instance && left.Tags.AsSpan().SequenceEqual(right.Tags);

        public int GetHashCode(Emitter emitter)
        {
            var hash = new HashCode();
            hash.Add(emitter.Service);
            hash.Add(emitter.Instance);
            foreach (var tag in emitter.Tags)
            {
                hash.Add(tag); // All of them: whoever sends could make them all collide otherwise.
            }

            return hash.ToHashCode();
        }
    }
}
