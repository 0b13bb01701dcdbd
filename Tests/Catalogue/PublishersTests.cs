using System.Net;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>Who writes models and has images built, and decides nothing about what runs.</summary>
public sealed class PublishersTests(PostgresServer postgres)
{
    private const string Own = "kind: Model\nmetadata: { name: own }\nspec: { id: own-8b, modelType: chat, engine: vllm, repo: acme/own, licence: MIT, parameters: 8B, weights: 16GB, dtype: bf16, contextWindow: 4096 }\n";

    [Fact]
    public async Task A_publisher_writes_models_and_nothing_else()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var key = (string)(await catalogue.Put($"{Root}/accesskeys/ci", Documents.Key("ci", role: "publisher"))).ExpectOk().Json["token"]!;
        (await catalogue.Apply(Own, token: key)).ExpectOk();
        (await catalogue.Get($"{Root}/models/own", key)).ExpectOk();
        (await catalogue.Get($"{Root}/modeldeployments", key)).ExpectOk();

        // One document of another kind refuses all of them, and so does one that prune would take away.
        var mixed = (await catalogue.Apply(Own.Replace("MIT", "Apache-2.0", StringComparison.Ordinal) + "---\nkind: ModelDeployment\nmetadata: { name: chat }\nspec: { model: own-8b }\n", token: key)).Expect(HttpStatusCode.Forbidden);
        Assert.Equal(
            "Your access key has the role 'publisher', which writes the kind Model and has images built; a ModelDeployment needs an 'administrator'. Nothing was changed.", (string?)mixed.Json["detail"]);
        Assert.Equal("MIT", (string?)(await catalogue.Get($"{Root}/models/own", key)).Json["spec"]!["licence"]);
        (await catalogue.Apply("kind: Secret\nmetadata: { name: s }\nspec: { data: { a: b } }", "?manager=other")).ExpectOk();
        (await catalogue.Post($"{Root}/apply?manager=other&prune=true", Own.Replace("name: own", "name: other", StringComparison.Ordinal).Replace("own-8b", "other-8b", StringComparison.Ordinal), key)).Expect(HttpStatusCode.Forbidden);
        (await catalogue.Get($"{Root}/secrets/s")).ExpectOk();
        (await catalogue.Put($"{Root}/accesskeys/more", Documents.Key("more", role: "administrator"), key)).Expect(HttpStatusCode.Forbidden);
        (await catalogue.Delete($"{Root}/secrets/s", key)).Expect(HttpStatusCode.Forbidden);
        (await catalogue.Post("/deployments/chat/restart", "", key)).Expect(HttpStatusCode.Forbidden);
        (await catalogue.Post("/models/qwen3-8b/pins", "", key)).Expect(HttpStatusCode.Forbidden);

        // Builds are its own; here there is nobody who builds.
        Assert.Contains("This installation runs no Builder", (string?)(await catalogue.Post("/builds?model=own-8b", "", key)).Expect(HttpStatusCode.ServiceUnavailable).Json["detail"], StringComparison.Ordinal);
        (await catalogue.Delete($"{Root}/models/own", key)).ExpectOk();
    }
}
