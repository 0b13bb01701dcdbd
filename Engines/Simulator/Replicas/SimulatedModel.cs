using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Replicas;

/// <summary>A served model and the engine that serves it.</summary>
internal sealed record SimulatedModel(string Id, string Type, int ContextWindow, int Dimensions, Scheduler Scheduler)
{
    public bool IsEmbedding => Type == "embedding";

    public bool SeesImages => Type == "multimodal";
}
