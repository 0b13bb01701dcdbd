namespace Orrery.Contracts;

/// <summary>How a provider's servers are asked whether they live, apart from the traffic.</summary>
public sealed record HealthCheckSpec
{
    public const string DefaultPath = "/health";
    public const int DefaultFailureThreshold = 3;
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    internal const string PathExpectation = "a path such as /health: it begins with one '/', and has no query, no fragment and no '..'";

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(24);

    /// <summary>Whether they are asked at all. Default: true for self_hosted, else false.</summary>
    public bool? Enabled { get; init; }

    /// <summary>What is asked for: a path below the base URL without its <c>/v1</c>. Default /health.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The same as <see cref="Endpoint"/>.</summary>
    public string? Path { get; init; }

    /// <summary>Between two checks of a server. Default 60s.</summary>
    public Duration? Interval { get; init; }

    /// <summary>The same as <see cref="Interval"/>, in seconds.</summary>
    public int? IntervalSeconds { get; init; }

    /// <summary>Until an answer counts as none. Default 5s.</summary>
    public Duration? Timeout { get; init; }

    /// <summary>The same as <see cref="Timeout"/>, in seconds.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>Failed checks in a row after which a server gets no requests. Default 3.</summary>
    public int? FailureThreshold { get; init; }

    /// <summary>Whether a provider of this kind is checked.</summary>
    public static bool IsEnabled(HealthCheckSpec? spec, string effectiveProvider) => spec?.Enabled ?? (spec is not null || effectiveProvider == "self_hosted");

    public string EffectivePath => Endpoint ?? Path ?? DefaultPath;

    public TimeSpan EffectiveInterval => Interval?.Value ?? (IntervalSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultInterval);

    public TimeSpan EffectiveTimeout => Timeout?.Value
        ?? (TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : EffectiveInterval < DefaultTimeout ? EffectiveInterval : DefaultTimeout);

    public int EffectiveFailureThreshold => FailureThreshold ?? DefaultFailureThreshold;

    internal void Validate(FieldErrors errors)
    {
        RequireOne(errors, "endpoint", Endpoint, "path", Path);
        RequireOne(errors, "interval", Interval?.ToString(), "intervalSeconds", IntervalSeconds?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        RequireOne(errors, "timeout", Timeout?.ToString(), "timeoutSeconds", TimeoutSeconds?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        ValidatePath(errors);
        var isIntervalValid = EffectiveInterval >= ShortestInterval && EffectiveInterval <= LongestInterval;
        if (!isIntervalValid)
        {
            errors.Add(Interval is null ? "spec.healthCheck.intervalSeconds" : "spec.healthCheck.interval", Shown(Interval, IntervalSeconds), "1s to 24h");
        }

        if (isIntervalValid && (EffectiveTimeout <= TimeSpan.Zero || EffectiveTimeout > EffectiveInterval))
        {
            errors.Add(
                Timeout is null ? "spec.healthCheck.timeoutSeconds" : "spec.healthCheck.timeout", Shown(Timeout, TimeoutSeconds),
                $"above zero and at most the interval ({new Duration(EffectiveInterval)})");
        }

        if (FailureThreshold is < 1 or > 100)
        {
            errors.Add("spec.healthCheck.failureThreshold", $"{FailureThreshold}", "1 to 100");
        }
    }

    private void ValidatePath(FieldErrors errors)
    {
        var path = EffectivePath;
        if (!IsPath(path))
        {
            // A whole URL could lead the credential to another server.
            errors.Add(
                Endpoint is null ? "spec.healthCheck.path" : "spec.healthCheck.endpoint", path,
                PathExpectation);
        }
    }

    internal static bool IsPath(string path) =>
        path.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\') && !path.Split('/').Contains("..") && !path.Any(c => c is '?' or '#' or <= ' ' or > '~');

    private static void RequireOne(FieldErrors errors, string one, string? oneValue, string other, string? otherValue)
    {
        if (oneValue is not null && otherValue is not null)
        {
            errors.Add($"spec.healthCheck.{other}", otherValue, $"either {one} or {other}, and not both");
        }
    }

    private static string? Shown(Duration? duration, int? seconds) => duration?.ToString() ?? (seconds is null ? null : $"{seconds}");
}
