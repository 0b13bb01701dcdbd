using System.Text.Json.Nodes;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Deployments;

/// <summary>What the Builder is told of a deployment's model: how it is started, and what of its licences and its code stands in the way.</summary>
public sealed class BriefTests(PostgresServer postgres)
{
    private const string Codestral = "mistralai/Codestral-22B-v0.1";
    private const string Waits = "Licence MNPL-0.1 (acceptance): The Catalogue's entry 'codestral-22b' has the same repository, mistralai/Codestral-22B-v0.1, under it.";

    [Theory]
    [InlineData("""[{"id":"a","repo":"acme/a-lora"},{"id":"b","path":"own/b"}]""", "--enable-lora --max-loras 2 --lora-modules a=acme/a-lora b=/models/own/b")]
    [InlineData("""[{"id":"a=1","repo":"acme/a-lora"}]""", """--enable-lora --max-loras 1 --lora-modules {"name":"a=1","path":"acme/a-lora"}""")]
    [InlineData("""[{"id":"-a","path":"own/a, é"}]""", """--enable-lora --max-loras 1 --lora-modules {"name":"-a","path":"/models/own/a, é"}""")]
    public async Task Adapters_become_the_flags_that_vLLM_reads(string adapters, string expected)
    {
        var brief = await Ask($"\"adapters\":{adapters}");
        Assert.Empty(Faults(brief));
        Assert.Equal("acme/chat --served-model-name acme-chat --host 0.0.0.0 --port 8000 " + expected, Arguments(brief));
    }

    [Fact]
    public async Task An_adapter_that_the_entry_brings_stays_beside_those_of_the_deployment()
    {
        var brief = await Ask(
            """ "adapters":[{"id":"a","repo":"acme/a-lora"}]""", Entry(""" "arguments":{"--lora-modules":"speech=acme/chat"},"""));
        Assert.Contains("--lora-modules speech=acme/chat a=acme/a-lora", Arguments(brief), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Weights_of_ones_own_are_loaded_in_the_models_place_under_its_name()
    {
        var brief = await Ask(""" "weights":{"repo":"acme/tuned","revision":"abc"}""");
        Assert.StartsWith("acme/tuned --revision abc --served-model-name acme-chat ", Arguments(brief), StringComparison.Ordinal);
        Assert.StartsWith("/models/own/tuned --served-model-name acme-chat ", Arguments(await Ask(""" "weights":{"path":"own/tuned"}""")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($$""" "weights":{"repo":"{{Codestral}}"} """)]
    [InlineData($$""" "adapters":[{"id":"a","repo":"acme/a"},{"id":"b","repo":"{{Codestral}}"}]""")]
    public async Task A_repository_that_the_catalogue_knows_keeps_its_licence_also_as_an_adapter_or_as_weights_of_ones_own(string spec)
    {
        var fault = Assert.Single(Faults(await Ask(spec)));
        Assert.Equal("LicenceRefused", (string?)fault["reason"]);
        Assert.StartsWith(Waits, (string?)fault["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Weights_of_ones_own_do_not_come_around_the_licence_of_the_model_that_they_replace()
    {
        var fault = Assert.Single(Faults(await Ask(""" "weights":{"repo":"acme/tuned"}""", Entry(repo: Codestral))));
        Assert.StartsWith(Waits, (string?)fault["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "arguments":{"--trust-remote-code":true}""")]
    [InlineData(""" "environment":{"TRUST_REMOTE_CODE":"1"}""")]
    public async Task Code_of_a_repository_that_the_deployment_lets_run_waits_for_its_acceptance(string spec)
    {
        var fault = Assert.Single(Faults(await Ask(spec)));
        Assert.Equal("LicenceRefused", (string?)fault["reason"]);
        Assert.StartsWith("Remote code of acme/chat (acceptance): ", (string?)fault["message"], StringComparison.Ordinal);
    }

    private async Task<JsonNode> Ask(string more, string? entry = null)
    {
        var question = $$"""{"namespace":"default","spec":{"gpu":{"count":0},"entry":{{entry ?? Entry()}},{{more}} } }""";
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        return (await catalogue.Send(HttpMethod.Post, "/internal/deployments/brief", question, Internal, "application/json")).ExpectOk().Json;
    }

    private static IReadOnlyList<JsonNode> Faults(JsonNode brief) => [.. (brief["faults"]?.AsArray() ?? []).Select(fault => fault!)];

    private static string Arguments(JsonNode brief) => string.Join(' ', brief["choices"]![0]!["arguments"]!.AsArray().Select(word => (string?)word));

    private static string Entry(string more = "", string repo = "acme/chat") =>
        $$"""{"id":"acme-chat","modelType":"chat","engine":"vllm",{{more}}"repo":"{{repo}}","licence":"Apache-2.0","parameters":"8B","weights":"16GB","dtype":"bf16","contextWindow":4096}""";
}
