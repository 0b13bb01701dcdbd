using System.Net;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Deployments;

/// <summary>What is asked before an image is built without a deployment.</summary>
public sealed class BuildQuestionTests(PostgresServer postgres)
{
    private const string Own = "id: own, modelType: chat, engine: vllm, weights: 16GB";

    [Theory]
    [InlineData("repo: mistralai/Codestral-22B-v0.1, licence: MIT", "No image of own is built: Licence MNPL-0.1 (acceptance): The Catalogue's entry 'codestral-22b' has the same repository")]
    [InlineData("repo: acme/own", "No image of own is built: Licence (deny): The entry names no licence.")]
    [InlineData("repo: acme/own, licence: MIT, remoteCode: true", "No image of own is built: Remote code of acme/own (acceptance): ")]
    public async Task What_may_not_be_deployed_is_not_built(string more, string fault)
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply($"{{kind: Model, metadata: {{name: own}}, spec: {{{Own}, {more}}}}}")).ExpectOk();
        var answer = (await catalogue.Post("/builds?model=own", "")).Expect(HttpStatusCode.Conflict);
        Assert.Equal("LicenceRefused", (string?)answer.Json["title"]);
        Assert.StartsWith(fault, (string?)answer.Json["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_open_goes_on_to_the_Builder()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply($"{{kind: Model, metadata: {{name: own}}, spec: {{{Own}, repo: acme/own, licence: MIT, dockerfile: 'FROM scratch'}}}}")).ExpectOk();
        Assert.Equal("No Builder", (string?)(await catalogue.Post("/builds?model=own", "")).Expect(HttpStatusCode.ServiceUnavailable).Json["title"]);
    }
}
