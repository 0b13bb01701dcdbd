using System.Text;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>Usage reaches the Catalogue exactly once, whatever happens on the way.</summary>
public sealed class UsageSpoolTests
{
    [Fact]
    public async Task What_a_killed_gateway_left_on_disk_is_sent_by_the_next()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.Catalogue.FailsAfterRecording = true; // So that nothing is deleted.
        for (var i = 0; i < 5; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
        }

        await Eventually.Holds(() => LinesIn(Path.Combine(world.DataDirectory, "slot-0")) == 5);

        // The directory as a kill -9 leaves it, with a last record that was not finished.
        var copy = Path.Combine(world.DataDirectory, "copy");
        Directory.CreateDirectory(Path.Combine(copy, "slot-0"));
        foreach (var file in Directory.GetFiles(Path.Combine(world.DataDirectory, "slot-0"), "*.usage"))
        {
            File.Copy(file, Path.Combine(copy, "slot-0", Path.GetFileName(file)));
        }

        var left = Directory.GetFiles(Path.Combine(copy, "slot-0"), "*.usage")
            .SelectMany(File.ReadLines)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetGuid())
            .ToList();
        await File.AppendAllTextAsync(Directory.GetFiles(Path.Combine(copy, "slot-0"), "*.usage").Max()!, "{\"id\":\"0198");

        await using var after = await FakeCatalogue.StartAsync(GatewayWorld.Document(engine));
        await using (var next = world.Build(copy, after.Address))
        {
            await next.StartAsync();
            await Eventually.Holds(() => after.Usage.Count == 5 && !Directory.EnumerateFiles(Path.Combine(copy, "slot-0"), "*.usage").Any());
            await next.StopAsync();
        }

        Assert.Equal(left.Order(), after.Usage.Select(used => used.Id).Order());
        world.Catalogue.FailsAfterRecording = false;
    }

    [Fact]
    public async Task A_catalogue_that_records_and_then_fails_has_each_event_once()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.Catalogue.FailsAfterRecording = true;
        for (var i = 0; i < 20; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
        }

        await Eventually.Holds(() => world.Catalogue.Duplicates > 0);
        world.Catalogue.FailsAfterRecording = false;
        await Eventually.Holds(() => world.Catalogue.Usage.Count == 20 && LinesIn(Path.Combine(world.DataDirectory, "slot-0")) == 0);
    }

    [Fact]
    public async Task An_event_that_the_catalogue_will_never_take_is_set_aside_and_holds_nobody_up()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.ExpectError("UsageSetAside");
        world.Catalogue.RefusedRequestId = "the-refused-one";
        foreach (var id in new[] { "before", "the-refused-one", "after" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(GatewayWorld.Chat(), Encoding.UTF8, "application/json") };
            request.Headers.Add(OrreryHeaders.RequestId, id);
            using var response = await world.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        await Eventually.Holds(() => world.Catalogue.Usage.Count == 2 && LinesIn(Path.Combine(world.DataDirectory, "slot-0")) == 0);
        Assert.Equal(["after", "before"], world.Catalogue.Usage.Select(used => used.RequestId).Order(StringComparer.Ordinal));
        var kept = Directory.GetFiles(Path.Combine(world.DataDirectory, "slot-0"), "*.refused").Select(File.ReadAllText);
        Assert.Contains("the-refused-one", Assert.Single(kept));
    }

    [Fact]
    public async Task A_stop_brings_home_what_is_left()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:UsageInterval=00:01:00");
        for (var i = 0; i < 10; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
        }

        await world.StopGatewayAsync();
        Assert.Equal(10, world.Catalogue.Usage.Count);
        Assert.Empty(Directory.GetFiles(Path.Combine(world.DataDirectory, "slot-0"), "*.usage"));
    }

    [Fact]
    public async Task Replicas_share_a_directory_and_one_sends_what_another_left()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var leaving = Path.Combine(world.DataDirectory, "leaving");
        Directory.CreateDirectory(leaving);
        var left = new UsageEvent
        {
            Id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()),
            Namespace = "default",
            Key = "k",
            RequestId = "r",
            Operation = "chat",
            Model = "m",
            Outcome = UsageOutcomes.Completed,
        };
        await File.WriteAllTextAsync(Path.Combine(leaving, "0000000000000001.usage"), JsonSerializer.Serialize(left, ContractsJson.Default.UsageEvent) + "\n");
        Directory.Move(leaving, Path.Combine(world.DataDirectory, "slot-1")); // Whole at once: the first replica may be looking for orphans just now.

        await using var second = world.Build(world.DataDirectory, world.Catalogue.Address);
        await second.StartAsync();
        await Eventually.Holds(() => world.Catalogue.Usage.Any(used => used.Id == left.Id));
        Assert.True(Directory.Exists(Path.Combine(world.DataDirectory, "slot-1")));
        await second.StopAsync();
    }

    [Fact]
    public async Task Hundreds_at_once_are_all_recorded_in_batches()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        await Parallel.ForAsync(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) =>
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            response.EnsureSuccessStatusCode();
        });
        await Eventually.Holds(() => world.Catalogue.Usage.Count == 600);
        Assert.InRange(world.Catalogue.Batches, 1, 300);
        Assert.Equal(600, world.Catalogue.Usage.Select(used => used.RequestId).Distinct().Count());
    }

    private static int LinesIn(string directory) => Directory.GetFiles(directory, "*.usage").Sum(path => File.ReadAllText(path).Count(character => character == '\n'));
}
