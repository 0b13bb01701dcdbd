using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orrery.AppHost;
using Orrery.Contracts;
using Orrery.Tests.Hosting;
using Orrery.Tests.Hosting.Publishing;

namespace Orrery.Tests.AppHost;

/// <summary>The feed of a small graph that really runs: a shell that says its secret, and the parameter that holds it.</summary>
public sealed class ResourceFeedTests
{
    private const string Secret = "not-for-everybody's eyes";

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000")]
    public async Task Nobody_is_told_anything_without_this_runs_key(string? key)
    {
        await using var feed = await Feed.OpenAsync(_ => { });
        using var client = feed.Client(key);
        foreach (var path in (string[])[ResourceFeedContract.Stream, ResourceFeedContract.Output("talker"), "/", "/elsewhere"])
        {
            using var answer = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Graph.Soon());
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal($"Send this run's key in the header {ResourceFeedContract.KeyHeader}.", await answer.Content.ReadAsStringAsync(Graph.Soon()));
        }

        using var command = await client.PostAsync(ResourceFeedContract.Command("talker", "resource-stop"), null, Graph.Soon());
        Assert.Equal(HttpStatusCode.Unauthorized, command.StatusCode);
    }

    [Fact]
    public async Task Keys_that_are_nearly_right_are_wrong()
    {
        await using var feed = await Feed.OpenAsync(_ => { });
        foreach (var key in (string[])[feed.Key[..^1], feed.Key + "0", feed.Key.ToUpperInvariant() + "x", $"{feed.Key},{feed.Key}"])
        {
            using var client = feed.Client(key);
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(ResourceFeedContract.Stream, HttpCompletionOption.ResponseHeadersRead, Graph.Soon())).StatusCode);
        }

        await using var other = await Feed.OpenAsync(_ => { });
        Assert.NotEqual(other.Key, feed.Key);
        using var right = feed.Client(feed.Key);
        Assert.Equal(HttpStatusCode.OK, (await right.GetAsync(ResourceFeedContract.Stream, HttpCompletionOption.ResponseHeadersRead, Graph.Soon())).StatusCode);
    }

    [Fact]
    public async Task It_listens_on_loopback_alone()
    {
        await using var feed = await Feed.OpenAsync(_ => { });
        Assert.Equal("127.0.0.1", new Uri(feed.Url).Host);
        Assert.NotEqual(0, new Uri(feed.Url).Port);
        Assert.Equal("http://127.0.0.1:0", new ResourceFeed().Url);
    }

    [Fact]
    public async Task Everything_that_is_known_comes_first_and_then_each_change()
    {
        await using var feed = await Feed.OpenAsync(AddTalker);
        await feed.App.UntilAsync("talker", KnownResourceStates.Running);
        await using var changes = feed.Changes();
        var known = new Dictionary<string, RunningResource>();
        while (known.Count < 2)
        {
            var next = await NextAsync(changes);
            known[next.Id] = next;
        }

        Assert.Equal(["key", "talker"], known.Keys.Order());
        var talker = known["talker"];
        Assert.Equal(("talker", "Executable", "Running", 2, true), (talker.Name, talker.Type, talker.State, talker.Gpus, talker.Simulated));
        Assert.NotNull(talker.StartedAt);
        Assert.Contains(talker.Commands, command => command is { Name: "resource-stop", Enabled: true });

        using var client = feed.Client(feed.Key);
        using var stopped = await client.PostAsync(ResourceFeedContract.Command("talker", "resource-stop"), null, Graph.Soon());
        Assert.Equal(HttpStatusCode.OK, stopped.StatusCode);
        var ended = await NextAsync(changes, one => one is { Id: "talker", ExitCode: not null });
        Assert.NotEqual("Running", ended.State);
        Assert.NotNull(ended.StoppedAt);
    }

    [Fact]
    public async Task What_is_hidden_is_not_told()
    {
        await using var feed = await Feed.OpenAsync(builder =>
        {
            AddTalker(builder);
            builder.AddParameter("ghost", "seen by nobody");
        });
        await feed.App.UntilAsync("ghost", KnownResourceStates.Running);
        var ghost = feed.App.Services.GetRequiredService<DistributedApplicationModel>().Resources.Single(resource => resource.Name == "ghost");
        await feed.App.ResourceNotifications.PublishUpdateAsync(ghost, one => one with { IsHidden = true });
        await using var changes = feed.Changes();
        await NextAsync(changes, Known("talker"));
        await feed.App.ResourceNotifications.PublishUpdateAsync(ghost, one => one with { State = KnownResourceStates.Exited });
        await feed.App.ResourceCommands.ExecuteCommandAsync("talker", "resource-stop", Graph.Soon());
        await NextAsync(changes, one => Known("talker")(one) && one.ExitCode is not null);

        Func<RunningResource, bool> Known(string id) => one =>
        {
            Assert.NotEqual("ghost", one.Id);
            return one.Id == id;
        };
    }

    [Fact]
    public async Task Secrets_are_masked_in_everything_that_is_told()
    {
        await using var feed = await Feed.OpenAsync(AddTalker);
        await feed.App.UntilLineAsync("talker", "the end");
        await using var changes = feed.Changes();
        var talker = await NextAsync(changes, one => one is { Id: "talker", State: "Running" });
        Assert.Contains(new NamedValue("KEY", RunningResource.Mask, Secret: true), talker.Environment);
        Assert.Contains(new NamedValue("CONNECTION", $"Host=db;Password={RunningResource.Mask};Timeout=5", Secret: true), talker.Environment);
        Assert.Contains(new NamedValue("PLAIN", "for everybody", Secret: false), talker.Environment);
        Assert.Contains(new ResourceUrl(null, $"http://localhost/?key={RunningResource.Mask}"), talker.Urls);
        Assert.DoesNotContain(talker.Environment, variable => variable.Name == "PATH"); // Of the machine, not of the graph.
        Assert.DoesNotContain("everybody's", JsonSerializer.Serialize(talker), StringComparison.Ordinal);

        var parameter = await NextFreshAsync(feed, one => one is { Id: "key", State: "Running" });
        Assert.Contains(new NamedValue("Value", RunningResource.Mask, Secret: true), parameter.Properties);
    }

    [Fact]
    public async Task Output_is_told_line_by_line_and_masked()
    {
        await using var feed = await Feed.OpenAsync(AddTalker);
        using var client = feed.Client(feed.Key);
        using var output = new StreamReader(await client.GetStreamAsync(ResourceFeedContract.Output("talker"), Graph.Soon()));
        var lines = new List<ResourceOutput>();
        while (!lines.Exists(line => line.Text.EndsWith("the end", StringComparison.Ordinal)) || !lines.Exists(line => line.IsError))
        {
            lines.Add(JsonSerializer.Deserialize((await output.ReadLineAsync(Graph.Soon()))!, ResourceFeedJson.Default.ResourceOutput)!);
        }

        Assert.Contains(lines, line => line.Text.EndsWith($"I was told {RunningResource.Mask}!", StringComparison.Ordinal) && !line.IsError);
        Assert.Contains(lines, line => line.Text.EndsWith($"at ?key={RunningResource.Mask}", StringComparison.Ordinal) && line.IsError);
        Assert.Equal(lines.Select(line => line.Number).Order(), lines.Select(line => line.Number));
    }

    [Fact]
    public async Task What_is_not_there_is_named()
    {
        await using var feed = await Feed.OpenAsync(AddTalker);
        using var client = feed.Client(feed.Key);
        using var output = await client.GetAsync(ResourceFeedContract.Output("no body"), Graph.Soon());
        Assert.Equal((HttpStatusCode.NotFound, "There is no resource 'no body'."), (output.StatusCode, await output.Content.ReadAsStringAsync(Graph.Soon())));
        foreach (var (id, command, message) in new[] { ("nobody", "resource-stop", "There is no resource 'nobody'."), ("talker", "dance", "Resource 'talker' has no command 'dance'.") })
        {
            using var answer = await client.PostAsync(ResourceFeedContract.Command(id, command), null, Graph.Soon());
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            var result = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(Graph.Soon()), ResourceFeedJson.Default.ResourceCommandResult);
            Assert.Equal(new ResourceCommandResult(false, message), result);
        }
    }

    [Fact]
    public async Task What_a_command_answers_is_masked()
    {
        await using var feed = await Feed.OpenAsync(builder => builder.AddParameter("key", Secret, secret: true)
            .WithCommand("show", "Show", _ => Task.FromResult(CommandResults.Failure($"Cannot log in with '{Secret}'."))));
        using var client = feed.Client(feed.Key);
        using var answer = await client.PostAsync(ResourceFeedContract.Command("key", "show"), null, Graph.Soon());
        var result = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(Graph.Soon()), ResourceFeedJson.Default.ResourceCommandResult);
        Assert.Equal(new ResourceCommandResult(false, $"Cannot log in with '{RunningResource.Mask}'."), result);
    }

    [Fact]
    public async Task A_project_that_is_told_of_the_feed_can_read_it_and_its_key_is_masked()
    {
        var builder = Graph.Create();
        builder.AddProject<Projects.Service>("service").WithHttpHealthCheck("/health").WithResourceFeed();
        await using var app = await builder.StartAsync();
        await app.UntilHealthyAsync("service");
        using var service = app.CreateHttpClient("service");
        var environment = (await service.GetStringAsync("/environment", Graph.Soon())).Split('\n').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[^1]);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        client.DefaultRequestHeaders.Add(ResourceFeedContract.KeyHeader, environment["Resources__Key"]);
        await using var stream = await client.GetStreamAsync(environment["Resources__Url"] + ResourceFeedContract.Stream, Graph.Soon());
        await foreach (var change in SseParser.Create(stream).EnumerateAsync(Graph.Soon()))
        {
            Assert.DoesNotContain(environment["Resources__Key"], change.Data, StringComparison.Ordinal);
            var resource = Assert.Single(JsonSerializer.Deserialize(change.Data, ResourceFeedJson.Default.IReadOnlyListRunningResource)!);
            if (resource.Environment.SingleOrDefault(variable => variable.Name == "Resources__Key") is { } key)
            {
                Assert.Equal(new NamedValue("Resources__Key", RunningResource.Mask, Secret: true), key);
                return;
            }
        }

        Assert.Fail("The feed ended without the service.");
    }

    [Fact]
    public async Task Nothing_of_it_is_published()
    {
        var manifest = await ManifestOf.GraphAsync(builder => builder.AddProject<Projects.Service>("service").WithResourceFeed());
        Assert.Contains("\"service\"", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("Resources__", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_graph_with_a_secret_that_nobody_set_is_told_too()
    {
        await using var feed = await Feed.OpenAsync(builder => builder.AddParameter("nobody-set-me", secret: true));
        var parameter = await NextFreshAsync(feed, one => one.State == KnownResourceStates.ValueMissing);
        Assert.Equal("nobody-set-me", parameter.Id);
    }

    [Fact]
    public async Task Readers_are_let_go_when_the_graph_stops()
    {
        var feed = await Feed.OpenAsync(AddTalker);
        using var client = feed.Client(feed.Key);
        using var stream = new StreamReader(await client.GetStreamAsync(ResourceFeedContract.Stream, Graph.Soon()));
        using var output = new StreamReader(await client.GetStreamAsync(ResourceFeedContract.Output("talker"), Graph.Soon()));
        await feed.DisposeAsync();
        await stream.ReadToEndAsync(Graph.Soon());
        await output.ReadToEndAsync(Graph.Soon());
    }

    private static void AddTalker(IDistributedApplicationBuilder builder)
    {
        var key = builder.AddParameter("key", Secret, secret: true);
        var escaped = Uri.EscapeDataString(Secret);
        builder.AddExecutable("talker", "sh", ".", "-c", $"echo \"I was told $KEY!\"; echo 'at ?key={escaped}' >&2; echo 'the end'; exec sleep 1000")
            .WithEnvironment("KEY", key)
            .WithEnvironment("CONNECTION", ReferenceExpression.Create($"Host=db;Password={key};Timeout=5"))
            .WithEnvironment("PLAIN", "for everybody")
            .WithUrl($"http://localhost/?key={escaped}")
            .WithAnnotation(new GpuAnnotation(2, GpuKind.Nvidia))
            .WithAnnotation(new SimulatedAnnotation());
    }

    private static async Task<RunningResource> NextFreshAsync(Feed feed, Func<RunningResource, bool> holds)
    {
        await using var changes = feed.Changes();
        return await NextAsync(changes, holds);
    }

    private static async Task<RunningResource> NextAsync(IAsyncEnumerator<RunningResource> changes, Func<RunningResource, bool>? holds = null)
    {
        while (await changes.MoveNextAsync())
        {
            if (holds is null || holds(changes.Current))
            {
                return changes.Current;
            }
        }

        throw new EndOfStreamException();
    }

    /// <summary>A running graph and its feed.</summary>
    private sealed class Feed(DistributedApplication app, ResourceFeed feed) : IAsyncDisposable
    {
        public DistributedApplication App => app;

        public string Url => feed.Url;

        public string Key => feed.Key;

        public static async Task<Feed> OpenAsync(Action<IDistributedApplicationBuilder> compose)
        {
            var (builder, feed) = (Graph.Create(), new ResourceFeed());
            compose(builder);
            var app = await builder.BuildAsync(Graph.Soon());
            await feed.OpenAsync(app.Services, app.Services.GetRequiredService<DistributedApplicationModel>(), Graph.Soon());
            await app.StartAsync(Graph.Soon());
            return new(app, feed);
        }

        public HttpClient Client(string? key)
        {
            var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new(feed.Url) };
            if (key is not null)
            {
                client.DefaultRequestHeaders.Add(ResourceFeedContract.KeyHeader, key);
            }

            return client;
        }

        public async IAsyncEnumerator<RunningResource> Changes()
        {
            using var client = Client(feed.Key);
            await using var stream = await client.GetStreamAsync(ResourceFeedContract.Stream, Graph.Soon());
            await foreach (var change in SseParser.Create(stream).EnumerateAsync(Graph.Soon()))
            {
                foreach (var resource in JsonSerializer.Deserialize(change.Data, ResourceFeedJson.Default.IReadOnlyListRunningResource)!)
                {
                    yield return resource;
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await feed.StopAsync(Graph.Soon());
            await app.DisposeAsync();
        }
    }
}
