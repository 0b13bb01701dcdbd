using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Orrery.Tests.Hosting;

/// <summary>The test host's own graph, run by the testing builder: Redis, and two copies of a service behind one port.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task Copies_share_a_port_and_survive_each_other()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Host>([], Graph.Soon());
        builder.Resources.Remove(builder.Resources.Single(one => one.Name == "stubborn"));
        await using var app = await builder.StartAsync();
        await app.UntilHealthyAsync("service");
        using var client = app.CreateHttpClient("service");
        Assert.NotEqual(28471, client.BaseAddress!.Port);

        var both = new[] { await app.PidAsync("service-1"), await app.PidAsync("service-2") }.Select(pid => $"{pid}").ToHashSet();
        await Eventually.Holds(() => AnswersAsync(app), seen => seen.SetEquals(both));

        Signals.Send(await app.PidAsync("service-1"), Signal.Kill);
        await Eventually.Holds(() => app.ResourceNotifications.TryGetCurrentState("service-1", out var one) && one.Snapshot.State!.Text == KnownResourceStates.Exited);
        var left = await app.PidAsync("service-2");
        Assert.Equal([$"{left}"], await AnswersAsync(app));

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("service-1", "start", Graph.Soon())).Success);
        var started = await app.PidAsync("service-1");
        await Eventually.Holds(() => AnswersAsync(app), seen => seen.SetEquals([$"{left}", $"{started}"]));
    }

    [Fact]
    public async Task Copies_are_told_apart()
    {
        var builder = Graph.Create();
        builder.AddProject<Projects.Service>("pair", launchProfileName: null).WithHttpEndpoint().WithReplicas(2);
        await using var app = await builder.StartAsync();
        await app.PidAsync("pair-1");
        await app.PidAsync("pair-2");
        var ids = new[] { "pair-1", "pair-2" }.Select(id =>
        {
            app.ResourceNotifications.TryGetCurrentState(id, out var state);
            return state!.Snapshot.EnvironmentVariables.Single(one => one.Name == "OTEL_RESOURCE_ATTRIBUTES").Value;
        });
        Assert.Equal(["service.instance.id=pair-1", "service.instance.id=pair-2"], ids);
    }

    [Fact]
    public async Task A_resource_is_ready_once_as_long_as_one_of_its_copies_runs()
    {
        var (asked, ready) = (0, 0);
        var builder = Graph.Create();
        builder.Services.AddHealthChecks().AddCheck("counted", () =>
        {
            Interlocked.Increment(ref asked);
            return HealthCheckResult.Healthy();
        });
        builder.AddProject<Projects.Service>("pair", launchProfileName: null).WithHttpEndpoint().WithReplicas(2).WithHealthCheck("counted").OnResourceReady((_, _, _) =>
        {
            Interlocked.Increment(ref ready);
            return Task.CompletedTask;
        });
        await using var app = await builder.StartAsync();

        // One of the two is the copy by which the resource is watched.
        foreach (var copy in new[] { "pair-1", "pair-2" })
        {
            await Eventually.Holds(() => new[] { "pair-1", "pair-2" }.All(id => app.ResourceNotifications.TryGetCurrentState(id, out var one) && one.Snapshot.HealthStatus == HealthStatus.Healthy));
            Signals.Send(await app.PidAsync(copy), Signal.Kill);
            await Eventually.Holds(() => app.ResourceNotifications.TryGetCurrentState(copy, out var one) && one.Snapshot.State!.Text == KnownResourceStates.Exited);
            var before = Volatile.Read(ref asked);
            await Eventually.Holds(() => Volatile.Read(ref asked) >= before + 2);
            Assert.True((await app.ResourceCommands.ExecuteCommandAsync(copy, "start", Graph.Soon())).Success);
        }

        Assert.Equal(1, ready);
    }

    // A new connection each time: the proxy chooses per connection.
    private static async Task<HashSet<string>> AnswersAsync(DistributedApplication app)
    {
        var seen = new HashSet<string>();
        using var client = app.CreateHttpClient("service");
        client.DefaultRequestHeaders.ConnectionClose = true;
        for (var i = 0; i < 6; i++)
        {
            seen.Add(await client.GetStringAsync("/", Graph.Soon()));
        }

        return seen;
    }
}
