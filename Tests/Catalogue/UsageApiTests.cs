using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class UsageApiTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task Usage_is_recorded_once_however_often_and_from_wherever_it_is_posted()
    {
        var events = Enumerable.Range(0, 100).Select(i => Usage(i)).ToList();
        var random = new Random(4711);
        var receipts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
        {
            var batch = events.OrderBy(_ => random.Next()).Take(90).Concat(events).ToList();
            return Post(batch);
        }));
        Assert.Equal(100, receipts.Sum(receipt => (int)receipt["recorded"]!));
        Assert.All(receipts, receipt => Assert.Equal(190, (int)receipt["recorded"]! + (int)receipt["duplicates"]!));

        var again = await Post(events);
        Assert.Equal((0, 100), ((int)again["recorded"]!, (int)again["duplicates"]!));
    }

    [Fact]
    public async Task Rows_come_newest_first_in_pages_and_by_what_they_say()
    {
        var events = Enumerable.Range(0, 5).Select(i => Usage(i)).ToList();
        await Post([.. events, Usage(9) with { Namespace = "elsewhere" }]);

        var first = (await _catalogue.Get($"{Root}/usage?limit=3")).ExpectOk().Json;
        Assert.Equal(["r4", "r3", "r2"], Requests(first));
        var second = (await _catalogue.Get($"{Root}/usage?limit=3&after={first["after"]}")).ExpectOk().Json;
        Assert.Equal(["r1", "r0"], Requests(second));
        Assert.Null(second["after"]);
        Assert.Equal(["r3", "r1"], Requests((await _catalogue.Get($"{Root}/usage?model=odd")).Json));
        Assert.Equal(["r2"], Requests((await _catalogue.Get($"{Root}/usage?requestId=r2&key=k")).Json));
        Assert.Equal(["r1"], Requests((await _catalogue.Get($"{Root}/usage?traceId={events[1].TraceId}")).Json));

        var read = JsonSerializer.Deserialize(second["items"]![0]!.ToJsonString(), ContractsJson.Default.UsageEvent);
        Assert.Equal(events[1], read);
    }

    [Fact]
    public async Task A_bad_batch_is_refused_whole_with_what_is_wrong()
    {
        var answer = await _catalogue.Post("/internal/usage", Batch([Usage(0), Usage(1) with { Outcome = "fine", PromptTokens = -1, TraceId = "x" }]), Internal);
        Assert.Equal(
            ["events[1].outcome", "events[1].traceId", "events[1].promptTokens"],
            answer.Expect(HttpStatusCode.BadRequest).Errors.Select(error => (string)error["path"]!));
        Assert.Empty(Requests((await _catalogue.Get($"{Root}/usage")).Json));

        var tooMany = (await _catalogue.Post("/internal/usage", Batch([.. Enumerable.Range(0, 1001).Select(i => Usage(i))]), Internal)).Expect(HttpStatusCode.BadRequest);
        Assert.Equal("'events' holds 1001 events; expected 1 to 1000. Post the rest in further batches.", (string?)tooMany.Json["detail"]);
        (await _catalogue.Post("/internal/usage", "nonsense", Internal)).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Post("/internal/usage", "{\"events\":[{\"id\":\"x\"}]}", Internal)).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Post("/internal/usage", new string(' ', 5_000_000), Internal)).Expect(HttpStatusCode.RequestEntityTooLarge);
    }

    private async Task<JsonNode> Post(IReadOnlyList<UsageEvent> events) => (await _catalogue.Post("/internal/usage", Batch(events), Internal)).ExpectOk().Json;

    private static string Batch(IReadOnlyList<UsageEvent> events) => JsonSerializer.Serialize(new UsageBatch(events), ContractsJson.Default.UsageBatch);

    private static IEnumerable<string> Requests(JsonNode list) => list["items"]!.AsArray().Select(item => (string)item!["requestId"]!);

    private static UsageEvent Usage(int i)
    {
        var at = DateTimeOffset.UnixEpoch.AddSeconds(i);
        return new UsageEvent
        {
            Id = Guid.CreateVersion7(at),
            Namespace = "default",
            Key = "k",
            RequestId = $"r{i}",
            TraceId = $"{i:x32}",
            Operation = "chat",
            Model = i % 2 == 0 ? "even" : "odd",
            Provider = "p",
            PromptTokens = i,
            CompletionTokens = 2,
            Status = 200,
            Outcome = UsageOutcomes.Completed,
            StartedAt = at,
            DurationMs = 1.5,
        };
    }
}
