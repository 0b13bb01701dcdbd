namespace Aspire.Hosting.ApplicationModel;

/// <summary>Ties a health check of the host to a resource.</summary>
/// <param name="key">The name under which the check is registered (<c>builder.Services.AddHealthChecks()</c>).</param>
public class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    /// <summary>The name under which the check is registered.</summary>
    public string Key { get; } = key;
}
