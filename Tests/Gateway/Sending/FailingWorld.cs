using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>A way to somebody else, if there is one.</summary>
/// <param name="Name">The model asked for, and how its providers begin.</param>
/// <param name="Head">The beginning of the request's body.</param>
/// <param name="MayGoOn">Somebody else may be asked.</param>
/// <param name="Next">The model that stands in; <c>null</c>: the same one.</param>
internal sealed record Way(string Name, string Head, bool MayGoOn, string? Next = null)
{
    public string Bad => Name + "-bad";

    public string Good => Name + "-good";
}

/// <summary>A gateway before one engine that fails and one that answers, in every way in which they can stand behind each other. Each way has providers, and so a health, of its own.</summary>
internal sealed class FailingWorld : IAsyncDisposable
{
    public static readonly Way Alone = Named("alone", mayGoOn: false);

    private static readonly Way Endpoint = Named("endpoint", mayGoOn: true);
    private static readonly Way Listed = new("listed", "\"models\":[\"listed\",\"listed-next\"]", MayGoOn: true, "listed-next");
    private static readonly Way Routed = Named("routed", mayGoOn: true) with { Next = "routed-next" };
    private static readonly Way Strict = Named("strict", mayGoOn: false);

    public static readonly IReadOnlyList<Way> Ways =
    [
        Endpoint,
        Named("provider", mayGoOn: true),
        Listed,
        Routed,
        Named("unwanted", mayGoOn: false) with { Head = "\"model\":\"unwanted\",\"routing\":{\"fallback\":false}" },
        Strict,
    ];

    private static readonly string[] Stream = [Role, Chunk("Hello"), Chunk("", finish: "\"stop\""), UsageChunk(7, 3), Done];

    private readonly FailureRow _row;
    private readonly bool _isStream;
    private readonly ScriptedEngine _bad;
    private readonly ScriptedEngine _good;
    private readonly GatewayWorld _world;
    private readonly List<int> _statuses = [];

    private FailingWorld(FailureRow row, bool isStream, ScriptedEngine bad, ScriptedEngine good, GatewayWorld world) =>
        (_row, _isStream, _bad, _good, _world) = (row, isStream, bad, good, world);

    public static async Task<FailingWorld> StartAsync(FailureRow row, bool isStream)
    {
        var good = await ScriptedEngine.StartAsync(isStream ? Sse(Stream) : Json(Answer));
        var bad = await ScriptedEngine.StartAsync(FailureScripts.Of(row.Failure, isStream));
        var url = row.Failure == FailureScripts.Refused ? $"http://127.0.0.1:{FreePort()}/v1" : bad.Url;
        return new FailingWorld(row, isStream, bad, good, await GatewayWorld.StartAsync(Document(row, url, good.Url)));
    }

    public async Task AssertAnotherAnswersAsync(Way way)
    {
        var (bad, good) = (_bad.Requests.Count, _good.Requests.Count);
        using var response = await PostAsync(way);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{way.Name}: {text}");
        Assert.Contains("Hello", text, StringComparison.Ordinal);
        Assert.Contains($"\"model\":\"{way.Next ?? way.Name}\"", text, StringComparison.Ordinal);
        Assert.Equal(_isStream, text.EndsWith(Done, StringComparison.Ordinal));
        Assert.DoesNotContain("error", text, StringComparison.Ordinal);
        Assert.Equal(way == Endpoint ? way.Bad : way.Good, Provider(response));
        Assert.Equal((bad + IfItListens, good + 1), (_bad.Requests.Count, _good.Requests.Count));
    }

    /// <param name="way">How.</param>
    /// <param name="isAsked">The engine is asked at all: once, then.</param>
    public async Task AssertErrorAsync(Way way, bool isAsked)
    {
        var (bad, good) = (_bad.Requests.Count, _good.Requests.Count);
        using var response = await PostAsync(way);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((_row.Status, _row.Code ?? (isAsked && HasOwnCode ? FailureScripts.OwnCode : error.Code)), (error.Status, error.Code));
        Assert.NotEmpty(error.Type);
        Assert.Contains(isAsked && _row.Code is null ? "said by the engine" : _row.Status is >= 400 and < 500 ? "" : $"'{way.Bad}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(way.Bad, Provider(response));
        Assert.Equal((bad + (isAsked ? IfItListens : 0), good), (_bad.Requests.Count, _good.Requests.Count));
        if (_row.RetryAfter is { } seconds)
        {
            Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, seconds == 1 ? 1 : seconds - 3, seconds); // What has passed meanwhile on a busy machine.
        }
        else
        {
            Assert.Null(response.Headers.RetryAfter);
        }
    }

    /// <summary>What the plan says of the engine's health before it is asked again.</summary>
    public async Task<string> HealthAsync(bool isAsked)
    {
        var bad = _bad.Requests.Count;
        using var response = await PostAsync(Alone, explain: true);
        Assert.Equal(bad + (isAsked ? IfItListens : 0), _bad.Requests.Count);
        return JsonDocument.Parse(response.Headers.GetValues(OrreryHeaders.Explain).Single()).RootElement
            .GetProperty("candidates")[0].GetProperty("endpoints")[0].GetProperty("health").GetString()!;
    }

    /// <summary>One usage event a request, whatever happened to it.</summary>
    public async Task AssertSettledOnceAsync()
    {
        await Eventually.Holds(() => _world.Catalogue.Usage.Count >= _statuses.Count);
        var usage = _world.Catalogue.Usage;
        Assert.Equal(_statuses.Order(), usage.Select(used => used.Status).Order());
        Assert.Equal(_statuses.Count, usage.Select(used => used.RequestId).Distinct().Count());
        Assert.All(usage, used =>
        {
            var isWell = used.Status == 200;
            Assert.Equal(isWell ? UsageOutcomes.Completed : _row.IsAskedNext ? UsageOutcomes.UpstreamError : UsageOutcomes.Refused, used.Outcome);
            Assert.Equal(isWell ? (7, 3) : (0, 0), (used.PromptTokens, used.CompletionTokens));
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _bad.DisposeAsync();
        await _good.DisposeAsync();
    }

    private int IfItListens => _row.Failure == FailureScripts.Refused ? 0 : 1;

    /// <summary>An error whose code is a number says none that a client could know.</summary>
    private bool HasOwnCode => !_row.Failure.Contains("says", StringComparison.Ordinal);

    private async Task<HttpResponseMessage> PostAsync(Way way, bool explain = false)
    {
        var stream = _isStream ? ",\"stream\":true" : "";
        var response = await _world.PostAsync(
            $$"""{{{way.Head}}{{stream}},"messages":[{"role":"user","content":"Hi"}]}""",
            change: request => request.Headers.TryAddWithoutValidation(OrreryHeaders.Explain, explain ? "1" : "0"));
        _statuses.Add((int)response.StatusCode);
        return response;
    }

    private static Way Named(string name, bool mayGoOn) => new(name, $"\"model\":\"{name}\"", mayGoOn);

    private static string Provider(HttpResponseMessage response) => response.Headers.GetValues(OrreryHeaders.Provider).Single();

    private static SnapshotDocument Document(FailureRow row, string badUrl, string goodUrl)
    {
        var patience = new Duration(TimeSpan.FromMilliseconds(500));
        var timeouts = row.Failure switch
        {
            FailureScripts.Silent => new ProviderTimeouts { PerRequest = patience },
            FailureScripts.Stopping => new ProviderTimeouts { Idle = patience },
            _ => null,
        };
        SnapshotProvider Bad(Way way) => GatewayWorld.Provider(way.Bad, badUrl) with { Timeouts = timeouts, HealthCheck = new HealthCheckSpec { Enabled = false } };
        var others = Ways.Where(way => way != Endpoint).ToList();

        // In turn, and the first turn is all but surely the failing one's.
        var both = Bad(Endpoint) with
        {
            Endpoints = [new ProviderEndpoint { Url = badUrl, Weight = 1_000_000_000 }, new ProviderEndpoint { Url = goodUrl }],
            Balancing = new BalancingSpec { Strategy = BalancingStrategies.WeightedRoundRobin },
        };
        return GatewayWorld.Document() with
        {
            Providers = [Bad(Alone), both, .. others.Select(Bad), .. others.Select(way => GatewayWorld.Provider(way.Good, goodUrl))],
            Models =
            [
                GatewayWorld.Model(Alone.Name, ModelTypes.Chat, Alone.Bad),
                GatewayWorld.Model(Endpoint.Name, ModelTypes.Chat, Endpoint.Bad),
                .. others.Where(way => way.Next is null).Select(way => GatewayWorld.Model(way.Name, ModelTypes.Chat, way.Bad, way.Good)),
                .. others.Where(way => way.Next is not null).Select(way => GatewayWorld.Model(way.Name, ModelTypes.Chat, way.Bad)),
                .. others.Where(way => way.Next is not null).Select(way => GatewayWorld.Model(way.Next!, ModelTypes.Chat, way.Good)),
            ],
            Routes = [Route(Strict, []), Route(Routed, [Routed.Next!])],
        };
    }

    private static SnapshotRoute Route(Way way, IReadOnlyList<string> fallback) => new()
    {
        Namespace = "default",
        Name = way.Name,
        Match = new RouteMatch { Models = [way.Name] },
        Targets = [new RouteTarget { Model = way.Name }],
        Fallback = fallback,
    };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
