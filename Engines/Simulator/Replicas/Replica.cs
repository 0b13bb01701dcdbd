using System.Diagnostics.CodeAnalysis;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Replicas;

/// <summary>One simulated server: its models, each with an engine of its own, and since when it is up.</summary>
internal sealed class Replica : IDisposable
{
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _readyAt;

    public Replica(string name, IEnumerable<SimulatedModelOptions> models, IReadOnlyDictionary<string, string> labels, SimulatorOptions options, TimeProvider time)
    {
        Name = name;
        Labels = labels;
        _time = time;
        StartedAt = time.GetUtcNow();
        var profiles = models.Select(model => (Model: model, Profile: options.ProfileOf(model))).ToList();
        _readyAt = StartedAt + profiles.Max(model => model.Profile.StartupDelay);
        Engines = [.. profiles.Select(model => new SimulatedModel(
            model.Model.Id, model.Model.Type, model.Model.ContextWindow, model.Model.Dimensions, new Scheduler(model.Profile, time), model.Model.Root ?? model.Model.Id))];
        Models = [.. Engines, .. profiles.Zip(Engines).SelectMany(pair => pair.First.Model.Adapters.Select(adapter => AdapterOf(pair.Second, adapter)))];
    }

    /// <summary>Empty for the one at the root, else the part of the path behind <c>/replicas/</c>.</summary>
    public string Name { get; }

    /// <summary>What who added it wants to know of it again.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>The models that have an engine of their own.</summary>
    public IReadOnlyList<SimulatedModel> Engines { get; }

    /// <summary>All that can be asked: those with an engine, then their adapters.</summary>
    public IReadOnlyList<SimulatedModel> Models { get; }

    /// <summary>Time left until the engine answers; zero when it does.</summary>
    public TimeSpan Unready => _readyAt > _time.GetUtcNow() ? _readyAt - _time.GetUtcNow() : TimeSpan.Zero;

    public bool TryFind(string id, [NotNullWhen(true)] out SimulatedModel? model)
    {
        model = Models.FirstOrDefault(model => model.Id == id);
        return model is not null;
    }

    public void Dispose()
    {
        foreach (var model in Engines)
        {
            model.Scheduler.Dispose();
        }
    }

    private static SimulatedModel AdapterOf(SimulatedModel model, SimulatedAdapterOptions adapter) =>
        model with { Id = adapter.Id, Root = adapter.Path ?? adapter.Id, Parent = model.Id };
}
