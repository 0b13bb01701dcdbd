namespace Orrery.Gateway.Routing;

/// <summary>Whether requests are sent to an endpoint, from best to worst.</summary>
internal enum EndpointState
{
    InService,

    /// <summary>Its ejection is over: one request may go there, and decides.</summary>
    Probing,

    /// <summary>Requests failed: it gets none for a while.</summary>
    Ejected,

    /// <summary>Its engine asked for a pause (429).</summary>
    Cooling,

    /// <summary>Its health checks fail: it gets none until one succeeds.</summary>
    Down,
}

internal static class EndpointStates
{
    /// <summary>As instruments and explanations name it.</summary>
    public static string Text(this EndpointState state) => state switch
    {
        EndpointState.InService => "in_service",
        EndpointState.Probing => "probing",
        EndpointState.Ejected => "ejected",
        EndpointState.Cooling => "cooling",
        _ => "down",
    };
}
