using System.Net;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ChoiceWorld;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Who is tried of those that may answer, by a route's expressions; and what routes allow at all.</summary>
public sealed class SelectionTests
{
    private const string Down = """{"error":{"message":"down","type":"server_error"}}""";

    [Theory]
    [InlineData("ai.models.filter(m, m.provider_id == 'other')", "other/shared")]
    [InlineData("ai.models.reverse()", "vllm-local/shared vendor/shared other/shared")]
    [InlineData("ai.models.filter(m, has(m.pricing.input) && m.pricing.input < 5)", "vendor/shared")]
    [InlineData("ai.models.filter(m, m.pricing.output == null)", "other/shared vllm-local/shared")]
    [InlineData("ai.models.sortBy(m, m.weight)", "vendor/shared vllm-local/shared other/shared")]
    [InlineData("ai.models.filter(m, has(m.metadata.region) && m.metadata.region == request.headers['x-region'])", "vllm-local/shared")]
    [InlineData("ai.models.filter(m, 'tier' in m.metadata && m.metadata.tier == 'gold')", "vendor/shared")]
    [InlineData("ai.models.filter(m, m.self_hosted && m.ready && m.in_flight == 0 && m.priority == 100)", "vllm-local/shared")]
    [InlineData("ai.models.filter(m, m.latency_ms == null)", "other/shared vendor/shared vllm-local/shared")]
    [InlineData("ai.models.filter(m, m.max_output_tokens == 9 && m.context_window == 4096 && m.id == 'shared')", "vendor/shared")]
    [InlineData("key.name == 'team-key' ? ai.models[0] : ai.models[-1]", "other/shared")]
    public async Task Only_what_the_expression_gives_is_planned_in_its_order(string expression, string expected)
    {
        await using var world = await StartAsync(Route("choice", null, null, expression));
        using var response = await world.AskAsync(Chat("shared"), ("X-Region", "eu"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected.Split(' '), Candidates(response));
        Assert.Equal("route 'choice', by priority, of these what selection[0] gives", Explanation(response).GetProperty("rule").GetString());
    }

    [Fact]
    public async Task Of_any_model_the_one_that_is_tried_first_is_named_and_who_was_not_chosen_is_told()
    {
        await using var world = await StartAsync(Route("choice", null, null, "ai.models.filter(m, m.provider_id == 'other' && m.id == 'shared')"));
        using var response = await world.AskAsync(Chat("auto"));
        var explanation = Explanation(response);
        Assert.Equal(["other/shared"], Candidates(response));
        Assert.Equal("shared", explanation.GetProperty("model").GetString());
        Assert.Contains(("vendor/shared", "selection[0] of route 'choice' does not give it"), explanation.GetProperty("refused").EnumerateArray().Select(one => (one.GetProperty("name").GetString(), one.GetProperty("reason").GetString())));
    }

    [Fact]
    public async Task The_first_expression_that_gives_any_decides_and_one_that_fails_is_passed_over_in_sight()
    {
        await using var world = await StartAsync(Route(
            "choice", null, null, "ai.models.filter(m, m.provider_id == 'nobody')", "ai.models.filter(m, m.metadata.tier == 'gold')", "ai.models.filter(m, m.self_hosted)", "ai.models"));
        using var response = await world.AskAsync(Chat("shared"));
        Assert.Equal(["vllm-local/shared"], Candidates(response));
        Assert.EndsWith("of these what selection[2] gives", Explanation(response).GetProperty("rule").GetString(), StringComparison.Ordinal);
        var failed = Assert.Single(Explanation(response).GetProperty("failedExpressions").EnumerateArray());
        Assert.Equal(("selection[1]", "1:32: no such key: tier"), (failed.GetProperty("field").GetString(), failed.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task Nobody_outside_the_result_is_tried_when_all_in_it_fail()
    {
        await using var world = await StartAsync(Route("choice", null, null, "ai.models.filter(m, m.provider_id in ['vllm-local', 'vendor'])"));
        (world.Local.Script, world.Vendor.Script) = (Json(Down, 503), Json(Down, 500));
        using var response = await world.AskAsync(Chat("shared"));
        Assert.False(response.IsSuccessStatusCode);
        Assert.NotEmpty(world.Local.Requests);
        Assert.NotEmpty(world.Vendor.Requests);
        Assert.Empty(world.Other.Requests);
    }

    [Fact]
    public async Task Where_no_expression_gives_anybody_the_refusal_names_the_route()
    {
        await using var world = await StartAsync(Route("choice", null, null, "ai.models.filter(m, m.provider_id == 'nobody')"), Route("typo", "request.model == 'small'", null, "ai.models.filter(m, m.metadata.nothing)") with { Order = -1 });
        using var response = await world.World.PostAsync(Chat("shared"));
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((503, "service_unavailable", "no_model_selected", "model"), (error.Status, error.Type, error.Code, error.Param));
        Assert.Equal("The selection of the route 'choice' chooses none of those who may answer this request for 'shared'.", error.Message);
        Assert.NotNull(response.Headers.RetryAfter);
        using var failed = await world.AskAsync(Chat("small"));
        Assert.Contains("Some of its expressions failed on this request", (await ErrorBody.ReadAsync(failed)).Message, StringComparison.Ordinal);
        Assert.Contains("no such key", Explanation(failed).GetProperty("failedExpressions")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_selection_chooses_among_the_target_and_who_stands_in_for_it()
    {
        var route = Route("led", null, "small", "ai.models.sortBy(m, m.self_hosted)") with { Fallback = ["large", "coder"] };
        await using var world = await StartAsync(route);
        using var response = await world.AskAsync(Chat("vision"));
        Assert.Equal(["vendor/large", "other/coder", "vllm-local/small"], Candidates(response));
    }

    [Fact]
    public async Task With_an_empty_fallback_the_first_of_the_result_answers_or_nobody()
    {
        await using var world = await StartAsync(Route("one", null, null, "ai.models.sortBy(m, m.weight)") with { Fallback = [] });
        world.Vendor.Script = Json(Down, 500);
        using var response = await world.AskAsync(Chat("shared"));
        Assert.False(response.IsSuccessStatusCode);
        Assert.Equal(["vendor/shared"], Candidates(response));
        Assert.True(world.Local.Requests.IsEmpty && world.Other.Requests.IsEmpty);
    }

    [Fact]
    public async Task Of_several_models_the_clients_order_stays_and_within_one_the_results_holds()
    {
        await using var world = await StartAsync(Route("choice", null, null, "ai.models.sortBy(m, m.provider_id).reverse()"));
        using var response = await world.AskAsync("""{"models":["small","shared","large"],"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(["vllm-local/small", "vllm-local/shared", "vendor/shared", "other/shared", "vendor/large"], Candidates(response));
    }

    [Fact]
    public async Task Of_any_model_the_result_orders_them_all_and_random_gives_each_a_turn()
    {
        await using var world = await StartAsync(Route("any", "request.headers['x-how'] == 'sorted'", null, "ai.models.sortBy(m, m.id)"), Route("chance", null, null, "ai.models.random()"));
        using var sorted = await world.AskAsync(Chat("auto"), ("X-How", "sorted"));
        Assert.Equal(["other/coder", "vendor/large", "other/shared", "vendor/shared", "vllm-local/shared", "vllm-local/small", "vllm-local/vision"], Candidates(sorted).Order(StringComparer.Ordinal).OrderBy(one => one.Split('/')[1], StringComparer.Ordinal));
        Assert.Equal(["coder", "large", "shared", "shared", "shared", "small", "vision"], Candidates(sorted).Select(one => one.Split('/')[1]));
        var first = new HashSet<string>();
        for (var i = 0; i < 200 && first.Count < 3; i++)
        {
            using var response = await world.AskAsync(Chat("shared"));
            first.Add(Candidates(response)[0]);
        }

        Assert.Equal(3, first.Count); // In 200 draws of three one is missing less often than once in 10^35 runs.
    }

    [Fact]
    public async Task A_route_that_only_selects_opens_no_model_that_the_key_may_not_call()
    {
        await using var world = await ChoiceWorld.StartAsync(document => document with
        {
            Keys = [GatewayWorld.AccessKey() with { AllowedModels = ["small"] }],
            Routes = [Route("choice", null, null, "ai.models")],
        });
        using var several = await world.AskAsync("""{"models":["small","large"],"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(["vllm-local/small"], Candidates(several));
        using var denied = await world.AskAsync(Chat("large"));
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
    }

    [Theory]
    [InlineData("""{"model":"shared","messages":[{"role":"user","content":"Hi"}]}""", "vllm-local/shared")]
    [InlineData("""{"models":["large","coder","small"],"messages":[{"role":"user","content":"Hi"}]}""", "vllm-local/small")]
    [InlineData("""{"model":"auto","messages":[{"role":"user","content":"Hi"}]}""", "vllm-local/shared vllm-local/small vllm-local/vision")]
    [InlineData("""{"model":"shared","routing":{"strategy":"cost"},"messages":[{"role":"user","content":"Hi"}]}""", "vllm-local/shared")]
    [InlineData("""{"model":"other:shared","messages":[{"role":"user","content":"Hi"}]}""", null)]
    [InlineData("""{"model":"vendor/shared","messages":[{"role":"user","content":"Hi"}]}""", null)]
    [InlineData("""{"model":"large","messages":[{"role":"user","content":"Hi"}]}""", null)]
    [InlineData("""{"model":"shared","routing":{"providers":["vendor"]},"messages":[{"role":"user","content":"Hi"}]}""", null)]
    [InlineData("""{"model":"shared","routing":{"providers":["Other_One"],"fallback":false},"messages":[{"role":"user","content":"Hi"}]}""", null)]
    public async Task Only_allowed_providers_answer_however_a_request_names_them(string body, string? expected)
    {
        await using var world = await StartAsync(Route("closed", null, null) with { AllowedProviders = ["vllm-local"] });
        world.Local.Script = Json(Down, 503);
        using var response = await world.AskAsync(body);
        Assert.False(response.IsSuccessStatusCode);
        Assert.True(world.Vendor.Requests.IsEmpty && world.Other.Requests.IsEmpty);
        if (expected is not null)
        {
            Assert.Equal(expected.Split(' '), Candidates(response));
            return;
        }

        Assert.Empty(world.Local.Requests);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((403, "permission_denied", "provider_not_allowed", body.Contains("providers", StringComparison.Ordinal) ? "routing.providers" : "model"), (error.Status, error.Type, error.Code, error.Param));
        Assert.StartsWith("The route 'closed' lets nobody answer this request for '", error.Message, StringComparison.Ordinal);
        Assert.Contains("its allowedProviders are vllm-local.", error.Message, StringComparison.Ordinal);
        Assert.Contains("only_allow_configured_providers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Allowed_models_may_be_named_at_a_provider_and_the_refusal_names_the_field()
    {
        await using var world = await StartAsync(Route("closed", null, null) with { AllowedModels = ["small", "vendor/shared"] });
        using var shared = await world.AskAsync(Chat("shared"));
        Assert.Equal(["vendor/shared"], Candidates(shared));
        Assert.Contains("allowedModels of the route 'closed' does not list it", Explanation(shared).GetProperty("refused")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        using var refused = await world.AskAsync(Chat("coder"));
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal((403, "model_not_allowed", "model"), (error.Status, error.Code, error.Param));
        Assert.Contains("its allowedModels are small, vendor/shared. An operator extends them; in a pasted configuration the field is only_allow_configured_models.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_show_no_model_that_no_request_may_be_answered_by()
    {
        await using var world = await StartAsync(
            Route("closed", null, null) with { AllowedProviders = ["vendor", "other"] }, Route("sometimes", "request.stream", null) with { AllowedModels = ["coder"] });
        using var list = JsonDocument.Parse(await world.World.Client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken));
        Assert.Equal(["coder", "large", "shared", "speech", "vectors"], list.RootElement.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        using var hidden = await world.World.Client.GetAsync("/v1/models/small", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
    }

    [Fact]
    public async Task A_request_that_is_too_long_for_who_is_allowed_is_told_so()
    {
        await using var world = await ChoiceWorld.StartAsync(document => document with
        {
            Routes = [Route("closed", null, null) with { AllowedProviders = ["vllm-local"] }],
            Providers = [.. document.Providers.Select(provider => provider.Name == "vllm-local" ? provider with { MaxTokensPerRequest = 10 } : provider with { MaxTokensPerRequest = 5 })],
        });
        using var response = await world.AskAsync(Chat("shared"));
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, "context_length_exceeded"), (error.Status, error.Code));
        Assert.Contains("the provider 'vllm-local' takes at most 10", error.Message, StringComparison.Ordinal);
        using var closed = await world.AskAsync(Chat("coder"));
        Assert.Equal("provider_not_allowed", (await ErrorBody.ReadAsync(closed)).Code);
    }

    [Fact]
    public async Task What_a_route_allows_holds_for_routes_that_decide_before_it_and_for_their_fallbacks()
    {
        await using var world = await StartAsync(
            Route("first", "request.model == 'small'", "shared") with { Fallback = ["large"] },
            Route("commercial", "request.model == 'coder'", "large"),
            Route("closed", "'regulated' in request.tags", null) with { AllowedProviders = ["vllm-local"] });
        world.Local.Script = Json(Down, 503);
        using var led = await world.AskAsync(Chat("small"), ("X-Orrery-Tags", "regulated"));
        Assert.Equal(["vllm-local/shared"], Candidates(led));
        using var refused = await world.AskAsync(Chat("coder"), ("X-Orrery-Tags", "regulated"));
        Assert.Equal((403, "provider_not_allowed"), ((int)refused.StatusCode, (await ErrorBody.ReadAsync(refused)).Code));
        Assert.True(world.Vendor.Requests.IsEmpty && world.Other.Requests.IsEmpty);
        Assert.Equal("vendor", await world.ProviderOf(Chat("coder")));
    }

    [Fact]
    public async Task What_a_route_allows_holds_where_its_expression_fails()
    {
        await using var world = await StartAsync(Route("closed", "request.body.user == 'clinic'", null) with { AllowedProviders = ["vllm-local"] });
        using var response = await world.AskAsync(Chat("shared"));
        Assert.Equal(["vllm-local/shared"], Candidates(response));
        Assert.Equal("closed", Explanation(response).GetProperty("failedExpressions")[0].GetProperty("route").GetString());
        using var open = await world.AskAsync(Chat("shared", ",\"user\":\"guest\""));
        Assert.Equal(3, Candidates(open).Count);
    }

    [Fact]
    public async Task A_selection_sees_no_provider_that_is_not_allowed()
    {
        await using var world = await StartAsync(Route("both", null, null, "ai.models.filter(m, m.provider_id == 'vendor')", "ai.models") with { AllowedProviders = ["other", "vllm-local"] });
        using var response = await world.AskAsync(Chat("shared"));
        Assert.Equal(["other/shared", "vllm-local/shared"], Candidates(response));
        Assert.EndsWith("selection[1] gives", Explanation(response).GetProperty("rule").GetString(), StringComparison.Ordinal);
    }

    private static Task<ChoiceWorld> StartAsync(params SnapshotRoute[] routes) => ChoiceWorld.StartAsync(document => document with
    {
        Routes = routes,
        Models = [.. document.Models.Select(model => model.Id != "shared" ? model : model with
        {
            ContextWindow = 4_096,
            Offers = [.. model.Offers.OrderBy(offer => offer.Provider, StringComparer.Ordinal).Select(offer => offer.Provider == "vendor" ? offer with { Metadata = Metadata("""{"tier":"gold"}"""), MaxOutputTokens = 9 } : offer)],
        })],
    });
}
