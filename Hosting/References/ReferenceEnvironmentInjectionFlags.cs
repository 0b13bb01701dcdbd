namespace Aspire.Hosting.ApplicationModel;

/// <summary>Which variables <c>WithReference</c> gives to a resource.</summary>
[Flags]
public enum ReferenceEnvironmentInjectionFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>ConnectionStrings__{name}</c>.</summary>
    ConnectionString = 1,

    /// <summary><c>{NAME}_HOST</c>, <c>{NAME}_PORT</c>…</summary>
    ConnectionProperties = 2,

    /// <summary><c>services__{name}__{scheme}__{n}</c>.</summary>
    ServiceDiscovery = 4,

    /// <summary><c>{NAME}_{ENDPOINT}</c>.</summary>
    Endpoints = 8,

    /// <summary>All of them: the default.</summary>
    All = ConnectionString | ConnectionProperties | ServiceDiscovery | Endpoints,
}

internal sealed record ReferenceEnvironmentAnnotation(ReferenceEnvironmentInjectionFlags Flags) : IResourceAnnotation;
