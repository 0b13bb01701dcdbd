namespace Orrery.Contracts;

/// <summary>How it is seen that a server lives and answers. Sized to the model where absent.</summary>
public sealed record ProbeSpec
{
    /// <summary>What is asked; 200 means yes. The server's own (<c>/health</c>) where absent.</summary>
    public string? Path { get; init; }

    /// <summary>How long the first start may take, weights included.</summary>
    public Duration? StartWithin { get; init; }

    /// <summary>How often it is asked. Default 10s.</summary>
    public Duration? Interval { get; init; }

    /// <summary>How long an answer may take. Default 5s.</summary>
    public Duration? Timeout { get; init; }

    /// <summary>Failures one after the other after which a replica that served counts as unready; Kubernetes restarts it then, containers after twice as many. Default 6.</summary>
    public int? Failures { get; init; }

    internal void Validate(FieldErrors errors)
    {
        // The gateway asks for it too, as a provider's health check.
        if (Path is not null && (!HealthCheckSpec.IsPath(Path) || Path.Length > 512))
        {
            errors.Add("spec.probes.path", Path, HealthCheckSpec.PathExpectation);
        }

        foreach (var (path, value) in new[] { ("startWithin", StartWithin), ("interval", Interval), ("timeout", Timeout) })
        {
            if (value is { } duration && (duration.Value < TimeSpan.FromSeconds(1) || duration.Value > TimeSpan.FromDays(1)))
            {
                errors.Add($"spec.probes.{path}", $"{duration}", "1s to 1d");
            }
        }

        if (Failures is < 1 or > 1_000)
        {
            errors.Add("spec.probes.failures", $"{Failures}", "1 to 1000");
        }
    }
}
