using System.Globalization;
using Orrery.Contracts;
using StackExchange.Redis;

namespace Orrery.Gateway.Quota;

/// <summary>Whose a limit is.</summary>
internal enum LimitScope
{
    Key,
    Team,
    Model,
    Provider,

    /// <summary>What external callers may use of a provider.</summary>
    ProviderExternal,
}

/// <summary>What a limit counts.</summary>
internal enum LimitUnit
{
    Requests,
    Tokens,
    Concurrency,
}

/// <summary>One limit, ready to be held against a request: made once a snapshot.</summary>
internal sealed class Limit
{
    /// <summary>Into how many slices a window is cut, in Redis and here.</summary>
    public const int Slices = 60;

    private static readonly string[] ScopeNames = ["key", "team", "model", "provider", "provider_external"];
    private static readonly string[] UnitNames = ["requests", "tokens", "concurrency"];

    /// <param name="isCalendar">The window is the day of the calendar, UTC.</param>
    public Limit(LimitScope scope, string @namespace, string name, LimitUnit unit, long count, TimeSpan per, bool isCalendar = false)
    {
        (Scope, Namespace, Name, Unit, Count, Per, IsCalendar) = (scope, @namespace, name, unit, count, per, isCalendar);
        PerMs = (long)per.TotalMilliseconds;
        CountText = count.ToString(CultureInfo.InvariantCulture);
        Id = unit == LimitUnit.Concurrency
            ? $"orrery:{{{@namespace}}}:quota:{ScopeName}:{name}:concurrency"
            : string.Create(CultureInfo.InvariantCulture, $"orrery:{{{@namespace}}}:quota:{ScopeName}:{name}:{UnitNames[(int)unit]}:{(isCalendar ? "day" : PerMs)}");
        RedisKey = Id;
    }

    public LimitScope Scope { get; }

    public string Namespace { get; }

    public string Name { get; }

    public LimitUnit Unit { get; }

    public long Count { get; }

    public string CountText { get; }

    /// <summary>The window's length; zero for concurrency.</summary>
    public TimeSpan Per { get; }

    public long PerMs { get; }

    /// <summary>The window begins at midnight UTC and not a length ago.</summary>
    public bool IsCalendar { get; }

    /// <summary>The key in Redis. A changed count leaves it: what was used stays used.</summary>
    public string Id { get; }

    public RedisKey RedisKey { get; }

    public string ScopeName => ScopeNames[(int)Scope];

    public string UnitName => UnitNames[(int)Unit];

    public bool IsConcurrency => Unit == LimitUnit.Concurrency;

    /// <summary>What this replica itself has granted of it; outlives snapshots. Found on first use.</summary>
    public LocalCount? Local { get; set; }

    /// <summary>What this replica has bought of it in advance; outlives snapshots. Found on first use.</summary>
    public WindowCredit? Credit { get; set; }

    /// <summary>The places that this replica holds of it; outlive snapshots. Found on first use.</summary>
    public PlacePool? Pool { get; set; }

    /// <summary>Who waits for it, where anybody may; outlives snapshots. Found on first use.</summary>
    public AdmissionQueue? Queue { get; set; }

    /// <summary>What a request takes of it.</summary>
    public long CostOf(long tokens) => Unit == LimitUnit.Tokens ? tokens : 1;

    public override string ToString() => Unit switch
    {
        LimitUnit.Concurrency => string.Create(CultureInfo.InvariantCulture, $"{Count} requests at the same time"),
        LimitUnit.Requests => string.Create(CultureInfo.InvariantCulture, $"{Count} requests per {PerText}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Count} tokens per {PerText}"),
    };

    private string PerText => IsCalendar ? "day (UTC)" : $"{new Duration(Per)}";

    /// <summary>The limits of one owner, windows first; <c>null</c> where there are none.</summary>
    public static Limit[]? Of(LimitScope scope, string @namespace, string name, Limits? limits)
    {
        if (limits is null)
        {
            return null;
        }

        var all = new List<Limit>();
        all.AddRange((limits.Requests ?? []).Select(window => new Limit(scope, @namespace, name, LimitUnit.Requests, window.Count, window.Per, window.Calendar)));
        all.AddRange((limits.Tokens ?? []).Select(window => new Limit(scope, @namespace, name, LimitUnit.Tokens, window.Count, window.Per, window.Calendar)));
        if (limits.Concurrency is { } concurrency)
        {
            all.Add(new Limit(scope, @namespace, name, LimitUnit.Concurrency, concurrency, TimeSpan.Zero));
        }

        return all.Count == 0 ? null : [.. all];
    }

    public static Limit[]? Join(Limit[]? one, Limit[]? other) => one is null ? other : other is null ? one : [.. one, .. other];
}
