using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;
using Orrery.Builder.Targets.Container;
using Orrery.Tests.Catalogue;
using Orrery.Tests.Gateway.Clients;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

/// <summary>A Catalogue, a Gateway and a Builder that runs what is declared as containers of this machine's podman.</summary>
internal sealed class ContainerStory : IAsyncDisposable
{
    private readonly string _installation;

    private ContainerStory(BuilderWorld world, string installation) => (World, _installation) = (world, installation);

    public BuilderWorld World { get; }

    public static async Task<ContainerStory> StartAsync(PostgresServer postgres, string name, params string[] more)
    {
        var installation = $"{Leftovers.Mine}-{name}";
        string[] settings =
        [
            "Builder:Target=container", $"Builder:Installation={installation}", "Builder:Container:Tool=podman", $"Builder:Container:Prefix={Leftovers.Mine}",
            "Builder:Container:Overcommit=0", // What else runs on this machine is nothing to most of these tests.
            .. ServerImage.Limits.Select((argument, index) => $"Builder:Container:Arguments:{index}={argument}"), .. more,
        ];
        return new ContainerStory(await BuilderWorld.StartAsync(postgres, startsBuilder: true, settings: settings), installation);
    }

    /// <summary>What OpenAI's client for JavaScript gets of these models.</summary>
    public Task<JsonElement> AskWithOpenAi(params string[] models) => NodeScript.RunAsync(
        "deployed.mjs", "openai", ("OPENAI_BASE_URL", new Uri(World.Gateway.BaseAddress!, "/v1").ToString()), ("OPENAI_API_KEY", CatalogueReplica.FirstKey), ("MODELS", string.Join(',', models)));

    /// <summary>The models that the gateway lists.</summary>
    public async Task<IReadOnlyList<string>> Listed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new("Bearer", CatalogueReplica.FirstKey) } };
        using var response = await World.Gateway.SendAsync(request);
        return [.. JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]!.AsArray().Select(model => (string)model!["id"]!)];
    }

    public async Task<IReadOnlyList<JsonNode>> Replicas(string name) => [.. (await World.Catalogue.Get($"/deployments/{name}/replicas")).ExpectOk().Json["data"]!.AsArray().Select(one => one!)];

    /// <summary>Ids of this installation's containers by name, those that have ended included.</summary>
    public async Task<IReadOnlyDictionary<string, string>> Containers() =>
        Lines((await ContainerWorld.PodmanAsync("ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.ID}}", "--filter", $"label={ContainerLabels.InstallationLabel}={_installation}")).Text)
            .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);

    /// <summary>
    /// All that a deployment may leave behind, a line each: containers, volumes, networks, the gateway's providers, and rows. Only what is named as this run names it: podman is everybody's.
    /// </summary>
    public async Task<IReadOnlyList<string>> Holdings()
    {
        var networks = Lines((await ContainerWorld.PodmanAsync("network", "ls", "--format", "{{.Name}}")).Text).Where(name => name.StartsWith($"{Leftovers.Mine}-default-", StringComparison.Ordinal));
        var providers = (await World.Catalogue.Get($"{CatalogueReplica.Root}/modelproviders")).ExpectOk().Json["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!);
        await using var database = new NpgsqlConnection(World.Database);
        var rows = await database.QueryAsync<(string Table, long Count)>(
            "SELECT 'deployments', count(*) FROM builder.deployments UNION ALL SELECT 'revisions', count(*) FROM builder.revisions UNION ALL SELECT 'replicas', count(*) FROM builder.replicas");
        return
        [
            .. (await Containers()).Keys.Select(name => $"container {name}"), .. (await ContainerWorld.VolumesAsync()).Select(name => $"volume {name}"), .. networks.Select(name => $"network {name}"),
            .. providers.Select(name => $"provider {name}"), .. rows.Select(row => $"{row.Count} {row.Table}"),
        ];
    }

    public async Task Delete(string name)
    {
        (await World.Catalogue.Delete($"{CatalogueReplica.Root}/modeldeployments/{name}")).ExpectOk();
        await Eventually.Holds(async () => (await World.Catalogue.Get($"{CatalogueReplica.Root}/modeldeployments/{name}")).Status, status => status == HttpStatusCode.NotFound);
    }

    /// <summary>Takes away what a test that failed has left.</summary>
    public async ValueTask DisposeAsync()
    {
        await World.StopBuilderAsync();
        foreach (var container in (await Containers()).Values)
        {
            await ContainerWorld.PodmanAsync("rm", "--force", "--volumes", "--time", "0", container);
        }

        foreach (var volume in await ContainerWorld.VolumesAsync())
        {
            await ContainerWorld.PodmanAsync("volume", "rm", volume);
        }

        await World.DisposeAsync();
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
