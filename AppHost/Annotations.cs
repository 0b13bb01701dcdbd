namespace Orrery.AppHost;

/// <summary>GPUs that each copy of a container has.</summary>
internal sealed record GpuAnnotation(int Count, GpuKind Kind) : IResourceAnnotation;

/// <summary>It stands in for something real.</summary>
internal sealed record SimulatedAnnotation : IResourceAnnotation;
