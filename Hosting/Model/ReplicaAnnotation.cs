namespace Aspire.Hosting.ApplicationModel;

/// <summary>How many copies of a project run.</summary>
/// <param name="replicas">At least 1.</param>
public sealed class ReplicaAnnotation(int replicas = 1) : IResourceAnnotation
{
    /// <summary>How many copies run.</summary>
    public int Replicas { get; } = replicas;
}
