using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway.Routing;
using static Orrery.Tests.Gateway.ChoiceWorld;

namespace Orrery.Tests.Gateway;

/// <summary>The numbers behind an order by cost or latency stand in the explanation, with each candidate and in that order.</summary>
public sealed class PlanFiguresTests
{
    [Fact]
    public async Task An_order_by_cost_shows_the_estimate_and_what_it_was_made_of()
    {
        await using var world = await ChoiceWorld.StartAsync(document => document with
        {
            Models = [Model("shared", ("vendor", 2.0), ("other", null), ("vllm-local", null)), Model("half", ("vendor", null)) with { Offers = [new("vendor", "u") { InputPrice = 0.5 }] }],
        });
        var body = Chat("shared", ",\"routing\":{\"strategy\":\"cost\"},\"max_tokens\":100,\"n\":2");
        using var response = await world.AskAsync(body);
        var candidates = Explanation(response).GetProperty("candidates").EnumerateArray().ToList();
        Assert.Equal(["vllm-local/shared", "vendor/shared", "other/shared"], Candidates(response));
        var input = body.Length / 4;
        Assert.Equal($$"""{"estimate":0,"inputTokens":{{input}},"outputTokens":200,"inputPrice":null,"outputPrice":null}""", candidates[0].GetProperty("cost").GetRawText());
        Assert.Equal((input + 200) * 2.0 / 1_000, candidates[1].GetProperty("cost").GetProperty("estimate").GetDouble(), 9);
        Assert.Equal((2.0, 2.0), (candidates[1].GetProperty("cost").GetProperty("inputPrice").GetDouble(), candidates[1].GetProperty("cost").GetProperty("outputPrice").GetDouble()));
        Assert.Equal("no price declared", candidates[2].GetProperty("cost").GetString());
        Assert.False(candidates[0].TryGetProperty("latency", out _));

        using var unbounded = await world.AskAsync(Chat("half", ",\"routing\":{\"strategy\":\"cost-optimized\"}"));
        var cost = Explanation(unbounded).GetProperty("candidates")[0].GetProperty("cost");
        Assert.Equal((256, JsonValueKind.Null), (cost.GetProperty("outputTokens").GetInt32(), cost.GetProperty("outputPrice").ValueKind));
        Assert.Equal(cost.GetProperty("inputTokens").GetInt32() * 0.5 / 1_000, cost.GetProperty("estimate").GetDouble(), 9);
    }

    [Fact]
    public async Task An_order_by_latency_shows_what_was_measured_how_often_and_how_long_ago()
    {
        await using var world = await ChoiceWorld.StartAsync();
        var book = world.World.Gateway.Services.GetRequiredService<LatencyBook>();
        for (var i = 0; i < 3; i++)
        {
            book.Of("default", "shared", "vllm-local").Observe(TimeSpan.FromMilliseconds(800));
        }

        book.Of("default", "shared", "other").Observe(TimeSpan.FromMilliseconds(200));
        JsonElement[] figures = [];
        var (slow, fast) = (default(LatencyFigure), default(LatencyFigure));
        for (var i = 0; i < 50 && figures.Length == 0; i++)
        {
            (slow, fast) = (book.Of("default", "shared", "vllm-local").Read()!.Value, book.Of("default", "shared", "other").Read()!.Value);
            using var response = await world.AskAsync(Chat("shared", ",\"routing\":{\"strategy\":\"latency\",\"providers\":[\"vllm-local\",\"vendor\",\"other\"]}"));
            if (Explanation(response).GetProperty("rule").GetString()!.EndsWith("the fastest first", StringComparison.Ordinal)) // And not this one request in fifty that looks elsewhere, which says so.
            {
                Assert.Equal(["vendor/shared", "other/shared", "vllm-local/shared"], Candidates(response));
                figures = [.. Explanation(response).GetProperty("candidates").EnumerateArray().Select(one => one.GetProperty("latency").Clone())];
            }
            else
            {
                Assert.EndsWith("but for this request, which tries another", Explanation(response).GetProperty("rule").GetString(), StringComparison.Ordinal);
            }
        }

        Assert.Equal("not measured", figures[0].GetString());
        Assert.Equal((Math.Round(fast.Seconds * 1_000, 1), fast.Samples), (figures[1].GetProperty("ms").GetDouble(), figures[1].GetProperty("samples").GetInt32()));
        Assert.Equal((Math.Round(slow.Seconds * 1_000, 1), slow.Samples), (figures[2].GetProperty("ms").GetDouble(), figures[2].GetProperty("samples").GetInt32()));
        Assert.InRange(slow.Samples, 3, 53);
        Assert.InRange(figures[2].GetProperty("ageSeconds").GetDouble(), 0, 60);
    }

    [Fact]
    public void A_latency_that_is_forgotten_begins_anew()
    {
        var time = new ManualTime();
        var latency = new Latency(time);
        Assert.Null(latency.Read());
        latency.Observe(TimeSpan.FromSeconds(1));
        latency.Observe(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(new LatencyFigure(1, 2, TimeSpan.FromMinutes(4)), latency.Read());
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(latency.Read());
        latency.Observe(TimeSpan.FromSeconds(3));
        Assert.Equal(new LatencyFigure(3, 1, TimeSpan.Zero), latency.Read());
    }

    [Fact]
    public async Task A_selection_shows_both_and_a_plain_plan_neither()
    {
        await using var world = await ChoiceWorld.StartAsync(document => document with { Routes = [Route("choice", "request.model == 'shared'", null, "ai.models")] });
        using var selected = await world.AskAsync(Chat("shared"));
        Assert.All(Explanation(selected).GetProperty("candidates").EnumerateArray(), one => Assert.Equal("not measured", one.GetProperty("latency").GetString()));
        Assert.Equal(0, Explanation(selected).GetProperty("candidates")[0].GetProperty("cost").GetProperty("estimate").GetDouble());
        using var plain = await world.AskAsync(Chat("small"));
        Assert.False(Explanation(plain).GetProperty("candidates")[0].TryGetProperty("cost", out _));
        Assert.False(Explanation(plain).GetProperty("candidates")[0].TryGetProperty("latency", out _));
    }
}
