using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Orrery.Contracts;
using Orrery.Gateway.Quota;

namespace Orrery.Gateway.Authentication;

/// <summary>Who calls, by the hash of the token. What a key may do is worked out when it is first used, so that a new snapshot does not do it for keys that nobody uses.</summary>
internal sealed class CallerTable(KeyTable keys, IReadOnlyDictionary<string, NamespaceModels> models, IReadOnlyDictionary<(string Namespace, string Name), TeamLimits> teams)
{
    private readonly ConcurrentDictionary<KeyHash, Caller> _callers = new();

    public KeyTable Keys => keys;

    /// <summary>Every one, in no order.</summary>
    public IEnumerable<Caller> Values => keys.Hashes.Select(hash => TryGetValue(hash, out var caller) ? caller : null!);

    /// <summary>By name, which is a walk over all of them.</summary>
    public Caller? Find(string @namespace, string name)
    {
        foreach (var hash in keys.Hashes)
        {
            if (keys.TryGetValue(hash, out var key) && key.Namespace == @namespace && key.Name == name && TryGetValue(hash, out var caller))
            {
                return caller;
            }
        }

        return null;
    }

    public bool TryGetValue(KeyHash hash, [MaybeNullWhen(false)] out Caller caller)
    {
        if (_callers.TryGetValue(hash, out caller))
        {
            return true;
        }

        if (!keys.TryGetValue(hash, out var key))
        {
            return false;
        }

        caller = _callers.GetOrAdd(hash, Build(key));
        return true;
    }

    /// <remarks>A key may name a model by an alias; what is kept are ids, so that the check on the path is one lookup.</remarks>
    private Caller Build(SnapshotKey key)
    {
        var own = models.GetValueOrDefault(key.Namespace) ?? NamespaceModels.None;
        var team = key.Team is null ? null : teams.GetValueOrDefault((key.Namespace, key.Team));
        return new Caller(
            key,
            own,
            key.AllowedModels.Count == 0
                ? null
                : key.AllowedModels.Select(name => own.ByName.GetValueOrDefault(name)?.Id ?? name).ToFrozenSet(StringComparer.Ordinal))
        {
            Team = team?.Team,
            Limits = Limit.Join(Limit.Of(LimitScope.Key, key.Namespace, key.Name, key.Limits), team?.Limits),
        };
    }
}

/// <summary>A team and its limits, ready to be held against requests.</summary>
internal sealed record TeamLimits(SnapshotTeam Team, Limit[]? Limits);
