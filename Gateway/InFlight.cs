using System.Diagnostics.Metrics;
using Attributes = Orrery.ServiceDefaults.GenAiNames.Attributes;

namespace Orrery.Gateway;

/// <summary>Attempts under way for one model at one provider. Read when somebody collects, so that counting costs two interlocked additions.</summary>
internal sealed class InFlight(string model, string provider)
{
    private readonly KeyValuePair<string, object?>[] _tags = [new(Attributes.RequestModel, model), new("orrery.provider", provider)];
    private long _count;

    public void Begin() => Interlocked.Increment(ref _count);

    public void End() => Interlocked.Decrement(ref _count);

    public Measurement<long> Measure() => new(Interlocked.Read(ref _count), _tags);
}
