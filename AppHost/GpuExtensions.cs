namespace Orrery.AppHost;

/// <summary>Which maker's GPUs.</summary>
internal enum GpuKind
{
    Nvidia,
    Amd,
}

internal static class GpuExtensions
{
    /// <summary>
    /// Gives a container GPUs. Aspire's API has no member for it, so this stands on public ones: container runtime arguments when
    /// run (the Container Device Interface's names, which podman and docker 25 and later both take); when published to Kubernetes the
    /// device plugin's resource, its toleration, and shared memory that is larger than a container's 64 MB.
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

        var device = kind == GpuKind.Nvidia ? "nvidia.com/gpu" : "amd.com/gpu";
        container.WithAnnotation(new GpuAnnotation(count, kind)).WithScratch("shared-memory", "/dev/shm", inMemory: true, sizeLimit: "8Gi").PublishAsKubernetesService(objects =>
        {
            (objects.Container().Resources ??= new()).Limits[device] = FormattableString.Invariant($"{count}");
            objects.Workload!.PodTemplate.Spec.Tolerations.Add(new() { Key = device, Operator = "Exists", Effect = "NoSchedule" });
        });
        return kind switch
        {
            GpuKind.Nvidia => container.WithContainerRuntimeArgs([.. Enumerable.Range(0, count).SelectMany(i => new[] { "--device", $"nvidia.com/gpu={i}" })]),
            _ => container.WithContainerRuntimeArgs("--device", "/dev/kfd", "--device", "/dev/dri"),
        };
    }
}
