using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes <c>bindMounts</c> and <c>volumes</c>.</summary>
internal static class ManifestMounts
{
    public static void Write(ManifestPublishingContext context, ContainerResource container)
    {
        var mounts = container.Annotations.OfType<ContainerMountAnnotation>().ToLookup(mount => mount.Type);
        WriteAll(context, "bindMounts", mounts[ContainerMountType.BindMount], mount =>
            context.Writer.WriteString("source", context.GetManifestRelativePath(mount.Source)));
        WriteAll(context, "volumes", mounts[ContainerMountType.Volume], mount =>
        {
            if (mount.Source is null)
            {
                context.Report($"Container '{container.Name}' mounts a volume without a name at {mount.Target}; in a manifest it needs one: "
                    + $"WithVolume(\"{container.Name}-data\", \"{mount.Target}\").");
            }

            context.Writer.WriteString("name", mount.Source);
        });
    }

    private static void WriteAll(
        ManifestPublishingContext context, string name, IEnumerable<ContainerMountAnnotation> mounts, Action<ContainerMountAnnotation> writeSource)
    {
        if (!mounts.Any())
        {
            return;
        }

        context.Writer.WriteStartArray(name);
        foreach (var mount in mounts)
        {
            context.Writer.WriteStartObject();
            writeSource(mount);
            context.Writer.WriteString("target", mount.Target);
            context.Writer.WriteBoolean("readOnly", mount.IsReadOnly);
            context.Writer.WriteEndObject();
        }

        context.Writer.WriteEndArray();
    }
}
