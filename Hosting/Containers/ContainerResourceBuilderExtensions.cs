using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Adds containers.</summary>
public static class ContainerResourceBuilderExtensions
{
    /// <summary>Adds a container of an image (<c>registry/image:tag</c>, <c>image@sha256:…</c>).</summary>
    public static IResourceBuilder<ContainerResource> AddContainer(this IDistributedApplicationBuilder builder, string name, string image) =>
        builder.AddResource(new ContainerResource(name)).WithImage(image);

    /// <summary>Adds a container of an image with a tag.</summary>
    public static IResourceBuilder<ContainerResource> AddContainer(this IDistributedApplicationBuilder builder, string name, string image, string tag) =>
        builder.AddResource(new ContainerResource(name)).WithImage(image, tag);

    /// <summary>Runs another image.</summary>
    /// <param name="builder">The container.</param>
    /// <param name="image">The image, which may hold a tag or a digest itself.</param>
    /// <param name="tag">The tag. Default: the image's own, else <c>latest</c>.</param>
    public static IResourceBuilder<T> WithImage<T>(this IResourceBuilder<T> builder, string image, string? tag = null)
        where T : ContainerResource
    {
        var parsed = ImageName.Parse(image);
        if (tag is not null && parsed.SHA256 is not null)
        {
            throw new InvalidOperationException($"Image '{image}' has a digest: it cannot be given the tag '{tag}' as well.");
        }

        if (!builder.Resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var annotation))
        {
            annotation = new ContainerImageAnnotation { Image = parsed.Image };
            builder.WithAnnotation(annotation);
        }

        annotation.Registry = parsed.Registry ?? Registry(builder) ?? annotation.Registry;
        annotation.Image = parsed.Image;
        annotation.SHA256 = parsed.SHA256;
        annotation.Tag = parsed.SHA256 is null ? tag ?? parsed.Tag ?? "latest" : null;
        return builder;
    }

    /// <summary>Runs another tag of the image.</summary>
    public static IResourceBuilder<T> WithImageTag<T>(this IResourceBuilder<T> builder, string tag)
        where T : ContainerResource => builder.ChangeImage(image => (image.Tag, image.SHA256) = (tag, null));

    /// <summary>Runs the image of this digest (without <c>sha256:</c>).</summary>
    public static IResourceBuilder<T> WithImageSHA256<T>(this IResourceBuilder<T> builder, string sha256)
        where T : ContainerResource => builder.ChangeImage(image => (image.Tag, image.SHA256) = (null, sha256));

    /// <summary>Takes the image from another registry; null: the container tool's default.</summary>
    public static IResourceBuilder<T> WithImageRegistry<T>(this IResourceBuilder<T> builder, string? registry)
        where T : ContainerResource => builder.ChangeImage(image => image.Registry = Registry(builder) ?? registry);

    /// <summary>Says when the image is fetched.</summary>
    public static IResourceBuilder<T> WithImagePullPolicy<T>(this IResourceBuilder<T> builder, ImagePullPolicy pullPolicy)
        where T : ContainerResource => builder.WithAnnotation(
            new ContainerImagePullPolicyAnnotation { ImagePullPolicy = pullPolicy },
            ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Runs another program than the image's own.</summary>
    public static IResourceBuilder<T> WithEntrypoint<T>(this IResourceBuilder<T> builder, string entrypoint)
        where T : ContainerResource
    {
        builder.Resource.Entrypoint = entrypoint;
        return builder;
    }

    /// <summary>Names the container. Default: the resource's name and the run's.</summary>
    public static IResourceBuilder<T> WithContainerName<T>(this IResourceBuilder<T> builder, string name)
        where T : ContainerResource =>
        builder.WithAnnotation(new ContainerNameAnnotation { Name = name }, ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Says how long the container lives.</summary>
    /// <exception cref="NotSupportedException">Longer than the run: the bundled host leaves nothing behind.</exception>
    public static IResourceBuilder<T> WithLifetime<T>(this IResourceBuilder<T> builder, ContainerLifetime lifetime)
        where T : ContainerResource => lifetime == ContainerLifetime.Session
        ? builder
        : throw new NotSupportedException($"Container '{builder.Resource.Name}': the bundled host keeps containers no longer than the run. Keep its data in a volume.");

    /// <summary>Mounts a volume; its data outlives the run.</summary>
    public static IResourceBuilder<T> WithVolume<T>(this IResourceBuilder<T> builder, string? name, string target, bool isReadOnly = false)
        where T : ContainerResource => builder.WithAnnotation(new ContainerMountAnnotation(name, target, ContainerMountType.Volume, isReadOnly));

    /// <summary>Mounts an anonymous volume; its data ends with the run.</summary>
    public static IResourceBuilder<T> WithVolume<T>(this IResourceBuilder<T> builder, string target)
        where T : ContainerResource => builder.WithVolume(null, target);

    /// <summary>Mounts a folder or file of this machine; <paramref name="source"/> is relative to the AppHost.</summary>
    public static IResourceBuilder<T> WithBindMount<T>(this IResourceBuilder<T> builder, string source, string target, bool isReadOnly = false)
        where T : ContainerResource => builder.WithAnnotation(new ContainerMountAnnotation(
            Path.GetFullPath(source, builder.ApplicationBuilder.AppHostDirectory), target, ContainerMountType.BindMount, isReadOnly));

    /// <summary>Adds arguments for the container tool, in front of the image.</summary>
    public static IResourceBuilder<T> WithContainerRuntimeArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : ContainerResource => builder.WithContainerRuntimeArgs(context =>
    {
        foreach (var arg in args)
        {
            context.Args.Add(arg);
        }
    });

    /// <inheritdoc cref="WithContainerRuntimeArgs{T}(IResourceBuilder{T}, string[])"/>
    public static IResourceBuilder<T> WithContainerRuntimeArgs<T>(this IResourceBuilder<T> builder, Action<ContainerRuntimeArgsCallbackContext> callback)
        where T : ContainerResource => builder.WithContainerRuntimeArgs(context =>
    {
        callback(context);
        return Task.CompletedTask;
    });

    /// <inheritdoc cref="WithContainerRuntimeArgs{T}(IResourceBuilder{T}, string[])"/>
    public static IResourceBuilder<T> WithContainerRuntimeArgs<T>(this IResourceBuilder<T> builder, Func<ContainerRuntimeArgsCallbackContext, Task> callback)
        where T : ContainerResource => builder.WithAnnotation(new ContainerRuntimeArgsCallbackAnnotation(callback));

    private static IResourceBuilder<T> ChangeImage<T>(this IResourceBuilder<T> builder, Action<ContainerImageAnnotation> change)
        where T : ContainerResource
    {
        if (!builder.Resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var image))
        {
            throw new InvalidOperationException($"Container '{builder.Resource.Name}' has no image yet: call WithImage first.");
        }

        change(image);
        return builder;
    }

    private static string? Registry(IResourceBuilder<IResource> builder) =>
        (builder.ApplicationBuilder as DistributedApplicationBuilder)?.Options.ContainerRegistryOverride;
}
