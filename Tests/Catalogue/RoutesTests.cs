using System.Net;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>Routes as operators declare them: checked on their own and against what they lead to.</summary>
public sealed class RoutesTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await CatalogueReplica.StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_route_needs_what_it_leads_to_and_keeps_it_alive()
    {
        const string Route = "{kind: Route, metadata: {name: regulated}, spec: {match: {tag: regulated}, target: p1/m1, fallback: [p1]}}";
        var missing = (await _catalogue.Apply(Route)).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Equal(["spec.target", "spec.fallback[0]"], missing.Select(error => (string?)error!["path"]));
        Assert.Equal("a model's id or alias, or provider/model of namespace 'default'", (string?)missing[0]!["expectation"]);

        (await _catalogue.Apply(Documents.Many(Documents.Provider("p1", "m1"), Route))).ExpectOk();
        var conflict = (await _catalogue.Delete($"{Root}/modelproviders/p1")).Expect(HttpStatusCode.Conflict);
        Assert.Contains("'p1/m1' is used by Route 'regulated' (spec.target): delete or change that first.", (string?)conflict.Json["detail"], StringComparison.Ordinal);
        (await _catalogue.Delete($"{Root}/routes/regulated")).ExpectOk();
        (await _catalogue.Delete($"{Root}/modelproviders/p1")).ExpectOk();
    }

    [Fact]
    public async Task A_model_that_its_provider_denies_is_no_target()
    {
        const string Denying = "{kind: ModelProvider, metadata: {name: p1}, spec: {provider: vllm, endpoint: 'http://e1.internal:8000/v1', models: [{id: m1}, {id: m2}], deniedModels: [m2]}}";
        var refused = (await _catalogue.Apply(Documents.Many(Denying, "{kind: Route, metadata: {name: r}, spec: {target: m2, fallback: [m1, p1/m2]}}"))).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Equal(["spec.target", "spec.fallback[1]"], refused.Select(error => (string?)error!["path"]));
        (await _catalogue.Apply(Documents.Many(Denying, "{kind: Route, metadata: {name: r}, spec: {target: m1}}"))).ExpectOk();
    }

    [Fact]
    public async Task Both_spellings_and_every_field_are_read()
    {
        (await _catalogue.Apply(Documents.Many(
            Documents.Provider("p1", "m1"), Documents.Provider("p2", "m2"),
            "{kind: Route, metadata: {name: full}, spec: {order: 5, match: {models: [smart, m1], tags: [a], headers: {x-team: '*'}, keys: [k], input_tokens: {at_least: 10, at_most: 20}, modalities: [image]}, targets: [{model: m1, weight: 9}, {model: 'p2:m2'}], fallback: [], strategy: latency-optimized}}")))
            .ExpectOk();
        var spec = (await _catalogue.Get($"{Root}/routes/full")).ExpectOk().Json["spec"]!;
        Assert.Equal(10, (int?)spec["match"]!["inputTokens"]!["atLeast"]);
        Assert.Equal(1, (int?)spec["targets"]![1]!["weight"]);
        Assert.Empty(spec["fallback"]!.AsArray());
    }

    [Fact]
    public async Task A_mistake_in_an_expression_is_found_in_a_dry_run_where_it_stands_and_nothing_is_applied()
    {
        const string Text =
            """
            kind: Route
            metadata: {name: burst}
            spec:
              selection:
                - ai.models
                - ai.models.sortBy(m, m.inflight).filter(m, m.redy)
            """;
        foreach (var query in new[] { "?dryRun=true", "" })
        {
            var errors = (await _catalogue.Apply(Text, query)).Expect(HttpStatusCode.BadRequest).Errors;
            Assert.Equal(2, errors.Count); // All mistakes of one expression at once.
            Assert.All(errors, error => Assert.Equal(("spec.selection[1]", 6), ((string)error!["path"]!, (int)error["line"]!)));
            Assert.Equal([29, 51], errors.Select(error => (int)error!["column"]!)); // Where the mistakes are, and not where the field is.
            Assert.Equal("'inflight'", (string?)errors[0]!["value"]);
            Assert.Contains("at line 1, column 23 of the expression: unknown member of model", (string?)errors[0]!["expectation"], StringComparison.Ordinal);
            Assert.Equal(["Did you mean 'in_flight'?", "Did you mean 'ready'?"], errors.Select(error => (string?)error!["remedy"]));
        }

        (await _catalogue.Get($"{Root}/routes/burst")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_a_route_allows_is_there_when_it_is_applied_and_may_go_later()
    {
        const string Route = "{kind: Route, metadata: {name: bound}, spec: {allowedProviders: [p1, alias], allowedModels: [m1, p1/m1]}}";
        var missing = (await _catalogue.Apply(Route)).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Equal(
            ["spec.allowedProviders[0]", "spec.allowedProviders[1]", "spec.allowedModels[0]", "spec.allowedModels[1]"], missing.Select(error => (string?)error!["path"]));
        Assert.Equal("the name or an alias of a ModelProvider of namespace 'default'", (string?)missing[0]!["expectation"]);

        const string Named = "{kind: ModelProvider, metadata: {name: p1}, spec: {provider: vllm, endpoint: 'http://e1.internal:8000/v1', aliases: [alias], models: [{id: m1}]}}";
        (await _catalogue.Apply(Documents.Many(Named, Route))).ExpectOk();
        (await _catalogue.Delete($"{Root}/modelproviders/p1")).ExpectOk();
    }

    [Fact]
    public async Task Metadata_and_what_a_route_chooses_reach_the_snapshot()
    {
        (await _catalogue.Apply(Documents.Many(
            "{kind: ModelProvider, metadata: {name: p1}, spec: {provider: vllm, endpoint: 'http://e1.internal:8000/v1', metadata: {region: eu, racks: [1, 2]}, models: [{id: m1, metadata: {tier: gold}}]}}",
            "{kind: Route, metadata: {name: r}, spec: {match: {expression: request.stream}, selection: [ai.models], allowed_providers: [p1], allowedModels: [m1]}}"))).ExpectOk();
        await using var stream = await _catalogue.Snapshot();
        var document = JsonSerializer.Deserialize((await stream.NextAsync("snapshot")).Data, ContractsJson.Default.SnapshotDocument)!;
        Assert.Equal("[1,2]", document.Providers[0].Metadata!["racks"].GetRawText());
        Assert.Equal("gold", document.Models[0].Offers[0].Metadata!["tier"].GetString());
        var route = Assert.Single(document.Routes);
        Assert.Equal(("request.stream", "ai.models", "p1", "m1"), (route.Match!.Expression, route.Selection![0], route.AllowedProviders![0], route.AllowedModels![0]));
        Assert.Empty(route.Targets);
    }

    [Theory]
    [InlineData("{target: qwen3-9b}", "Did you mean 'qwen3-8b'?")]
    [InlineData("{target: frist/qwen3-8b}", "Did you mean 'first/qwen3-8b'?")]
    [InlineData("{allowedProviders: [fist]}", "Did you mean 'first'?")]
    [InlineData("{allowedModels: [qwen-8b]}", "Did you mean 'qwen3-8b'?")]
    [InlineData("{target: llama}", "Apply the model or the provider first, or in the same request.")]
    public async Task A_name_that_is_not_there_has_the_nearest_as_its_remedy(string spec, string remedy)
    {
        (await _catalogue.Apply("{kind: ModelProvider, metadata: {name: first}, spec: {provider: vllm, endpoint: 'http://first:8000', models: [{id: qwen3-8b}]}}")).ExpectOk();
        Assert.Equal(remedy, (string?)(await _catalogue.Apply($"{{kind: Route, metadata: {{name: r}}, spec: {spec}}}")).Expect(HttpStatusCode.BadRequest).Errors[0]!["remedy"]);
    }

    [Theory]
    [InlineData("{target: m1, match: {expression: 'ai.models.size() > 1'}}", "Models are known in selection only: match says of the request whether it is the route's.")]
    [InlineData("{target: m1, match: {expression: \"request.headers.x-region == 'eu'\"}}", "A name with a dash stands in brackets: request.headers['x-region'].")]
    [InlineData("{target: m1, match: {expression: request.stream or true}}", "Write ||.")]
    [InlineData("{target: m1, match: {expression: requst.stream}}", "Did you mean 'request'?")]
    public async Task A_mistake_of_an_expression_has_its_remedy(string spec, string remedy) =>
        Assert.Equal(remedy, (string?)(await _catalogue.Apply($"{{kind: Route, metadata: {{name: r}}, spec: {spec}}}")).Expect(HttpStatusCode.BadRequest).Errors[0]!["remedy"]);

    [Theory]
    [InlineData("{}", "spec.target", "something that the route decides: target, targets, selection, allowedProviders or allowedModels")]
    [InlineData("{strategy: cost}", "spec.target", "something that the route decides: target, targets, selection, allowedProviders or allowedModels")]
    [InlineData("{target: m1, targets: [{model: m1}]}", "spec.target", "either target or targets, and not both")]
    [InlineData("{targets: [{model: m1, weight: 0}]}", "spec.targets", "at least one target with a weight above 0")]
    [InlineData("{target: m1, strategy: cheapest}", "spec.strategy", "one of priority, weighted, cost, latency, round-robin, cost-optimized, latency-optimized")]
    [InlineData("{target: m1, match: {modalities: [smell]}}", "spec.match.modalities[0]", "one of text, image, audio, video, file")]
    [InlineData("{target: m1, match: {headers: {Authorization: x}}}", "spec.match.headers", "a header without credentials")]
    [InlineData("{target: m1, match: {inputTokens: {atLeast: 9, atMost: 3}}}", "spec.match.inputTokens", "atLeast and atMost of 0 or more, in that order")]
    [InlineData("{target: m1, match: {tags: []}}", "spec.match.tags", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {models: []}}", "spec.match.models", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {keys: ['']}}", "spec.match.keys", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {headers: {}}}", "spec.match.headers", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {tag: ' '}}", "spec.match.tag", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, selection: []}", "spec.selection", "1 to 16 expressions")]
    [InlineData("{selection: [ai.models], fallback: [m1]}", "spec.fallback", "a target beside it, for which these stand in")]
    [InlineData("{target: m1, allowedProviders: []}", "spec.allowedProviders", "at least one; leave it out to allow all")]
    [InlineData("{allowedModels: ['']}", "spec.allowedModels[0]", "1 to 256 characters without control characters or surrounding blanks")]
    [InlineData(
        "{target: m1, match: {expression: \"requst.model == 'a'\"}}", "spec.match.expression",
        "a declared name at line 1, column 1 of the expression: unknown name")]
    [InlineData(
        "{target: m1, match: {expression: request.model}}", "spec.match.expression",
        "bool at line 1, column 1 of the expression: wrong type of the result")]
    [InlineData(
        "{target: m1, match: {expression: 'ai.models.size() > 1'}}", "spec.match.expression",
        "a declared name at line 1, column 1 of the expression: unknown name")]
    [InlineData(
        "{selection: [ai.models, \"ai.models.filter(m, m.providerid == 'a')\"]}", "spec.selection[1]",
        "one of id, provider_id, metadata, pricing, context_window, max_output_tokens, latency_ms, in_flight, ready, priority, weight, self_hosted at line 1, column 23 of the expression: unknown member of model")]
    [InlineData(
        "{selection: ['ai.models.map(m, m.id)']}", "spec.selection[0]",
        "list(model), or a model at line 1, column 1 of the expression: wrong type of the result")]
    [InlineData("{selection: ['ai.models.filter(m, ']}", "spec.selection[0]", null)]
    public async Task What_cannot_be_meant_is_refused_by_name(string spec, string path, string? expectation)
    {
        var faults = (await _catalogue.Apply($"{{kind: Route, metadata: {{name: r}}, spec: {spec}}}")).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Contains(faults, fault => (string?)fault!["path"] == path && (expectation is null || (string?)fault["expectation"] == expectation));
    }
}
