namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>A question that the kubelet asks a container again and again.</summary>
public sealed class ProbeV1
{
    /// <summary>Passes when the command ends with 0.</summary>
    public ExecActionV1? Exec { get; set; }

    /// <summary>Passes when the answer is 200 to 399.</summary>
    public HttpGetActionV1? HttpGet { get; set; }

    /// <summary>Before the first question.</summary>
    public int? InitialDelaySeconds { get; set; }

    /// <summary>Between two questions.</summary>
    public int? PeriodSeconds { get; set; }

    /// <summary>How long an answer may take.</summary>
    public int? TimeoutSeconds { get; set; }

    /// <summary>How many failures in a row count.</summary>
    public int? FailureThreshold { get; set; }

    /// <summary>How many passes in a row count; 1 for liveness and startup.</summary>
    public int? SuccessThreshold { get; set; }
}

/// <summary>Asks by a command inside the container.</summary>
public sealed class ExecActionV1
{
    /// <summary>The command.</summary>
    public List<string> Command { get; } = [];
}

/// <summary>Asks by HTTP.</summary>
public sealed class HttpGetActionV1
{
    /// <summary>The path.</summary>
    public string Path { get; set; } = null!;

    /// <summary>The port, or its name.</summary>
    public Int32OrStringV1? Port { get; set; }

    /// <summary><c>HTTP</c> or <c>HTTPS</c>: in capitals, or the API server refuses it.</summary>
    public string Scheme { get; set; } = null!;
}
