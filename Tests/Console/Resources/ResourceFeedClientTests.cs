using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Tests.ServiceDefaults;
using Orrery.WebConsole.Resources;

namespace Orrery.Tests.WebConsole.Resources;

/// <summary>How the Console follows the graph while the AppHost comes, goes and misspeaks.</summary>
public sealed class ResourceFeedClientTests : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
    private readonly ResourceBook _book = new();

    [Fact]
    public async Task What_the_feed_tells_is_in_the_book_and_everybody_is_woken()
    {
        await using var server = await FeedServer.StartAsync();
        using var client = await FollowAsync(server.Port);
        var version = _book.Changes.Version;
        await server.SendAsync(Told(One("gateway-2", "gateway"), One("catalogue"), One("gateway-1", "gateway", "Starting")));
        await Eventually.Holds(() => _book.All.Count == 3);
        Assert.Equal(["catalogue", "gateway-1", "gateway-2"], _book.All.Select(one => one.Id));
        Assert.True(_book.Changes.Version > version);
        Assert.Null(_book.Trouble);

        await server.SendAsync(Told(One("gateway-1", "gateway", "Running")));
        await Eventually.Holds(() => _book.Find("gateway-1")?.State == "Running");
        Assert.Equal(3, _book.All.Count);
        Assert.Null(_book.Find("gateway"));
        Assert.Equal(1, server.Asked);
        await client.StopAsync(Soon);
        Assert.True(client.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task What_says_nothing_changes_nothing()
    {
        await using var server = await FeedServer.StartAsync();
        using var client = await FollowAsync(server.Port);
        var written = JsonSerializer.Serialize<IReadOnlyList<RunningResource>>([One("redis")], ResourceFeedJson.Default.IReadOnlyListRunningResource);
        await server.SendAsync(": a comment\n\ndata: []\n\ndata: null\n\nid: 7\nretry: 5\n\n");
        await server.SendAsync($"data: {written[..1]}\ndata: {written[1..]}\n\n"); // One event over two lines.
        await server.SendAsync(Told(One("catalogue")).Replace("[{", """[{"fromALaterRelease":{"a":[1]},""", StringComparison.Ordinal));
        await Eventually.Holds(() => _book.Find("catalogue") is not null);
        Assert.Equal(["catalogue", "redis"], _book.All.Select(one => one.Id));
        Assert.Equal((null, 1), (_book.Trouble, server.Asked));
    }

    [Theory]
    [InlineData(true, "The AppHost has ended the stream.")]
    [InlineData(false, "The AppHost is not heard: ")]
    public async Task A_stream_that_ends_or_breaks_off_is_asked_for_again_and_what_was_known_stays(bool isEnded, string trouble)
    {
        await using var server = await FeedServer.StartAsync();
        using var client = await FollowAsync(server.Port);
        await server.SendAsync(Told(One("redis")));
        await Eventually.Holds(() => _book.Find("redis") is not null);
        (isEnded ? (Action)server.End : server.BreakOff)();
        await TroubleAsync(trouble);
        Assert.Equal("Running", _book.Find("redis")!.State);

        await Eventually.Holds(() => server.Asked == 2 && _book.Trouble is null);
        await server.SendAsync(Told(One("redis", state: "Exited")));
        await Eventually.Holds(() => _book.Find("redis")!.State == "Exited");
    }

    [Fact]
    public async Task An_AppHost_that_goes_away_and_comes_back_is_heard_again()
    {
        var server = await FeedServer.StartAsync();
        var port = server.Port;
        using var client = await FollowAsync(port);
        await server.SendAsync(Told(One("redis")));
        await Eventually.Holds(() => _book.Find("redis") is not null);
        await server.DisposeAsync();
        await TroubleAsync("The AppHost is not heard: Connection refused");

        await using var next = await FeedServer.StartAsync(port);
        await next.SendAsync(Told(One("redis", state: "Starting")));
        await Eventually.Holds(() => _book.Find("redis")!.State == "Starting");
        Assert.Null(_book.Trouble);
    }

    [Fact]
    public async Task An_AppHost_that_comes_late_is_heard()
    {
        var port = ProbeService.FreePort();
        using var client = Client(port);
        await client.StartAsync(Soon);
        await TroubleAsync("The AppHost is not heard: Connection refused");
        await using var server = await FeedServer.StartAsync(port);
        await Eventually.Holds(() => _book.Trouble is null);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("words")]
    [InlineData("""[{"id":"redis"}]""")]
    [InlineData("""{"id":"redis"}""")]
    [InlineData("""[{"id":7,"name":"redis"}]""")]
    public async Task What_cannot_be_read_is_said_and_the_stream_begins_anew(string data)
    {
        await using var server = await FeedServer.StartAsync();
        using var client = await FollowAsync(server.Port);
        await server.SendAsync(Told(One("redis")));
        await server.SendAsync($"data: {data}\n\n");
        await TroubleAsync("The AppHost is not heard: ");
        Assert.NotNull(_book.Find("redis"));
        await Eventually.Holds(() => server.Asked == 2 && _book.Trouble is null);
        Assert.False(client.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task An_AppHost_that_falls_silent_is_said_to_be_lost_and_asked_again()
    {
        await using var server = await FeedServer.StartAsync();
        using var client = Client(server.Port, silence: TimeSpan.FromSeconds(1));
        await client.StartAsync(Soon);
        await server.SendAsync(Told(One("redis")));
        await TroubleAsync("The AppHost is not heard: it has said nothing for 1 s");
        Assert.NotNull(_book.Find("redis"));
        await Eventually.Holds(() => server.Asked >= 2 && _book.Trouble is null);
    }

    [Fact]
    public async Task A_heartbeat_is_enough_to_be_heard()
    {
        await using var server = await FeedServer.StartAsync();
        using var client = Client(server.Port, silence: TimeSpan.FromSeconds(1));
        await client.StartAsync(Soon);
        await server.SendAsync(Told(One("redis")));
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(3))
        {
            await server.SendAsync(Told());
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Soon);
        }

        Assert.Equal((null, 1), (_book.Trouble, server.Asked));
        Assert.NotNull(_book.Find("redis"));
    }

    [Fact]
    public async Task A_wrong_key_is_said_and_tells_nothing()
    {
        await using var server = await FeedServer.StartAsync();
        using var client = Client(server.Port, "another-key");
        await client.StartAsync(Soon);
        await TroubleAsync("The AppHost is not heard: ");
        Assert.Contains("401", _book.Trouble, StringComparison.Ordinal);
        Assert.Equal((0, 0), (server.Asked, _book.All.Count));
        Assert.Equal(new ResourceCommandResult(false, "Send this run's key."), await client.ExecuteAsync("redis", "resource-stop", Soon));
        Assert.Empty(await client.OutputAsync("redis", Soon).ToListAsync(Soon));
    }

    [Fact]
    public async Task Without_a_feed_nobody_is_asked()
    {
        using var client = Client(0);
        await client.StartAsync(Soon);
        await client.ExecuteTask!;
        Assert.False(client.IsConfigured);
        Assert.Equal("The graph has not been heard yet.", _book.Trouble);
    }

    [Fact]
    public async Task Commands_reach_the_resource_that_they_name_and_their_answers_come_back()
    {
        var server = await FeedServer.StartAsync();
        server.Routes.MapPost("/resources/{id}/commands/{command}", (string id, string command) => id == "gateway 2"
            ? Results.Json(new ResourceCommandResult(true, $"{command} of {id}"))
            : Results.Json(new ResourceCommandResult(false, "It does not run."), statusCode: 409));
        using var client = Client(server.Port);
        Assert.Equal(new ResourceCommandResult(true, "resource-stop? of gateway 2"), await client.ExecuteAsync("gateway 2", "resource-stop?", Soon));
        Assert.Equal(new ResourceCommandResult(false, "It does not run."), await client.ExecuteAsync("redis", "resource-stop", Soon));
        await server.DisposeAsync();
        var (success, message) = await client.ExecuteAsync("redis", "resource-stop", Soon);
        Assert.False(success);
        Assert.StartsWith("The AppHost does not answer: Connection refused", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_comes_line_by_line_while_it_is_written()
    {
        await using var server = await FeedServer.StartAsync();
        var isRead = new TaskCompletionSource();
        server.Routes.MapGet("/resources/redis/output", async http =>
        {
            await http.Response.WriteAsync("""{"number":1,"text":"Ready","isError":false}""" + "\n", Soon);
            await http.Response.Body.FlushAsync(Soon);
            await isRead.Task.WaitAsync(Soon); // The next is written when the first has come through.
            await http.Response.WriteAsync("""{"number":2,"text":"“Broken”","isError":true}""" + "\n", Soon);
        });
        using var client = Client(server.Port);
        var lines = new List<ResourceOutput>();
        await foreach (var line in client.OutputAsync("redis", Soon))
        {
            lines.Add(line);
            isRead.TrySetResult();
        }

        Assert.Equal([new(1, "Ready", false), new(2, "“Broken”", true)], lines);
        Assert.Empty(await client.OutputAsync("nobody", Soon).ToListAsync(Soon));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", "", null)]
    [InlineData("http://127.0.0.1:1", "key", null)]
    [InlineData("https://apphost:1/", "key", null)]
    [InlineData("http://127.0.0.1:1", null, "Resources:Key is not set though Resources:Url is. The AppHost sets both.")]
    [InlineData("127.0.0.1:1", "key", "Resources:Url is '127.0.0.1:1'; expected an http or https URL. The AppHost sets it.")]
    [InlineData("/feed", "key", "Resources:Url is '/feed'; expected an http or https URL. The AppHost sets it.")]
    [InlineData("localhost:1", "key", "Resources:Url is 'localhost:1'; expected an http or https URL. The AppHost sets it.")]
    public void Values_that_cannot_work_are_named(string? url, string? key, string? fault) =>
        Assert.Equal(fault, new ResourcesOptionsValidator().Validate(null, new() { Url = url, Key = key }).FailureMessage);

    [Theory]
    [InlineData("00:00:00.9")]
    [InlineData("01:00:01")]
    public void A_silence_out_of_bounds_is_named(string silence) => Assert.Equal(
        $"Resources:Silence is {TimeSpan.Parse(silence, System.Globalization.CultureInfo.InvariantCulture)}; expected 00:00:01 to 01:00:00.",
        new ResourcesOptionsValidator().Validate(null, new() { Url = "http://a:1", Key = "k", Silence = TimeSpan.Parse(silence, System.Globalization.CultureInfo.InvariantCulture) }).FailureMessage);

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    private static string Told(params RunningResource[] resources) =>
        $"data: {JsonSerializer.Serialize(resources, ResourceFeedJson.Default.IReadOnlyListRunningResource)}\n\n";

    private static RunningResource One(string id, string? name = null, string state = "Running") => new()
    {
        Id = id,
        Name = name ?? id,
        Type = "Executable",
        State = state,
        Urls = [],
        Properties = [],
        Environment = [],
        HealthReports = [],
        Relations = [],
        Commands = [],
    };

    /// <param name="port">0: there is no feed.</param>
    /// <param name="key">What it shows.</param>
    private ResourceFeedClient Client(int port, string key = FeedServer.Key, TimeSpan? silence = null) => new(
        _services.GetRequiredService<IHttpClientFactory>(), Options.Create(new ResourcesOptions { Url = port == 0 ? null : $"http://127.0.0.1:{port}", Key = key, Silence = silence ?? TimeSpan.FromMinutes(1) }), _book,
        TimeProvider.System, NullLogger<ResourceFeedClient>.Instance);

    private async Task<ResourceFeedClient> FollowAsync(int port)
    {
        var client = Client(port);
        await client.StartAsync(Soon);
        await Eventually.Holds(() => _book.Trouble is null);
        return client;
    }

    private Task TroubleAsync(string begin) => Eventually.Holds(() => Task.FromResult(_book.Trouble), trouble => trouble?.StartsWith(begin, StringComparison.Ordinal) is true);
}
