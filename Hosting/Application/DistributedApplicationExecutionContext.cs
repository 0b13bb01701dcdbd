namespace Aspire.Hosting;

/// <summary>What is done with the graph.</summary>
public enum DistributedApplicationOperation
{
    /// <summary>It runs on this machine.</summary>
    Run,

    /// <summary>It is written out for another one.</summary>
    Publish,
}

/// <summary>Tells callbacks what is done with the graph.</summary>
/// <param name="operation">Run or publish.</param>
/// <param name="publisherName">Who publishes it; empty when it runs.</param>
public class DistributedApplicationExecutionContext(DistributedApplicationOperation operation, string publisherName)
{
    private IServiceProvider? _services;

    /// <summary>A context without a publisher.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation)
        : this(operation, operation == DistributedApplicationOperation.Publish ? "manifest" : "")
    {
    }

    /// <summary>Run or publish.</summary>
    public DistributedApplicationOperation Operation { get; } = operation;

    /// <summary>Who publishes the graph; empty when it runs.</summary>
    public string PublisherName { get; set; } = publisherName;

    /// <summary>Whether the graph is written out.</summary>
    public bool IsPublishMode => Operation == DistributedApplicationOperation.Publish;

    /// <summary>Whether the graph runs.</summary>
    public bool IsRunMode => Operation == DistributedApplicationOperation.Run;

    /// <summary>The services of the built application.</summary>
    /// <exception cref="InvalidOperationException">The application has not been built yet.</exception>
    public IServiceProvider Services
    {
        get => _services ?? throw new InvalidOperationException("The services exist only after the application has been built.");
        internal set => _services = value;
    }
}
