using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Orrery.Tests.Hosting;

public sealed class WaitTests
{
    [Fact]
    public async Task A_wait_ends_when_the_dependency_is_healthy_and_its_ready_handlers_are_done()
    {
        var builder = Graph.Create();
        var healthy = false;
        var handled = new TaskCompletionSource();
        builder.Services.AddHealthChecks().AddCheck("switch", () => Volatile.Read(ref healthy) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("not yet"));
        var server = builder.AddExecutable("server", "sleep", ".", "1000").WithHealthCheck("switch").OnResourceReady((_, _, _) => handled.Task);
        builder.AddExecutable("client", "true", ".").WaitFor(server);
        await using var app = await builder.StartAsync();

        await app.UntilAsync("client", KnownResourceStates.Waiting);
        await app.UntilLineAsync("server", "not yet");
        Volatile.Write(ref healthy, true);
        await Eventually.Holds(() => app.ResourceNotifications.TryGetCurrentState("server", out var now) && now.Snapshot.HealthStatus == HealthStatus.Healthy);
        Assert.True(app.ResourceNotifications.TryGetCurrentState("client", out var client) && client.Snapshot.State!.Text == KnownResourceStates.Waiting);
        handled.SetResult();
        await app.UntilAsync("client", KnownResourceStates.Finished);
    }

    [Fact]
    public async Task A_wait_for_completion_wants_the_exit_code()
    {
        var builder = Graph.Create();
        var good = builder.AddExecutable("good", "true", ".");
        var bad = builder.AddExecutable("bad", "sh", ".", "-c", "exit 3");
        builder.AddExecutable("after-good", "true", ".").WaitForCompletion(good);
        builder.AddExecutable("after-bad", "true", ".").WaitForCompletion(bad);
        builder.AddExecutable("after-bad-as-expected", "true", ".").WaitForCompletion(bad, exitCode: 3);
        await using var app = await builder.StartAsync();
        await app.UntilAsync("after-good", KnownResourceStates.Finished);
        await app.UntilAsync("after-bad-as-expected", KnownResourceStates.Finished);
        await app.UntilAsync("after-bad", KnownResourceStates.FailedToStart);
        Assert.Contains("'bad' is Exited with exit code 3, but it was to end with exit code 0. Its log says why.", await app.LinesAsync("after-bad"));
    }

    [Fact]
    public async Task A_wait_gives_up_or_goes_on_as_it_was_told_when_the_dependency_ends()
    {
        var builder = Graph.Create();
        var crashing = builder.AddExecutable("crashing", "sh", ".", "-c", "exit 7").WithHealthCheck("never");
        builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy("never"));
        builder.AddExecutable("impatient", "true", ".").WaitFor(crashing, WaitBehavior.StopOnResourceUnavailable);
        builder.AddExecutable("patient", "true", ".").WaitFor(crashing, WaitBehavior.WaitOnResourceUnavailable);
        await using var app = await builder.StartAsync();
        await app.UntilAsync("impatient", KnownResourceStates.FailedToStart);
        Assert.Contains("Gave up waiting for 'crashing': it is Exited with exit code 7. Its log says why.", await app.LinesAsync("impatient"));
        await app.UntilAsync("patient", KnownResourceStates.Waiting);
    }

    [Fact]
    public async Task A_wait_for_start_does_not_ask_for_health()
    {
        var builder = Graph.Create();
        builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy("never"));
        var server = builder.AddExecutable("server", "sleep", ".", "1000").WithHealthCheck("never");
        builder.AddExecutable("client", "true", ".").WaitForStart(server);
        await using var app = await builder.StartAsync();
        await app.UntilAsync("client", KnownResourceStates.Finished);
    }

    [Fact]
    public void A_circle_of_waits_is_refused_by_name()
    {
        var builder = Graph.Create();
        var a = builder.AddExecutable("a", "true", ".");
        var b = builder.AddExecutable("b", "true", ".").WaitFor(a);
        a.WaitFor(b);
        var error = Assert.Throws<DistributedApplicationException>(builder.Build);
        Assert.Equal("Resources wait for each other in a circle: a -> b -> a.", error.Message);
    }

    [Fact]
    public void Dependents_stop_first()
    {
        var builder = Graph.Create();
        var server = builder.AddPostgres("pg");
        var database = server.AddDatabase("db");
        builder.AddExecutable("api", "true", ".").WithReference(database).WaitFor(database);
        var levels = StopOrder.Levels([.. builder.Resources]).Select(level => string.Join(',', level.Select(one => one.Name)));
        Assert.Equal(["api", "db", "pg"], levels);
    }
}
