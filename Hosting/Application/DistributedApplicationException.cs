namespace Aspire.Hosting;

/// <summary>The graph is wrong, or a part of it cannot run. The message says which part and what to do.</summary>
public class DistributedApplicationException : Exception
{
    /// <summary>An error without a message.</summary>
    public DistributedApplicationException()
    {
    }

    /// <summary>An error.</summary>
    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    /// <summary>An error and its cause.</summary>
    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
