namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something whose value is known only when the graph runs.</summary>
public interface IValueProvider
{
    /// <summary>The value, once it is known; null when there is none.</summary>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);

    /// <summary>The value as <see cref="ValueProviderContext.Caller"/> sees it: a container reaches an endpoint by another address than a process.</summary>
    ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) => GetValueAsync(cancellationToken);
}

/// <summary>Something that a manifest names instead of writing out its value.</summary>
public interface IManifestExpressionProvider
{
    /// <summary>The placeholder, as <c>{redis.bindings.tcp.host}</c>.</summary>
    string ValueExpression { get; }
}

/// <summary>A value with a placeholder: what may stand in an environment variable or an argument.</summary>
public interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

/// <summary>A value made of others.</summary>
public interface IValueWithReferences
{
    /// <summary>What the value is made of: resources, endpoints, parameters.</summary>
    IEnumerable<object> References { get; }
}

/// <summary>For whom a value is resolved.</summary>
public class ValueProviderContext
{
    /// <summary>Run or publish; null when it does not matter.</summary>
    public DistributedApplicationExecutionContext? ExecutionContext { get; init; }

    /// <summary>The resource that is given the value; null for the host itself.</summary>
    public IResource? Caller { get; init; }

    /// <summary>The copy of <see cref="Caller"/> that is given the value, which listens on ports of its own.</summary>
    internal InstancePorts? Ports { get; init; }

    /// <summary>How <see cref="Caller"/> calls this machine, when it is a container.</summary>
    internal string HostName { get; init; } = ContainerNetwork.DockerHost;
}
