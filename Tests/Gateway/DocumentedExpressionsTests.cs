using System.Text.RegularExpressions;
using Orrery.Catalogue.Compilation;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;
using Orrery.Contracts.Expressions;
using Orrery.Expressions;
using Orrery.Gateway;
using Orrery.Tests.Catalogue.Pasted;
using static Orrery.Tests.Gateway.ChoiceWorld;

namespace Orrery.Tests.Gateway;

/// <summary>The routes in docs/routing.md's section on expressions, read from the page: each is applied as it stands there and does what the page says.</summary>
public sealed partial class DocumentedExpressionsTests
{
    private static readonly string Section = Text();

    [Fact]
    public void The_page_has_five_routes_and_each_is_taken_as_it_stands() =>
        Assert.Equal(["long-or-seen", "agents", "burst", "nearby", "stays-here"], Examples().Select(route => route.Name));

    [Fact]
    public async Task Long_prompts_and_pictures_go_to_the_larger_model()
    {
        await using var world = await StartAsync("long-or-seen");
        Assert.Equal("qwen3-vl", await AnsweringModel(world, Chat("small", content: "\"" + string.Join(' ', Enumerable.Repeat("word", 7_000)) + "\"")));
        Assert.Equal("qwen3-vl", await AnsweringModel(world, Chat("small", content: """[{"type":"image_url","image_url":{"url":"https://pictures.example/a.png"}}]""")));
        Assert.Equal("small", await AnsweringModel(world, Chat("small")));
    }

    [Fact]
    public async Task Requests_of_agents_with_tools_go_to_the_coder()
    {
        const string Tools = ",\"tools\":[{}]";
        await using var world = await StartAsync("agents", team: "agents");
        Assert.Equal("qwen3-coder", await AnsweringModel(world, Chat("small", Tools)));
        Assert.Equal("small", await AnsweringModel(world, Chat("small", ",\"tools\":[]")));
        Assert.Equal("small", await AnsweringModel(world, Chat("small")));
        await using var others = await StartAsync("agents", team: "people");
        Assert.Equal("small", await AnsweringModel(others, Chat("small", Tools)));
    }

    [Fact]
    public async Task The_own_servers_answer_until_they_are_busy_and_then_everybody_does()
    {
        await using var world = await StartAsync("burst");
        using (var calm = await world.AskAsync(Chat("Qwen/Qwen3-8B")))
        {
            Assert.Equal(["vllm-local/Qwen/Qwen3-8B"], Candidates(calm));
        }

        var gate = new TaskCompletionSource();
        var answer = world.Local.Script;
        world.Local.Script = async http =>
        {
            await gate.Task;
            await answer(http);
        };
        var busy = Enumerable.Range(0, 64).Select(_ => world.World.PostAsync(Chat("Qwen/Qwen3-8B"))).ToList();
        await Eventually.Holds(() => world.Local.Requests.Count >= 65);
        using (var burst = await world.AskAsync(Chat("Qwen/Qwen3-8B", ",\"routing\":{\"providers\":[\"vendor\",\"vllm-local\"]}")))
        {
            Assert.Equal(["vendor/Qwen/Qwen3-8B", "vllm-local/Qwen/Qwen3-8B"], Candidates(burst));
        }

        gate.SetResult();
        foreach (var response in await Task.WhenAll(busy))
        {
            response.Dispose();
        }
    }

    [Fact]
    public async Task Any_model_near_the_client_answers_the_cheapest_first_and_without_a_wish_the_own_ones()
    {
        await using var world = await StartAsync("nearby");
        using var near = await world.AskAsync(Chat("auto"), ("X-Region", "us"));
        Assert.Equal(["vendor/Qwen/Qwen3-8B", "vendor/qwen3-coder"], Candidates(near));
        foreach (var headers in new[] { [], new[] { ("X-Region", "mars") } })
        {
            using var own = await world.AskAsync(Chat("auto"), headers);
            Assert.Equal(["vllm-local/Qwen/Qwen3-8B", "vllm-local/qwen3-vl", "vllm-local/small"], Candidates(own).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task What_is_regulated_stays_here_whatever_another_route_says()
    {
        await using var world = await StartAsync("stays-here", more: document => document with { Routes = [.. document.Routes, Route("commercial", null, "qwen3-coder") with { Order = 1 }] });
        Assert.Equal("vendor", await world.ProviderOf(Chat("Qwen/Qwen3-8B")));
        using var refused = await world.AskAsync(Chat("Qwen/Qwen3-8B"), ("X-Orrery-Tags", "regulated"));
        Assert.Equal("provider_not_allowed", (await ErrorBody.ReadAsync(refused)).Code);
        await using var clinic = await StartAsync("stays-here", key: "clinic-7");
        using var here = await clinic.AskAsync(Chat("Qwen/Qwen3-8B"));
        Assert.Equal(["vllm-local/Qwen/Qwen3-8B"], Candidates(here));
    }

    [Fact]
    public async Task The_pasted_configuration_of_its_page_does_what_the_page_says()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "pasted-configurations.md"), TestContext.Current.CancellationToken);
        var yaml = page[page.IndexOf("```yaml\non_http_request", StringComparison.Ordinal)..].Split("```")[1]["yaml\n".Length..];
        await using var world = await ChoiceWorld.StartAsync(document =>
        {
            var compiled = Compiled(PastedReading.Of(yaml).WithoutErrors());
            return document with
            {
                Routes = compiled.Routes,
                Providers = [.. document.Providers.Where(provider => provider.Name == "other"), .. compiled.Providers.Select(provider => provider with
                {
                    Endpoints = document.Providers.Single(own => own.Name == (provider.Name == "openai" ? "vendor" : "vllm-local")).Endpoints,
                })],
                Models = [Model("coder", ("other", null)), .. compiled.Models],
            };
        });
        Assert.Equal(("ai-gateway", 1_000), (world.World.Current.Value!.Document.Routes[0].Name, world.World.Current.Value.Document.Routes[0].Order));
        using var any = await world.AskAsync(Chat("auto"));
        Assert.Equal(["my-provider/llama3"], Candidates(any));
        Assert.Equal("openai", await world.ProviderOf(Chat("gpt-4o"))); // The first expression gives nobody who serves it.
        using var closed = await world.AskAsync(Chat("coder"));
        Assert.Contains("only_allow_configured_providers", (await ErrorBody.ReadAsync(closed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_has_every_name_and_no_other()
    {
        var documented = Section.Split('\n').SkipWhile(line => line != "| name | type | |").TakeWhile(line => line.StartsWith('|')).SelectMany(line => Quoted.Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value)).ToHashSet();
        var known = new[] { ("request", (ObjectType)RouteScope.Request), ("key", RouteScope.Key), ("team", RouteScope.Team), ("m", RouteScope.Model) }
            .SelectMany(entry => entry.Item2.MemberNames.Select(member => $"{entry.Item1}.{member}"))
            .Where(name => name != "m.pricing")
            .Concat(RouteScope.Pricing.MemberNames.Select(member => $"m.pricing.{member}"))
            .Append("ai.models");
        Assert.Equal(known.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_has_every_operation()
    {
        var cell = Section.Split('\n').Single(line => line.StartsWith("| `request.operation`", StringComparison.Ordinal));
        Assert.All(Operation.All.Append(Operation.TokenCount).Append(Operation.PassThrough("/tokenize")), operation => Assert.Contains($"`{operation.Name}`", cell, StringComparison.Ordinal));
    }

    private static async Task<string> AnsweringModel(ChoiceWorld world, string body)
    {
        using var response = await world.AskAsync(body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return Explanation(response).GetProperty("candidates")[0].GetProperty("model").GetString()!;
    }

    private static Task<ChoiceWorld> StartAsync(string example, string? team = null, string key = "team-key", Func<SnapshotDocument, SnapshotDocument>? more = null) => ChoiceWorld.StartAsync(document =>
    {
        document = document with
        {
            Models =
            [
                Model("small", ("vllm-local", null)),
                Model("qwen3-vl", ("vllm-local", null)) with { ModelType = ModelTypes.Multimodal },
                Model("qwen3-coder", ("vendor", 3.0)),
                Model("Qwen/Qwen3-8B", ("vllm-local", null), ("vendor", 2.0)),
            ],
            Keys = [GatewayWorld.AccessKey(name: key) with { Team = team }],
            Teams = team is null ? [] : [new SnapshotTeam { Namespace = "default", Name = team }],
            Routes = [Examples().Single(route => route.Name == example)],
        };
        return more?.Invoke(document) ?? document;
    });

    /// <summary>As the Catalogue reads and compiles them.</summary>
    private static IReadOnlyList<SnapshotRoute> Examples()
    {
        var yaml = Section.Split("```yaml\n")[1].Split("```")[0];
        var reading = PastedReading.Of(yaml).WithoutErrors();
        return [.. reading.Resources.Select(one => Compiled(reading).Routes.Single(route => route.Name == one.Metadata.Name))];
    }

    private static NamespaceSnapshot Compiled(PastedReading reading) => SnapshotCompiler.Compile(
        "default", reading.Resources.Select(one => new StoredResource(one.Definition.Kind, one.Metadata with { ResourceVersion = "1" }, one.Spec, null, "test")));

    private static string Text()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "routing.md"));
        return page[page.IndexOf("\n## Expressions\n", StringComparison.Ordinal)..];
    }

    [GeneratedRegex(@"`([a-z_]+\.[a-z_.]+)`")]
    private static partial Regex Quoted { get; }
}
