using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ChoiceWorld;

namespace Orrery.Tests.Gateway;

/// <summary>Which requests are a route's by its expression, and what happens where that fails.</summary>
public sealed class RouteExpressionTests
{
    private const string Image = """[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]""";

    [Theory]
    [InlineData("request.model == 'small'", "", "Hi", "", true)]
    [InlineData("request.model == 'large'", "", "Hi", "", false)]
    [InlineData("'large' in request.models", ",\"models\":[\"large\"]", "Hi", "", true)]
    [InlineData("size(request.models) == 0", "", "Hi", "", true)]
    [InlineData("request.operation == 'chat' && request.path == '/v1/chat/completions'", "", "Hi", "", true)]
    [InlineData("request.headers['x-team'] == 'Research'", "", "Hi", "Research", true)]
    [InlineData("request.headers['x-team'] == 'research'", "", "Hi", "Research", false)]
    [InlineData("has(request.headers.authorization)", "", "Hi", "", false)]
    [InlineData("request.tags == ['gold', 'clinic', 'sent']", "", "Hi", "", true)]
    [InlineData("'sent' in request.tags && 'sent' in key.tags", "", "Hi", "", false)]
    [InlineData("key.name == 'team-key' && 'gold' in key.tags", "", "Hi", "", true)]
    [InlineData("team.name == 'wards' && 'clinic' in team.tags", "", "Hi", "", true)]
    [InlineData("request.input_tokens > 100", "", "Hi", "", false)]
    [InlineData("request.input_tokens > 100", "", "long", "", true)]
    [InlineData("request.modalities == ['text']", "", "Hi", "", true)]
    [InlineData("'image' in request.modalities", "", "image", "", true)]
    [InlineData("request.stream", "", "Hi", "", false)]
    [InlineData("request.max_tokens == null", "", "Hi", "", true)]
    [InlineData("request.max_tokens > 1000", ",\"max_tokens\":2000", "Hi", "", true)]
    [InlineData("has(request.max_tokens) && request.max_tokens > 1000", "", "Hi", "", false)]
    [InlineData("request.body.temperature < 0.5 && request.body.messages[-1].content == 'Hi'", ",\"temperature\":0.2", "Hi", "", true)]
    [InlineData("has(request.body.tools)", "", "Hi", "", false)]
    [InlineData("[1, 2].random().size() == 2", "", "Hi", "", true)]
    public async Task A_request_is_the_routes_where_its_expression_is_true(string expression, string more, string content, string team, bool matches)
    {
        await using var world = await StartAsync(Route("by-expression", expression, "large"));
        var said = content switch { "long" => '"' + string.Join(' ', Enumerable.Repeat("word", 300)) + '"', "image" => Image, _ => '"' + content + '"' };
        using var response = await world.AskAsync(Chat("small", more, said), ("X-Team", team), ("X-Orrery-Tags", "sent"));
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(matches ? "vendor/large" : "vllm-local/small", Candidates(response)[0]);
        Assert.Equal(matches, Explanation(response).GetProperty("rule").GetString()!.StartsWith("route 'by-expression'", StringComparison.Ordinal));
        Assert.False(Explanation(response).TryGetProperty("failedExpressions", out _));
    }

    [Fact]
    public async Task Other_fields_are_looked_at_first_and_must_hold_too()
    {
        var route = Route("both", "request.body.nothing == 1", "large") with { Match = new RouteMatch { Models = ["shared"], Expression = "request.body.nothing == 1" } };
        await using var world = await StartAsync(route);
        using var other = await world.AskAsync(Chat("small"));
        Assert.False(Explanation(other).TryGetProperty("failedExpressions", out _));
        using var named = await world.AskAsync(Chat("shared"));
        Assert.Equal("match.expression", Explanation(named).GetProperty("failedExpressions")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task An_expression_that_fails_does_not_match_is_explained_and_counted()
    {
        var counted = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Name == "orrery.gateway.expression.errors")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => counted.Enqueue(string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        listener.Start();
        await using var world = await StartAsync(Route("fails-and-counts", "request.body.user.startsWith('x')", "large"), Route("later", null, "coder"));
        using var response = await world.AskAsync(Chat("small"));
        Assert.Equal(["other/coder"], Candidates(response));
        var failed = Assert.Single(Explanation(response).GetProperty("failedExpressions").EnumerateArray());
        Assert.Equal(("fails-and-counts", "match.expression"), (failed.GetProperty("route").GetString(), failed.GetProperty("field").GetString()));
        Assert.Equal("1:14: no such key: user", failed.GetProperty("error").GetString());
        await Eventually.Holds(() => counted.Contains("default fails-and-counts match.expression NotFound"));
        Assert.Single(counted, entry => entry.Contains("fails-and-counts", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("request.body.a == 1", "no such key")]
    [InlineData("request.body.number + 1 > 2", "")]
    [InlineData("1 / (size(request.tags) - 3) == 1", "")]
    [InlineData("[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, true)))))", "the expression takes too many steps")]
    [InlineData("request.body.text.matches(request.body.pattern)", "")]
    [InlineData("request.body.half.size() > 0", "")]
    public async Task No_expression_makes_an_error_of_a_request(string expression, string reason)
    {
        await using var world = await StartAsync(Route("trap", expression, "large"));
        using var response = await world.AskAsync(Chat("small", ",\"number\":1,\"text\":\"aaaa\",\"pattern\":\"(\",\"half\":\"\\ud83d\""), ("X-Orrery-Tags", "sent"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["vllm-local/small"], Candidates(response));
        Assert.Contains(reason, Explanation(response).GetProperty("failedExpressions")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_name_exists_through_the_route_alone_the_refusal_says_what_failed()
    {
        await using var world = await StartAsync(Route("smart", null, "large") with { Match = new RouteMatch { Models = ["smart"], Expression = "request.headers['x-team'] == 'a'" } });
        Assert.Equal("vendor", await world.ProviderOf(Chat("smart"), ("X-Team", "a")));
        using var refused = await world.AskAsync(Chat("smart"));
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Contains("no such key", Explanation(refused).GetProperty("failedExpressions")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        using var unasked = await world.World.PostAsync(Chat("smart"));
        Assert.False(unasked.Headers.Contains(OrreryHeaders.Explain));
    }

    [Fact]
    public async Task What_a_later_release_writes_matches_nothing_and_the_gateway_goes_on()
    {
        await using var world = await StartAsync(Route("tomorrow", "request.mood == 'calm'", "large"));
        using var response = await world.AskAsync(Chat("small"));
        Assert.Equal(["vllm-local/small"], Candidates(response));
        Assert.Contains("its match.expression is not understood by this release", Explanation(response).GetProperty("failedExpressions")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_too_many_values_and_a_form_have_no_body()
    {
        await using var world = await StartAsync(Route("body", "request.body.model == 'small'", "large"), Route("form", "request.operation == 'transcription' && request.model == 'speech' && !has(request.body)", "other/speech"));
        var many = ",\"many\":[" + string.Join(',', Enumerable.Repeat('1', 100_001)) + "]";
        using var response = await world.AskAsync(Chat("small", many));
        Assert.Equal(["vllm-local/small"], Candidates(response));
        Assert.Contains("not set", Explanation(response).GetProperty("failedExpressions")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("vendor", await world.ProviderOf(Chat("small", ",\"many\":[1]")));

        using var form = new MultipartFormDataContent { { new StringContent("speech"), "model" }, { new ByteArrayContent([1, 2, 3]), "file", "a.wav" } };
        using var transcribed = await world.World.Client.PostAsync("/v1/audio/transcriptions", form, TestContext.Current.CancellationToken);
        Assert.Equal("other", transcribed.Headers.GetValues(OrreryHeaders.Provider).Single());
    }

    private static Task<ChoiceWorld> StartAsync(params SnapshotRoute[] routes) => ChoiceWorld.StartAsync(document => document with
    {
        Routes = [.. routes.Select((route, i) => route with { Order = i })],
        Keys = [GatewayWorld.AccessKey() with { Tags = ["gold"], Team = "wards" }],
        Teams = [new SnapshotTeam { Namespace = "default", Name = "wards", Tags = ["clinic"] }],
    });
}
