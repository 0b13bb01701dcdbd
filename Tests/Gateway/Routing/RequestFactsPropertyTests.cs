using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>Whatever JSON a client sends, an expression that reads it is true, false or fails: it throws nothing, and says the same when it is asked again.</summary>
public sealed class RequestFactsPropertyTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    private static readonly string[] Expressions =
    [
        "request.body.a == request.body.b",
        "has(request.body.a) && request.body.a.b[0] > 1",
        "request.body.a.exists(x, x == 'b' || x.a == 1)",
        "request.body.messages[-1].content.contains('a') || request.input_tokens > 3",
        "request.body.map(key, request.body[key]).all(value, value != request.body)",
        "size(request.body) > 2 && string(request.body.b).matches('^[ab]+$')",
        "request.body.a + request.body.b == request.body.c",
        "request.body.a in request.body.b || 'image' in request.modalities",
        "request.body.a.matches(request.body.b)",
        "int(request.body.a) / int(request.body.b) < double(request.body.c)",
    ];

    [Fact]
    public void An_expression_over_any_body_throws_nothing() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var body = Encoding.UTF8.GetBytes(Object(random, depth: 0));
        using var document = JsonDocument.Parse(body); // What Intake lets pass.
        var source = Expressions[random.Next(Expressions.Length)];
        var route = new DeclaredRoute(new SnapshotRoute { Namespace = "default", Name = "r", Targets = [], Match = new RouteMatch { Expression = source } }, NamespaceModels.None, new DiceRandom(new Dice(1)));
        Assert.Null(route.Fault);
        using var exchange = new Exchange(new DefaultHttpContext(), Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Call = new Call { Body = body, ModelName = "m" },
            Caller = new Caller(GatewayWorld.AccessKey(), NamespaceModels.None, AllowedModels: null),
        };
        var matches = route.Matches(exchange);
        Assert.Equal(matches, route.Matches(exchange));
        Assert.InRange(exchange.Facts.Faults.Count, 0, matches ? 0 : 1);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    private static string Object(Random random, int depth) =>
        "{" + string.Join(',', Enumerable.Range(0, random.Next(6)).Select(_ => $"{Name(random)}:{Any(random, depth + 1)}")) + "}";

    private static string Any(Random random, int depth) => random.Next(depth > 4 ? 8 : 11) switch
    {
        0 => "null",
        1 => "true",
        2 => random.Next(-3, 4).ToString(System.Globalization.CultureInfo.InvariantCulture),
        3 => "1e999",
        4 => "-0.0",
        5 => "123456789012345678901234567890",
        6 => Name(random),
        7 => "\"" + new string('a', random.Next(100)) + "\"",
        8 => "[" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Any(random, depth + 1))) + "]",
        9 => $$"""[{"role":"user","content":[{"type":"image_url"},{{Any(random, depth + 1)}}]}]""",
        _ => Object(random, depth + 1),
    };

    private static string Name(Random random) => random.Next(9) switch
    {
        0 => "\"messages\"",
        1 => "\"\\ud83d\"",
        2 => "\"\\u0061\"",
        3 => "\"[a\"",
        4 => "\"\"",
        5 => "\"c\"",
        6 => "\"b\"",
        _ => "\"a\"",
    };
}
