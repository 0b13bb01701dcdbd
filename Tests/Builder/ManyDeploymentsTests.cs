using System.Diagnostics;
using System.Text;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder;

public sealed class ManyDeploymentsTests(PostgresServer postgres)
{
    private const int Many = 200;

    [Fact]
    public async Task Two_hundred_that_are_declared_at_once_all_run_within_five_minutes()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        var documents = new StringBuilder("kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 1000 }\n");
        for (var i = 0; i < Many; i++)
        {
            documents.Append(System.Globalization.CultureInfo.InvariantCulture, $"---\nkind: ModelDeployment\nmetadata: {{ name: d{i} }}\nspec: {{ entry: {{ id: m{i}, modelType: chat, engine: vllm, repo: acme/m{i}, licence: Apache-2.0, parameters: 1B, weights: 2GB, dtype: bf16, contextWindow: 4096 }} }}\n");
        }

        var clock = Stopwatch.StartNew();
        (await world.Apply(documents.ToString())).ExpectOk();
        var declared = clock.Elapsed;
        await Eventually.Holds(() => RunningAsync(world), running => running == Many, TimeSpan.FromMinutes(5));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Many} deployments: declared in {declared.TotalSeconds:0.0} s, all running after {clock.Elapsed.TotalSeconds:0.0} s; managed memory of this process, all services in it: {GC.GetTotalMemory(forceFullCollection: true) / 1e6:0} MB");
        Assert.Equal(Many, (await world.SimulatedReplicas()).Count);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await Eventually.Holds(() => world.Ask($"m{Many - 1}"), answer => answer.Status == System.Net.HttpStatusCode.OK)).Status);
    }

    private static async Task<int> RunningAsync(BuilderWorld world) =>
        (await world.Catalogue.Get($"{Root}/modeldeployments?limit=1000")).ExpectOk().Json["items"]!.AsArray().Count(item => (string?)item!["status"]?["phase"] == "running");
}
