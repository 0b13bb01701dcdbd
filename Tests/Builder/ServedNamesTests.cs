using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orrery.Builder;
using Orrery.Builder.Reconciling;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder;

/// <summary>A server that answers its health path is asked what it serves, before anybody asks it for that.</summary>
public sealed class ServedNamesTests
{
    private static readonly DeploymentKey Key = new("default", "chat", Guid.Empty.ToString());

    [Theory]
    [InlineData(200, """{"data":[{"id":"tiny"}]}""", nameof(ReplicaState.Ready), null)]
    [InlineData(200, """{"data":[{"id":"base"},{"id":"tiny"}]}""", nameof(ReplicaState.Ready), null)]
    [InlineData(200, """{"models":[]}""", nameof(ReplicaState.Ready), null)]
    [InlineData(200, "<html>", nameof(ReplicaState.Ready), null)]
    [InlineData(404, "", nameof(ReplicaState.Ready), null)]
    [InlineData(405, "", nameof(ReplicaState.Ready), null)]
    [InlineData(501, "", nameof(ReplicaState.Ready), null)]
    [InlineData(401, "", nameof(ReplicaState.Ready), null)]
    [InlineData(503, "", nameof(ReplicaState.Starting), "The server is up and has not said yet which models it serves: GET /v1/models answers 503.")]
    [InlineData(200, """{"data":[]}""", nameof(ReplicaState.Starting), "The server is up and has not said yet which models it serves: GET /v1/models lists no model yet.")]
    [InlineData(200, """{"data":[{"id":"other"},{"id":"more"}]}""", nameof(ReplicaState.Failed), "Its server answers to 'other', 'more' and not to 'tiny', which the gateway asks it for: have what starts it say --served-model-name tiny, or deploy the image of that model.")]
    public async Task What_a_server_lists_decides_whether_it_counts_as_ready(int status, string body, string state, string? message)
    {
        await using var server = await ListServer.StartAsync(_ => (status, body));
        using var names = new ServedNames(TimeProvider.System);
        var counted = await Ask(names, server.Address, Template());
        Assert.Equal((state, message), (counted.State.ToString(), counted.Message));
        Assert.Equal(state == nameof(ReplicaState.Failed), ReplicaReasons.IsHopeless(counted));
    }

    [Fact]
    public async Task A_server_is_asked_again_only_until_it_has_served_and_a_new_start_is_a_new_question()
    {
        await using var server = await ListServer.StartAsync(count => count < 2 ? (500, "") : (200, """{"data":[{"id":"tiny"}]}"""));
        using var names = new ServedNames(TimeProvider.System);
        var template = Template() with { Probes = new TemplateProbes(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(5), 3) };
        await Eventually.Holds(() => Ask(names, server.Address, template), counted => counted.State == ReplicaState.Ready);
        Assert.Equal(3, server.Asked);
        Assert.Equal(ReplicaState.Ready, (await Ask(names, server.Address, template, readyAt: DateTimeOffset.UnixEpoch)).State);
        Assert.Equal(3, server.Asked);
        Assert.Equal(ReplicaState.Ready, (await Ask(names, server.Address, template, incarnation: "two", readyAt: DateTimeOffset.UnixEpoch, remembered: "one")).State);
        Assert.Equal(4, server.Asked);
    }

    [Fact]
    public async Task What_cannot_be_reached_waits_but_in_a_cluster_where_others_reach_it()
    {
        using var names = new ServedNames(TimeProvider.System);
        var nowhere = new Uri("http://127.0.0.1:9");
        Assert.Equal(ReplicaState.Starting, (await Ask(names, nowhere, Template())).State);
        Assert.Equal(ReplicaState.Ready, (await Ask(names, nowhere, Template(), target: DeploymentTargets.Kubernetes, incarnation: "other")).State);
    }

    [Theory]
    [InlineData(Engines.Whisper, null, ReplicaState.Ready)]
    [InlineData(Engines.OpenAi, null, ReplicaState.Failed)]
    [InlineData(Engines.OpenAi, "--model-id acme/tiny", ReplicaState.Ready)]
    [InlineData(Engines.OpenAi, "--model-id=acme/tiny", ReplicaState.Ready)]
    internal async Task Servers_of_many_makes_and_those_that_cannot_be_told_a_name_are_not_held_to_one(string engine, string? arguments, ReplicaState state)
    {
        await using var server = await ListServer.StartAsync(_ => (200, """{"data":[{"id":"acme/tiny"}]}"""));
        using var names = new ServedNames(TimeProvider.System);
        Assert.Equal(state, (await Ask(names, server.Address, Template() with { Engine = engine, Arguments = arguments?.Split(' ') })).State);
    }

    private static async Task<Replica> Ask(
        ServedNames names, Uri address, RevisionTemplate template, string target = DeploymentTargets.Container, string incarnation = "one", DateTimeOffset? readyAt = null, string? remembered = null)
    {
        var record = DeploymentRecord.Of(Key, DateTimeOffset.UnixEpoch) with
        {
            Target = target,
            Revisions = [new RevisionRecord(1, 1, "", template, RevisionStates.Starting, null, DateTimeOffset.UnixEpoch)],
            Replicas = [new ReplicaRecord(1, 0, remembered ?? incarnation, readyAt, null)],
        };
        return Assert.Single(await names.HoldAgainstAsync(record, [new Replica(1, 0, incarnation, ReplicaState.Ready, address)], TestContext.Current.CancellationToken));
    }

    private static RevisionTemplate Template() => new()
    {
        ModelId = "tiny",
        ModelType = ModelTypes.Chat,
        Engine = Engines.Vllm,
        Image = "image",
        Probes = new TemplateProbes(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), 3),
        Drain = TimeSpan.FromSeconds(1),
    };

    /// <summary>Answers <c>GET /v1/models</c> as the test says.</summary>
    private sealed class ListServer(WebApplication app) : IAsyncDisposable
    {
        private int _asked;

        public Uri Address => new(app.Urls.First());

        public int Asked => _asked;

        public static async Task<ListServer> StartAsync(Func<int, (int Status, string Body)> answer)
        {
            var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
            builder.Logging.ClearProviders();
            var app = builder.Build();
            var server = new ListServer(app);
            app.MapGet("/v1/models", () =>
            {
                var (status, body) = answer(Interlocked.Increment(ref server._asked) - 1);
                return Results.Text(body, "application/json", statusCode: status);
            });
            await app.StartAsync();
            return server;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
