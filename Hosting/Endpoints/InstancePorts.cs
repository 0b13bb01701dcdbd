namespace Aspire.Hosting.ApplicationModel;

/// <summary>One copy of a resource and the ports on which it listens.</summary>
internal sealed class InstancePorts(string instance, IReadOnlyDictionary<EndpointAnnotation, int> targets)
{
    /// <summary>The copy's name.</summary>
    public string Instance { get; } = instance;

    public int? TargetOf(EndpointAnnotation endpoint) => targets.TryGetValue(endpoint, out var port) ? port : null;
}
