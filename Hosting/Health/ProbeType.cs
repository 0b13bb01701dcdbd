using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a probe's answer decides where the resource is published to.</summary>
[Experimental("ASPIREPROBES001", UrlFormat = "https://aka.ms/aspire/diagnostics/{0}")]
public enum ProbeType
{
    /// <summary>Whether it has started; the other probes wait for it.</summary>
    Startup,

    /// <summary>Whether it gets traffic.</summary>
    Readiness,

    /// <summary>Whether it is restarted.</summary>
    Liveness,
}

/// <summary>A probe of an endpoint; times in seconds.</summary>
internal sealed record EndpointProbeAnnotation(
    ProbeType Type,
    EndpointReference Endpoint,
    string Path,
    int InitialDelaySeconds,
    int PeriodSeconds,
    int TimeoutSeconds,
    int FailureThreshold,
    int SuccessThreshold) : IResourceAnnotation;
