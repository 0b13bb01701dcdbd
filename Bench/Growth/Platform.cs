using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Bench.Growth;

/// <summary>A platform of any size. At share 1 it has 10,000 models, 1,000 routes, 1,000 providers with an endpoint each, 1,000 teams and 100,000 access keys.</summary>
/// <remarks>
/// Each model is offered by two providers. Of ten routes six name a model, and one each a key, a team, a tag and a header; a tenth of the keys has limits and a list of models of
/// its own, each team has limits.
/// </remarks>
internal static class Platform
{
    private const string Namespace = "default";

    public static SnapshotDocument Of(double share, string engine, long revision = 1)
    {
        var (models, routes, providers, teams, keys) = (Count(10_000, share), Count(1_000, share), Count(1_000, share), Count(1_000, share), Count(100_000, share));
        return new SnapshotDocument
        {
            Revision = revision,
            Models = [.. Enumerable.Range(0, models).Select(i => Model(i, providers))],
            Providers = [.. Enumerable.Range(0, providers).Select(i => Provider(i, engine))],
            Routes = [.. Enumerable.Range(0, routes).Select(i => Route(i, models))],
            Teams = [.. Enumerable.Range(0, teams).Select(Team)],
            Keys = [.. Enumerable.Range(0, keys).Select(i => Key(i, teams, models))],
        };
    }

    public static string Token(int key) => string.Create(CultureInfo.InvariantCulture, $"ork_{key:D40}");

    public static string ModelName(int model) => string.Create(CultureInfo.InvariantCulture, $"vendor/model-{model}");

    /// <summary>The key as it is, and changed a little by another <paramref name="version"/>.</summary>
    public static SnapshotKey Key(int i, int teams, int models, int version = 0) => new()
    {
        Namespace = Namespace,
        Name = string.Create(CultureInfo.InvariantCulture, $"key-{i}"),
        Sha256 = AccessToken.Hash(Token(i)),
        Role = AccessRoles.User,
        Team = string.Create(CultureInfo.InvariantCulture, $"team-{i % teams}"),
        Tags = version == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"version-{version}")],
        AllowedModels = i % 10 == 9 ? [ModelName(i % models), ModelName((i + 1) % models), ModelName((i + 2) % models)] : [],
        Limits = i % 10 == 9 ? Limits() : null,
    };

    public static int Count(int atShareOne, double share) => Math.Max(1, (int)Math.Round(atShareOne * share));

    private static SnapshotModel Model(int i, int providers) => new()
    {
        Namespace = Namespace,
        Id = ModelName(i),
        ModelType = ModelTypes.Chat,
        ContextWindow = 131_072,
        Aliases = i % 10 == 0 ? [string.Create(CultureInfo.InvariantCulture, $"alias-{i}")] : [],
        Offers = [.. new[] { i % providers, (i + 1) % providers }.Distinct().Select(provider => new SnapshotOffer(ProviderName(provider), string.Create(CultureInfo.InvariantCulture, $"upstream-{i}"))
        {
            InputPrice = 0.001 * (1 + (provider % 7)),
            OutputPrice = 0.002 * (1 + (provider % 7)),
        })],
    };

    private static string ProviderName(int i) => string.Create(CultureInfo.InvariantCulture, $"provider-{i}");

    private static SnapshotProvider Provider(int i, string engine) => new()
    {
        Namespace = Namespace,
        Name = ProviderName(i),
        Provider = "self_hosted",
        Engine = Engines.Vllm,
        Endpoints = [new ProviderEndpoint { Url = string.Create(CultureInfo.InvariantCulture, $"{engine}/server-{i}/v1") }],
    };

    private static SnapshotRoute Route(int i, int models) => new()
    {
        Namespace = Namespace,
        Name = string.Create(CultureInfo.InvariantCulture, $"route-{i}"),
        Order = i,
        Match = (i % 10) switch
        {
            6 => new RouteMatch { Keys = [string.Create(CultureInfo.InvariantCulture, $"nobody-{i}")] },
            7 => new RouteMatch { Teams = [string.Create(CultureInfo.InvariantCulture, $"no-team-{i}")] },
            8 => new RouteMatch { Tags = [string.Create(CultureInfo.InvariantCulture, $"tag-{i}")] },
            9 => new RouteMatch { Headers = new Dictionary<string, string> { ["X-Canary"] = string.Create(CultureInfo.InvariantCulture, $"canary-{i}") } },
            _ => new RouteMatch { Models = [RouteName(i)] },
        },
        Targets = [new RouteTarget { Model = ModelName(i % models), Weight = 90 }, new RouteTarget { Model = ModelName((i + 7) % models), Weight = 10 }],
    };

    /// <summary>A name that exists through a route alone.</summary>
    public static string RouteName(int i) => string.Create(CultureInfo.InvariantCulture, $"routed-{i}");

    private static SnapshotTeam Team(int i) => new() { Namespace = Namespace, Name = string.Create(CultureInfo.InvariantCulture, $"team-{i}"), Limits = Limits() };

    /// <summary>Counted, and never reached.</summary>
    private static Limits Limits() => new()
    {
        Requests = [new WindowLimit { Count = 1_000_000_000, Per = new Duration(TimeSpan.FromMinutes(1)) }],
        Tokens = [new WindowLimit { Count = 100_000_000_000, Per = new Duration(TimeSpan.FromMinutes(1)) }],
    };
}
