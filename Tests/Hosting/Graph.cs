using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Orrery.Tests.Hosting;

/// <summary>Shorthand for graphs in tests: every wait ends after a minute.</summary>
internal static class Graph
{
    public static IDistributedApplicationTestingBuilder Create(params string[] args) => DistributedApplicationTestingBuilder.Create(args);

    public static CancellationToken Soon()
    {
        var soon = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        soon.CancelAfter(TimeSpan.FromMinutes(1));
        return soon.Token;
    }

    public static async Task<DistributedApplication> StartAsync(this IDistributedApplicationTestingBuilder builder)
    {
        var app = await builder.BuildAsync(Soon());
        await app.StartAsync(Soon());
        return app;
    }

    /// <summary>Waits for the state and returns the snapshot.</summary>
    public static async Task<CustomResourceSnapshot> UntilAsync(this DistributedApplication app, string name, params string[] states)
    {
        var found = await app.ResourceNotifications.WaitForResourceAsync(name, one => one.Snapshot.State is { } state && states.Contains(state.Text), Soon());
        return found.Snapshot;
    }

    public static Task<CustomResourceSnapshot> UntilEndedAsync(this DistributedApplication app, string name) =>
        app.UntilAsync(name, [.. KnownResourceStates.TerminalStates, KnownResourceStates.RuntimeUnhealthy]);

    public static async Task UntilHealthyAsync(this DistributedApplication app, string name) =>
        await app.ResourceNotifications.WaitForResourceHealthyAsync(name, Soon());

    /// <summary>What the resource has written, without the times.</summary>
    public static async Task<List<string>> LinesAsync(this DistributedApplication app, string name)
    {
        var lines = new List<string>();
        await foreach (var batch in app.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(name))
        {
            lines.AddRange(batch.Select(line => line.Content[(line.Content.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        }

        return lines;
    }

    public static Task<List<string>> UntilLineAsync(this DistributedApplication app, string name, string part) =>
        Eventually.Holds(() => app.LinesAsync(name), lines => lines.Any(line => line.Contains(part, StringComparison.Ordinal)));

    public static async Task<int> PidAsync(this DistributedApplication app, string id)
    {
        await Eventually.Holds(() => app.ResourceNotifications.TryGetCurrentState(id, out var state) && state.Snapshot.State?.Text == KnownResourceStates.Running);
        app.ResourceNotifications.TryGetCurrentState(id, out var running);
        return (int)running!.Snapshot.Properties.Single(one => one.Name == "executable.pid").Value!;
    }

    public static bool IsAlive(int pid) => ProcessTable.StartOf(pid) is { } start && ProcessTable.IsAlive(pid, start);
}
