using System.Net;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Deployments;

/// <summary>GPU classes and Secrets that deployments stand upon.</summary>
public sealed class DeploymentChecksTests(PostgresServer postgres)
{
    private const string Chat = "{ name: chat, model: qwen3-8b, image: registry.example.com/a:1, gpu: { type: l4, count: 1 }, secrets: { HF_TOKEN: { name: hub, key: token } } }";

    [Fact]
    public async Task A_class_that_nobody_could_use_is_refused()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        foreach (var (document, path, expectation, remedy) in new[]
        {
            ("metadata: { name: l4, namespace: acme }", "metadata.namespace", "default: what GPUs there are is the installation's", "An administrator of 'default'"),
            ("metadata: { name: big }\nspec: { gpu: h100-08 }", "spec.gpu", "the id of a known GPU, or spec.memory beside it", "Did you mean 'h100-80'?"),
            ("metadata: { name: h100-81 }", "spec.gpu", "the id of a known GPU, since 'h100-81' is none's, or spec.memory", "Did you mean 'h100-80'?"),
            ("metadata: { name: big }", "spec.gpu", "the id of a known GPU, since 'big' is none's", "GET /gpus lists"),
        })
        {
            var answer = (await catalogue.Apply($"kind: GpuClass\n{document}")).Expect(HttpStatusCode.BadRequest);
            var error = Assert.Single(answer.Json["errors"]!.AsArray())!;
            Assert.Equal(path, (string?)error["path"]);
            Assert.StartsWith(expectation, (string?)error["expectation"], StringComparison.Ordinal);
            Assert.StartsWith(remedy, (string?)error["remedy"], StringComparison.Ordinal);
        }

        foreach (var document in new[] { "metadata: { name: l4 }", "metadata: { name: small }\nspec: { gpu: l4 }", "metadata: { name: own }\nspec: { gpu: made-up, memory: 48GB }", "metadata: { name: other }\nspec: { memory: 48GB }" })
        {
            (await catalogue.Apply($"kind: GpuClass\n{document}")).ExpectOk();
        }
    }

    [Fact]
    public async Task What_a_deployment_names_is_not_deleted_under_it()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply($$"""
            kind: GpuClass
            metadata: { name: l4 }
            ---
            kind: Secret
            metadata: { name: hub }
            spec: { data: { token: t, other: o } }
            ---
            {{Chat}}
            ---
            kind: ModelDeployment
            metadata: { name: chat, namespace: acme }
            spec: { model: qwen3-8b, image: registry.example.com/a:1, gpu: { type: l4 } }
            """)).ExpectOk();
        Assert.Equal(
            "GpuClass 'l4' is used by ModelDeployment 'chat' of namespace 'acme', ModelDeployment 'chat': delete or change those first.",
            Detail((await catalogue.Delete($"{Root}/gpuclasses/l4")).Expect(HttpStatusCode.Conflict)));
        Assert.Equal("Secret 'hub' is used by ModelDeployment 'chat': delete or change that first.", Detail((await catalogue.Delete($"{Root}/secrets/hub")).Expect(HttpStatusCode.Conflict)));
        var without = await catalogue.Apply("kind: Secret\nmetadata: { name: hub }\nspec: { data: { other: o } }");
        Assert.Equal("the key 'token', which ModelDeployment 'chat' uses", (string?)without.Expect(HttpStatusCode.BadRequest).Json["errors"]![0]!["expectation"]);
        (await catalogue.Apply("kind: Secret\nmetadata: { name: hub }\nspec: { data: { token: t } }")).ExpectOk();

        (await catalogue.Apply(
            "kind: Model\nmetadata: { name: own }\nspec: { id: own-8b, aliases: [own], modelType: chat, engine: vllm, repo: acme/own, licence: MIT, parameters: 8B, weights: 16GB, dtype: bf16, contextWindow: 4096 }\n---\n"
            + "kind: ModelDeployment\nmetadata: { name: own }\nspec: { model: own, image: registry.example.com/a:1 }")).ExpectOk();
        Assert.Equal("Model 'own' is used by ModelDeployment 'own': delete or change that first.", Detail((await catalogue.Delete($"{Root}/models/own")).Expect(HttpStatusCode.Conflict)));
        (await catalogue.Delete($"{Root}/modeldeployments/own")).ExpectOk();
        (await catalogue.Delete($"{Root}/models/own")).ExpectOk();

        // They go when nobody names them any more.
        (await catalogue.Delete($"{Root}/modeldeployments/chat")).ExpectOk();
        (await catalogue.Delete($"{Root}/secrets/hub")).ExpectOk();
        (await catalogue.Apply("kind: ModelDeployment\nmetadata: { name: chat, namespace: acme }\nspec: { model: qwen3-8b, image: registry.example.com/a:1 }")).ExpectOk();
        (await catalogue.Delete($"{Root}/gpuclasses/l4")).ExpectOk();
    }

    private static string? Detail(Answer answer) => (string?)answer.Json["detail"];
}
