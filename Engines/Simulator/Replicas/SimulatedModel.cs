using Orrery.Simulator.Text;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Replicas;

/// <summary>A served model and the engine that serves it.</summary>
/// <param name="Root">What it was loaded from.</param>
/// <param name="Parent">Of an adapter: the model on which it lies, and whose engine it shares.</param>
internal sealed record SimulatedModel(string Id, string Type, int ContextWindow, int Dimensions, Scheduler Scheduler, string Root, string? Parent = null)
{
    /// <summary>Keeps an adapter's prefixes apart from its model's, as vLLM does: the same tokens have other keys and values there.</summary>
    public ulong CacheSalt => Parent is null ? 0 : StableHash.Add(0, Id);

    public bool IsEmbedding => Type == "embedding";

    public bool SeesImages => Type == "multimodal";
}
