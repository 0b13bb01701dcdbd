namespace Orrery.AppHost;

/// <summary>Which maker's GPUs.</summary>
internal enum GpuKind
{
    Nvidia,
    Amd,
}

/// <summary>How many GPUs a resource needs; read again when the graph is published to Kubernetes.</summary>
internal sealed record GpuAnnotation(int Count, GpuKind Kind) : IResourceAnnotation;

internal static class GpuExtensions
{
    /// <summary>
    /// Gives a container GPUs. Aspire's API has no member for it, so this stands on public ones: container runtime arguments when
    /// run (the Container Device Interface's names, which podman and docker 25 and later both take), an annotation for publishing.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="count">0 leaves the container on the CPU.</param>
    /// <param name="kind">Whose GPUs.</param>
    public static IResourceBuilder<T> WithGpu<T>(this IResourceBuilder<T> container, int count = 1, GpuKind kind = GpuKind.Nvidia)
        where T : ContainerResource
    {
        if (count == 0)
        {
            return container;
        }

        container.WithAnnotation(new GpuAnnotation(count, kind), ResourceAnnotationMutationBehavior.Replace);
        return kind switch
        {
            GpuKind.Nvidia => container.WithContainerRuntimeArgs([.. Enumerable.Range(0, count).SelectMany(i => new[] { "--device", $"nvidia.com/gpu={i}" })]),
            _ => container.WithContainerRuntimeArgs("--device", "/dev/kfd", "--device", "/dev/dri"),
        };
    }
}
