using System.Net;
using Orrery.ServiceDefaults;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder;

/// <summary>What one deployment gets wrong holds up no other, and nothing that serves.</summary>
public sealed class DeploymentFaultTests(PostgresServer postgres)
{
    private const string Gpus = "kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 16 }\n---\n";

    /// <summary>Refused, without a target, and running: each goes, again and again, and the Builder stays.</summary>
    [Fact]
    public async Task Deployments_are_deleted_and_the_Builder_goes_on()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Gpus + Deployment("runs", "qwen3-8b"))).ExpectOk();
        await world.Running("runs");
        for (var i = 0; i < 3; i++)
        {
            (await world.Apply(Deployment("refused", "llama-3.1-8b") + "---\n" + Deployment("elsewhere", "qwen3-8b", "target: kubernetes"))).ExpectOk();
            await world.Status("refused", status => (string?)status["phase"] == "error");
            await world.Status("elsewhere", status => (string?)status["phase"] == "error");
            (await world.Catalogue.Delete($"{Root}/modeldeployments/refused")).ExpectOk();
            (await world.Catalogue.Delete($"{Root}/modeldeployments/elsewhere")).ExpectOk();
            await Gone(world, "refused");
            await Gone(world, "elsewhere");
        }

        (await world.Catalogue.Delete($"{Root}/modeldeployments/runs")).ExpectOk();
        await Gone(world, "runs");
        (await world.Apply(Deployment("after", "qwen3-8b"))).ExpectOk();
        await world.Running("after");
    }

    [Fact]
    public async Task What_a_route_leads_to_is_not_taken_away_by_a_change_and_a_name_that_is_taken_is_no_name()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Gpus + Deployment("chat", "qwen3-8b"))).ExpectOk();
        await world.Running("chat");
        (await world.Apply("kind: Route\nmetadata: { name: r }\nspec: { match: { models: [front] }, target: chat/qwen3-8b }\n")).ExpectOk();

        (await world.Apply(Deployment("chat", "qwen3-4b"))).ExpectOk();
        var status = await world.Status("chat", told => ((string?)told["message"])?.Contains("is used by Route 'r'", StringComparison.Ordinal) == true);
        Assert.Equal(1, (int?)status!["revision"]);
        Assert.Equal(HttpStatusCode.OK, (await world.Ask("chat/qwen3-8b")).Status);
        Assert.Single(await world.SimulatedReplicas());

        (await world.Apply("kind: ModelProvider\nmetadata: { name: taken }\nspec: { provider: vllm, endpoint: 'http://localhost:9', models: [{ id: m }] }\n---\n" + Deployment("taken", "qwen3-8b"))).ExpectOk();
        status = await world.Status("taken", told => (string?)told["phase"] == "error");
        Assert.Contains("The ModelProvider 'taken' of namespace 'default' is there already, managed by 'operator'", (string?)status!["message"], StringComparison.Ordinal);
        Assert.Single(await world.SimulatedReplicas());
    }

    [Theory]
    [InlineData("model: qwen3-8b\nreplica: 2", 400, "spec.replica", "Did you mean 'replicas'?")]
    [InlineData("model: qwen3-8b\nreplicas: two", 400, "spec.replicas", "")]
    [InlineData("{ \"model\": ", 400, "", "")]
    [InlineData("kind: Route\nmetadata: { name: r }\nspec: { target: m }", 400, "expected one ModelDeployment of namespace 'default'", "")]
    [InlineData("model: qwen3-8b\ngpu: { type: l4 }", 200, "\"accepted\":true", "")]
    [InlineData("{ name: chat, model: qwen3-8b, gpu: { type: l4 } }", 200, "\"accepted\":true", "")]
    [InlineData("kind: ModelDeployment\nmetadata: { name: chat }\nspec: { model: qwen3-8b, gpu: { type: l4 } }", 200, "\"accepted\":true", "")]
    public async Task A_plan_is_held_against_the_rules_of_a_deployment(string text, int code, string told, string remedy)
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Gpus.TrimEnd('-', '\n'))).ExpectOk();
        var answer = await Eventually.Holds(() => world.Catalogue.Post("/deployments/plan", text), answer => answer.Text.Contains(told, StringComparison.Ordinal)); // The class comes to the Builder by itself.
        Assert.Equal(code, (int)answer.Status);
        Assert.Contains(remedy, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logs?tail=x", "tail is 'x'; expected a whole number from 0")]
    [InlineData("logs?tail=-2", "tail is '-2'; expected a whole number from 0")]
    [InlineData("logs?follow=yes", "follow is 'yes'; expected true or false")]
    [InlineData("events?limit=0", "limit is '0'; expected a whole number from 1 to 1000")]
    [InlineData("revisions?a=1", "There is no parameter 'a' here; expected none")]
    public async Task Parameters_that_cannot_be_are_refused_by_name_and_tell_nothing_of_the_services(string question, string told)
    {
        await using var world = await BuilderWorld.StartAsync(postgres, settings: "environment=Development"); // Where ASP.NET shows whoever asks the whole request.
        var answer = await world.Catalogue.Get($"/deployments/chat/{question}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(told, answer.Text, StringComparison.Ordinal);

        // Asked as the Catalogue would, the Builder answers no more than it has to.
        using var direct = new HttpClient(new SocketsHttpHandler()) { BaseAddress = world.Builder };
        direct.DefaultRequestHeaders.Add(InternalAuthentication.Header, new InternalTokens(InternalKey, TimeProvider.System).Create("catalogue"));
        using var response = await direct.GetAsync("/internal/namespaces/default/deployments/chat/logs?tail=x");
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain("headers", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Orrery-Internal", text, StringComparison.OrdinalIgnoreCase);
        using var negative = await direct.GetAsync("/internal/namespaces/default/deployments/chat/logs?tail=-2");
        Assert.Equal(HttpStatusCode.BadRequest, negative.StatusCode);
        Assert.Contains("tail is '-2'; expected a whole number from 0.", await negative.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task Gone(BuilderWorld world, string name) =>
        Eventually.Holds(async () => (await world.Catalogue.Get($"{Root}/modeldeployments/{name}")).Status, found => found == HttpStatusCode.NotFound);

    private static string Deployment(string name, string model, string more = "replicas: 1") => $"kind: ModelDeployment\nmetadata: {{ name: {name} }}\nspec: {{ model: {model}, rollout: {{ drain: 0s }}, {more} }}\n";
}
