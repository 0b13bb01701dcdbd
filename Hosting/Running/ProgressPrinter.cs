using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Tells whoever started the graph how it goes: a line for each change of state, and the end of a log when its resource fails.</summary>
/// <remarks>
/// <c>AppHost:Progress=false</c> silences it (the default in tests). <c>AppHost:ResourceLogs=all</c>, or <c>EnableResourceLogging</c>, adds
/// every line that resources write, <c>errors</c> those of standard error; the default is <c>none</c>.
/// </remarks>
internal sealed class ProgressPrinter(
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    DistributedApplicationModel model,
    DistributedApplicationOptions options,
    IConfiguration configuration) : BackgroundService
{
    private const int LinesOfFailure = 20;

    private readonly Dictionary<string, string> _last = new(StringComparer.OrdinalIgnoreCase);
    private readonly TextWriter _out = TextWriter.Synchronized(Console.Out);
    private int _width;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (string.Equals(configuration["AppHost:Progress"], "false", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        _width = model.Resources.SelectMany(InstanceNames.Of).Select(one => one.Length).DefaultIfEmpty(0).Max();
        loggers.LineWritten += PrintLog;
        try
        {
            await foreach (var change in notifications.WatchAsync(stoppingToken))
            {
                await PrintAsync(change);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        finally
        {
            loggers.LineWritten -= PrintLog;
        }
    }

    private async Task PrintAsync(ResourceEvent change)
    {
        var (text, isFailure) = Describe(change);
        var before = _last.GetValueOrDefault(change.ResourceId);
        if (text is null || before == text || before is null && text == KnownResourceStates.NotStarted)
        {
            return;
        }

        _last[change.ResourceId] = text;
        await _out.WriteLineAsync($"  {change.ResourceId.PadRight(_width)}  {text}");
        if (isFailure)
        {
            foreach (var line in loggers.Last(change.ResourceId, LinesOfFailure))
            {
                await _out.WriteLineAsync($"  [{change.ResourceId}] {line.Content}");
            }
        }
    }

    private static (string? Text, bool IsFailure) Describe(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        if (snapshot.State is not { Text: var state } || change.Resource is ParameterResource && state == KnownResourceStates.Running)
        {
            return (null, false);
        }

        var isFailure = snapshot.State.Style == KnownResourceStateStyles.Error || state == KnownResourceStates.ValueMissing;
        if (state != KnownResourceStates.Running)
        {
            return (snapshot.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"{state} (exit code {code})") : state, isFailure);
        }

        var health = snapshot.HealthReports.IsDefaultOrEmpty ? "" : snapshot.HealthStatus == HealthStatus.Healthy ? ", healthy" : "";
        return ($"{state}{health}  {string.Join("  ", snapshot.Urls.Select(one => one.Url))}".TrimEnd(), false);
    }

    private void PrintLog(string name, string line, bool isError)
    {
        var which = options.EnableResourceLogging ? "all" : configuration["AppHost:ResourceLogs"];
        if (string.Equals(which, "all", StringComparison.OrdinalIgnoreCase) || isError && string.Equals(which, "errors", StringComparison.OrdinalIgnoreCase))
        {
            _out.WriteLine($"  [{name}] {line}");
        }
    }
}
