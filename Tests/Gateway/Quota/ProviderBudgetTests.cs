using System.Net;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>What a provider says of tokens a day, tokens a request and access from outside, as callers see it.</summary>
public sealed class ProviderBudgetTests
{
    [Fact]
    public async Task A_provider_whose_day_is_used_up_hands_over_and_the_last_one_says_until_when()
    {
        await using var first = await ScriptedEngine.StartAsync();
        await using var second = await ScriptedEngine.StartAsync();
        var budget = new Limits { Tokens = [WindowLimit.PerDay(50)] };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", first.Url) with { Limits = budget }, GatewayWorld.Provider("p2", second.Url) with { Limits = budget }));
        var body = GatewayWorld.Chat(more: ",\"max_tokens\":30"); // 49 reserved, 10 used.
        Assert.Equal("p1", await ProviderAsync(world, body));
        Assert.Equal("p2", await ProviderAsync(world, body));
        using var refused = await world.PostAsync(body);
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal((429, "rate_limit_error", "rate_limit_exceeded"), (error.Status, error.Type, error.Code));
        Assert.StartsWith("Rate limit reached for the provider 'p2', all callers together: 50 tokens per day (UTC); this request may need ", error.Message, StringComparison.Ordinal);
        var midnight = TimeProvider.System.GetUtcNow().Date.AddDays(1) - TimeProvider.System.GetUtcNow().DateTime;
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, midnight.TotalSeconds - 30, midnight.TotalSeconds + 2);
    }

    [Fact]
    public async Task External_callers_have_a_budget_of_their_own_within_the_providers()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with
        {
            Limits = new Limits { Tokens = [WindowLimit.PerDay(1_000)] },
            ExternalLimits = new Limits { Tokens = [WindowLimit.PerDay(50)] },
        }));
        var body = GatewayWorld.Chat(more: ",\"max_tokens\":30");
        Assert.Equal("p1", await ProviderAsync(world, body));
        using var refused = await world.PostAsync(body);
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal(429, error.Status);
        Assert.StartsWith("Rate limit reached for the provider 'p1', all external callers together: 50 tokens per day (UTC)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_may_need_more_than_a_provider_takes_goes_to_the_next_and_is_refused_with_both_numbers_by_the_last()
    {
        await using var small = await ScriptedEngine.StartAsync();
        await using var large = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("small", small.Url) with { MaxTokensPerRequest = 100 }, GatewayWorld.Provider("large", large.Url) with { MaxTokensPerRequest = 1_000 }));
        Assert.Equal("small", await ProviderAsync(world, GatewayWorld.Chat(more: ",\"max_tokens\":50")));
        using (var response = await world.PostAsync(GatewayWorld.Chat(more: ",\"max_tokens\":500"), change: request => request.Headers.Add(OrreryHeaders.Explain, "1")))
        {
            Assert.Equal("large", response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
            var plan = JsonDocument.Parse(response.Headers.GetValues(OrreryHeaders.Explain).Single()).RootElement;
            Assert.Equal("large", Assert.Single(plan.GetProperty("candidates").EnumerateArray()).GetProperty("provider").GetString());
            var refused = Assert.Single(plan.GetProperty("refused").EnumerateArray());
            Assert.Equal("small/m", refused.GetProperty("name").GetString());
            Assert.Equal("the request may need 519 tokens and the provider takes 100 of one (maxTokensPerRequest)", refused.GetProperty("reason").GetString());
        }

        using var tooMuch = await world.PostAsync(GatewayWorld.Chat(more: ",\"max_tokens\":2000"));
        var error = await ErrorBody.ReadAsync(tooMuch);
        Assert.Equal((400, "invalid_request_error", "context_length_exceeded", "max_tokens"), (error.Status, error.Type, error.Code, error.Param));
        Assert.StartsWith("This request may need 2019 tokens, prompt (estimated) and max_tokens together; the provider 'large' takes at most 1000 of one request", error.Message, StringComparison.Ordinal);
        Assert.Single(small.Requests);
        Assert.Single(large.Requests);
    }

    [Fact]
    public async Task Fallback_false_and_a_named_provider_do_not_go_around_what_it_takes_of_a_request()
    {
        await using var small = await ScriptedEngine.StartAsync();
        await using var large = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("small", small.Url) with { MaxTokensPerRequest = 100 }, GatewayWorld.Provider("large", large.Url)));
        using (var named = await world.PostAsync(GatewayWorld.Chat("small/m", ",\"max_tokens\":500")))
        {
            Assert.Equal("context_length_exceeded", (await ErrorBody.ReadAsync(named)).Code);
        }

        Assert.Equal("large", await ProviderAsync(world, GatewayWorld.Chat(more: ",\"max_tokens\":500,\"routing\":{\"fallback\":false}")));
        Assert.Empty(small.Requests);
    }

    [Fact]
    public async Task Two_names_for_the_answers_length_count_as_the_larger_one()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { MaxTokensPerRequest = 100 }));
        using var refused = await world.PostAsync(GatewayWorld.Chat(more: ",\"max_completion_tokens\":500,\"max_tokens\":5"));
        Assert.Equal("context_length_exceeded", (await ErrorBody.ReadAsync(refused)).Code);
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("self_hosted", "max_tokens")]
    [InlineData("openai", "max_completion_tokens")]
    public async Task An_answer_that_the_client_does_not_bound_is_bounded_by_what_is_left(string provider, string field)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Provider = provider, MaxTokensPerRequest = 100 }));
        var body = GatewayWorld.Chat();
        (await world.PostAsync(body)).EnsureSuccessStatusCode().Dispose();
        var sent = JsonDocument.Parse(engine.Last.Body).RootElement;
        Assert.Equal(100 - ((body.Length + 3) / 4), sent.GetProperty(field).GetInt32());

        (await world.PostAsync(GatewayWorld.Chat(more: ",\"max_tokens\":7"))).EnsureSuccessStatusCode().Dispose();
        Assert.Equal(7, JsonDocument.Parse(engine.Last.Body).RootElement.GetProperty("max_tokens").GetInt32());
    }

    [Fact]
    public async Task An_answer_that_the_gateway_bounds_is_reserved_as_long_as_the_engine_was_told()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with
        {
            MaxTokensPerRequest = 100,
            Limits = new Limits { Tokens = [WindowLimit.PerDay(250)] },
        }));
        Assert.Equal("p1", await ProviderAsync(world, GatewayWorld.Chat()));
        Assert.Equal("p1", await ProviderAsync(world, GatewayWorld.Chat(more: ",\"n\":2")));
        var body = GatewayWorld.Chat(more: ",\"n\":3");
        using var refused = await world.PostAsync(body);
        var prompt = (body.Length + 3) / 4;
        Assert.EndsWith(
            $"250 tokens per day (UTC); this request may need {prompt + (3 * (100 - prompt))}. It would never pass: send a shorter prompt or a smaller max_tokens.",
            (await ErrorBody.ReadAsync(refused)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_inside_the_body_is_no_text()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { MaxTokensPerRequest = 500 }));
        var picture = Convert.ToBase64String(new byte[60_000]);
        var messages = $$$"""{"model":"m","max_tokens":100,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{picture}}}"}},{"type":"text","text":"{0}"}]}]}""";
        (await world.PostAsync(messages)).EnsureSuccessStatusCode().Dispose();
        using var refused = await world.PostAsync(messages.Replace("{0}", new string('x', 4_000), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        using var disguised = await world.PostAsync(messages.Replace("{0}", "data:image/png;base64," + new string('x', 4_000), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, disguised.StatusCode);
    }

    [Fact]
    public async Task A_provider_that_is_closed_to_access_keys_is_left_out_and_named_where_nobody_else_serves()
    {
        await using var closed = await ScriptedEngine.StartAsync();
        await using var open = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(GatewayWorld.Provider("closed", closed.Url) with { InternalOnly = true }, GatewayWorld.Provider("open", open.Url));
        document = document with { Models = [.. document.Models, GatewayWorld.Model("inner", ModelTypes.Chat, "closed")] };
        await using var world = await GatewayWorld.StartAsync(document);
        using (var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add(OrreryHeaders.Explain, "1")))
        {
            Assert.Equal("open", response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
            Assert.Contains("the provider is closed to access keys (externalAccess)", response.Headers.GetValues(OrreryHeaders.Explain).Single(), StringComparison.Ordinal);
        }

        using var refused = await world.PostAsync(GatewayWorld.Chat("inner"));
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal((403, "permission_denied", "external_access_closed", "model"), (error.Status, error.Type, error.Code, error.Param));
        Assert.Equal(
            "The provider 'closed' is closed to access keys, and nobody else serves 'inner' for 'team-key'. An operator opens it with externalAccess.enabled of the ModelProvider.",
            error.Message);
        using var named = await world.PostAsync(GatewayWorld.Chat("closed/m"));
        Assert.Equal(HttpStatusCode.Forbidden, named.StatusCode);
        var listed = await world.Client.GetStringAsync("/v1/models");
        Assert.DoesNotContain("inner", listed, StringComparison.Ordinal);
        Assert.Contains("\"m\"", listed, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await world.Client.GetAsync("/v1/models/inner")).StatusCode);
        Assert.Empty(closed.Requests);
    }

    private static async Task<string> ProviderAsync(GatewayWorld world, string body)
    {
        using var response = await world.PostAsync(body);
        return response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single();
    }
}
