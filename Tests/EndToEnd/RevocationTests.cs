using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Orrery.Tests.EndToEnd;

/// <summary>A revoked key is refused by every gateway within a second of the revoking call's answer (design D4).</summary>
[Collection(RunningGraphCollection.Name)]
public sealed class RevocationTests(RunningGraph graph, ITestOutputHelper output)
{
    private const string Keys = "/apis/orrery.dev/v1/accesskeys";
    private static readonly TimeSpan Goal = TimeSpan.FromSeconds(1);

    private CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_revoked_key_is_refused_by_both_gateways_within_a_second()
    {
        var worst = await RevokeAndMeasure(tries: 10);

        Assert.True(worst[^1] < Goal, $"The slowest of {worst.Count} revocations took {worst[^1].TotalMilliseconds:0} ms.");
    }

    [Theory]
    [InlineData("-CONT")]
    [InlineData("-STOP")]
    [Trait("Category", "Long")]
    public async Task A_hundred_revocations_are_refused_by_both_gateways_within_a_second_whether_Redis_runs_or_hangs(string redis)
    {
        await GraphProcess.Signal(graph.Pid("redis"), redis);
        try
        {
            var times = await RevokeAndMeasure(tries: 100);

            output.WriteLine($"Redis {redis}: p50 {times[49].TotalMilliseconds:0.0} ms, p99 {times[98].TotalMilliseconds:0.0} ms, worst {times[99].TotalMilliseconds:0.0} ms");
            Assert.True(times[98] < Goal, $"p99 is {times[98].TotalMilliseconds:0} ms.");
        }
        finally
        {
            await GraphProcess.Signal(graph.Pid("redis"), "-CONT");
        }
    }

    /// <returns>From the revoking call's answer to the last gateway's first 401, sorted.</returns>
    private async Task<List<TimeSpan>> RevokeAndMeasure(int tries)
    {
        using var catalogue = graph.CatalogueClient();
        var times = new List<TimeSpan>();
        for (var i = 0; i < tries; i++)
        {
            var name = $"revoked-{Guid.CreateVersion7():n}"[..24];
            var made = await catalogue.PutAsJsonAsync($"{Keys}/{name}", new { apiVersion = "orrery.dev/v1", kind = "AccessKey", metadata = new { name }, spec = new { description = "to be revoked" } }, Token);
            made.EnsureSuccessStatusCode();
            var token = (await made.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("token").GetString()!;
            var gateways = graph.GatewayReplicas(token);
            foreach (var gateway in gateways)
            {
                await Eventually.Holds(() => Status(gateway), status => status == HttpStatusCode.OK);
            }

            (await catalogue.DeleteAsync($"{Keys}/{name}", Token)).EnsureSuccessStatusCode();
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(gateways.Select(gateway => Eventually.Holds(() => Status(gateway), status => status == HttpStatusCode.Unauthorized)));
            times.Add(clock.Elapsed);
            gateways.ForEach(gateway => gateway.Dispose());
        }

        times.Sort();
        return times;
    }

    private async Task<HttpStatusCode> Status(HttpClient gateway)
    {
        using var response = await gateway.GetAsync("/v1/models", Token);
        return response.StatusCode;
    }
}
