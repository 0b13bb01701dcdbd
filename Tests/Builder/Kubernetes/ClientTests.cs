using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.Builder.Kubernetes.Cluster;

namespace Orrery.Tests.Builder.Kubernetes;

public sealed class ClientTests : IAsyncLifetime
{
    private FakeCluster _cluster = null!;
    private KubernetesClient _client = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await FakeCluster.StartAsync();
        _client = _cluster.Client();
        _cluster.Put(KubernetesResource.Namespaces, null, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "ns" } });
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Lists_are_read_to_their_end_and_anew_where_they_grew_too_old()
    {
        for (var i = 0; i < 7; i++)
        {
            _cluster.Put(KubernetesResource.Services, "ns", Service($"s{i}"));
        }

        _cluster.PageSize = 2;
        _cluster.ForgetsNextPage = true;

        var list = await _client.ListAsync(KubernetesResource.Services, "ns", Token);

        Assert.Equal(["s0", "s1", "s2", "s3", "s4", "s5", "s6"], list.Items.Select(one => one.Name()));
        Assert.Equal(6, _cluster.Requests.Count(one => one.Verb == "list"));
    }

    [Fact]
    public async Task A_conflict_names_field_and_manager()
    {
        _cluster.Put(KubernetesResource.Services, "ns", Service("s", port: 80), "helm");
        var error = await Assert.ThrowsAsync<KubernetesException>(() => _client.ApplyAsync(KubernetesResource.Services, "ns", Service("s", port: 81), force: false, Token));

        Assert.Equal((409, true), (error.Status, error.IsFinal));
        Assert.StartsWith("Service 's' in namespace 'ns': the field .spec.ports is set by 'helm'. Let one of the two give the field up", error.Message, StringComparison.Ordinal);

        await _client.ApplyAsync(KubernetesResource.Services, "ns", Service("s", port: 81), force: true, Token);
        Assert.Equal(81, _cluster.All(KubernetesResource.Services, "ns")["s"].Items("spec", "ports").Single().Whole("port"));
    }

    [Fact]
    public async Task What_is_applied_no_more_is_gone_and_what_others_said_stays()
    {
        var first = Service("s");
        first["metadata"]!["labels"] = new JsonObject { ["a"] = "1", ["b"] = "2" };
        await _client.ApplyAsync(KubernetesResource.Services, "ns", first, force: false, Token);
        _cluster.Change(KubernetesResource.Services, "ns", "s", one => one["metadata"]!["labels"]!["theirs"] = "3");
        var second = Service("s");
        second["metadata"]!["labels"] = new JsonObject { ["a"] = "1" };

        await _client.ApplyAsync(KubernetesResource.Services, "ns", second, force: false, Token);

        Assert.Equal("""{"a":"1","theirs":"3"}""", _cluster.All(KubernetesResource.Services, "ns")["s"]["metadata"]!["labels"]!.ToJsonString());
    }

    [Fact]
    public async Task What_is_forbidden_is_said_as_the_line_that_the_role_lacks()
    {
        _cluster.Users["t"] = "system:serviceaccount:orrery:builder";
        _cluster.Roles = (_, request) => request.Verb is "patch";
        using var client = _cluster.Client("t");

        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ApplyAsync(KubernetesResource.DisruptionBudgets, "ns", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" } }, false, Token));
        Assert.Equal(
            "The service account orrery/builder may not create poddisruptionbudgets in namespace ns: add { apiGroups: [\"policy\"], resources: [\"poddisruptionbudgets\"], verbs: [\"create\"] } to its role.", error.Message);
        error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResource.Nodes, null, Token));
        Assert.Equal("The service account orrery/builder may not list nodes in the whole cluster: add { apiGroups: [\"\"], resources: [\"nodes\"], verbs: [\"list\"] } to its ClusterRole.", error.Message);
        Assert.True(error.IsFinal);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_says()
    {
        var asked = new List<long>();
        _cluster.Interfere = context =>
        {
            asked.Add(TimeProvider.System.GetTimestamp());
            context.Response.StatusCode = asked.Count switch { 1 => 429, 2 => 503, _ => 200 };
            context.Response.Headers.RetryAfter = asked.Count == 1 ? "1" : default;
            return Task.FromResult(asked.Count < 3);
        };

        await _client.ListAsync(KubernetesResource.Nodes, null, Token);

        Assert.Equal(3, asked.Count);
        Assert.True(TimeProvider.System.GetElapsedTime(asked[0], asked[1]) >= TimeSpan.FromSeconds(0.95));
    }

    [Fact]
    public async Task A_refusal_is_not_repeated_and_a_lasting_failure_ends()
    {
        var asked = 0;
        _cluster.Interfere = context =>
        {
            asked++;
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };
        var error = await Assert.ThrowsAsync<KubernetesException>(() => _client.ListAsync(KubernetesResource.Nodes, null, Token));
        Assert.Equal(4, asked);
        Assert.Contains("answered list nodes with 503 and no status of Kubernetes", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsFinal);

        _cluster.Interfere = null;
        Assert.Null(await _client.FindAsync(KubernetesResource.Nodes, null, "no", Token));
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_not_waited_for_for_ever()
    {
        _cluster.Interfere = async context =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        using var client = new KubernetesClient(_client.Connection, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<KubernetesClient>.Instance) { Deadline = TimeSpan.FromMilliseconds(300) };

        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResource.Nodes, null, Token));

        Assert.Contains("could not be asked to list nodes: it did not answer within 0 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_of_something_else_is_said_to_be_one()
    {
        _cluster.Interfere = async context =>
        {
            await context.Response.WriteAsync("<html>Welcome</html>");
            return true;
        };

        var error = await Assert.ThrowsAsync<KubernetesException>(() => _client.ListAsync(KubernetesResource.Nodes, null, Token));

        Assert.Contains("no JSON object. Is the address that of an API server?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_Secret_keeps_its_value()
    {
        JsonObject Secret(string data) => new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = "s", ["namespace"] = "ns" },
            ["immutable"] = true,
            ["data"] = new JsonObject { ["k"] = data },
        };
        _cluster.Interfere = async context =>
        {
            if (context.Request.Method != "PATCH")
            {
                return false;
            }

            context.Response.StatusCode = 422;
            await context.Response.WriteAsJsonAsync(new { kind = "Status", reason = "Invalid", message = "Secret \"s\" is invalid: data[k]: Invalid value: \"c2VjcmV0\": no" });
            return true;
        };

        var error = await Assert.ThrowsAsync<KubernetesException>(() => _client.ApplyAsync(KubernetesResource.Secrets, "ns", Secret("c2VjcmV0"), true, Token));

        Assert.DoesNotContain("c2VjcmV0", error.Message, StringComparison.Ordinal);
        Assert.Contains("Invalid value: \"…\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_incarnation_that_is_meant_is_deleted()
    {
        _cluster.Put(KubernetesResource.Services, "ns", Service("s"));

        Assert.False(await _client.DeleteAsync(KubernetesResource.Services, "ns", "s", "another-uid", Token));
        Assert.Single(_cluster.All(KubernetesResource.Services, "ns"));
        Assert.True(await _client.DeleteAsync(KubernetesResource.Services, "ns", "s", _cluster.All(KubernetesResource.Services, "ns")["s"].Uid(), Token));
        Assert.False(await _client.DeleteAsync(KubernetesResource.Services, "ns", "s", "another-uid", Token));
    }

    [Fact]
    public async Task A_watch_goes_on_where_it_was_cut_and_lists_anew_where_that_is_forgotten()
    {
        _cluster.Put(KubernetesResource.Services, "ns", Service("s0"));
        await using var events = _client.WatchAsync(KubernetesResource.Services, null, null, Token).GetAsyncEnumerator(Token);
        await Next("LISTED s0");
        _cluster.Put(KubernetesResource.Services, "ns", Service("s1"));
        await Next("ADDED s1");
        _cluster.CutWatches();
        _cluster.Put(KubernetesResource.Services, "ns", Service("s2"));
        await Next("ADDED s2");
        var lists = _cluster.Requests.Count(one => one.Verb == "list");
        Assert.Equal(1, lists);

        _cluster.Forget();
        await Next("LISTED s0");
        await Next("LISTED s1");
        await Next("LISTED s2");
        await _client.DeleteAsync(KubernetesResource.Services, "ns", "s1", _cluster.All(KubernetesResource.Services, "ns")["s1"].Uid(), Token);
        await Next("DELETED s1");

        async Task Next(string what)
        {
            Assert.True(await events.MoveNextAsync());
            Assert.Equal(what, $"{events.Current.Type} {events.Current.Object!.Name()}");
        }
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_begun_anew()
    {
        using var client = new KubernetesClient(_client.Connection, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<KubernetesClient>.Instance)
        {
            WatchIdle = TimeSpan.FromMilliseconds(200),
            FirstPause = TimeSpan.FromMilliseconds(10),
        };
        await using var events = client.WatchAsync(KubernetesResource.Services, null, null, Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync();

        await Eventually.Holds(() => _cluster.Watches.Count >= 3);
        _cluster.Put(KubernetesResource.Services, "ns", Service("s"));

        Assert.True(await next);
        Assert.Equal("s", events.Current.Object!.Name());
    }

    private static JsonObject Service(string name, int port = 80) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "ns" },
        ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = port }) },
    };
}
