using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Routing;

/// <summary>Routes in their order, and which of them can match a request at all: those that name its model, key, team or one of its tags, and those that name none. Made once a snapshot.</summary>
internal sealed class RouteTable
{
    public static readonly RouteTable None = new([]);

    private readonly Dictionary<string, List<int>> _byModel = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _byTeam = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _byTag = new(StringComparer.Ordinal);
    private readonly List<int> _others = [];

    private readonly DeclaredRoute[] _bounding;
    private readonly RouteBounds? _ofAll;

    public RouteTable(IReadOnlyList<DeclaredRoute> routes)
    {
        All = routes;
        _bounding = [.. routes.Where(route => route.IsBound)];
        _ofAll = _bounding.Where(route => route.Spec.Match is null).ToList() is { Count: > 0 } ofAll ? new(ofAll) : null;
        for (var i = 0; i < routes.Count; i++)
        {
            var route = routes[i];
            if (!route.Decides)
            {
                continue;
            }

            var (index, names) = route.Models is { } models ? (_byModel, models)
                : route.Keys is { } keys ? (_byKey, keys)
                : route.Teams is { } teams ? (_byTeam, teams)
                : (_byTag, route.Tags);
            foreach (var name in names ?? [])
            {
                (index.TryGetValue(name, out var places) ? places : index[name] = []).Add(i);
            }

            if (names is null)
            {
                _others.Add(i);
            }
        }
    }

    /// <summary>In the order in which they are held against a request.</summary>
    public IReadOnlyList<DeclaredRoute> All { get; }

    /// <summary>What those that match allow; <c>null</c>: everything.</summary>
    public RouteBounds? BoundsOf(Exchange exchange)
    {
        List<DeclaredRoute>? found = null;
        foreach (var route in _bounding)
        {
            if (route.Bounds(exchange))
            {
                (found ??= []).Add(route);
            }
        }

        return found is null ? null : new(found);
    }

    /// <summary>Whether no route that matches every request forbids all who serve it.</summary>
    public bool MayAnswer(ServedModel model) => _ofAll is null || model.Plan.Candidates.Any(_ofAll.Allows);

    /// <summary>The first that matches and decides.</summary>
    public DeclaredRoute? Find(Exchange exchange)
    {
        if (All.Count == 0)
        {
            return null;
        }

        var (first, caller) = (All.Count, exchange.Caller);
        Look(exchange, _byModel, exchange.Call.ModelName, ref first);
        Look(exchange, _byKey, caller.Key.Name, ref first);
        if (caller.Team is { } team)
        {
            Look(exchange, _byTeam, team.Name, ref first);
            Look(exchange, team.Tags, ref first);
        }

        Look(exchange, caller.Key.Tags, ref first);
        if (_byTag.Count > 0 && exchange.Http.Request.Headers.TryGetValue(OrreryHeaders.Tags, out var sent))
        {
            Look(exchange, DeclaredRoute.TagsIn(sent.ToString()), ref first);
        }

        Look(exchange, _others, ref first);
        return first < All.Count ? All[first] : null;
    }

    private void Look(Exchange exchange, IReadOnlyList<string> tags, ref int first)
    {
        for (var i = 0; _byTag.Count > 0 && i < tags.Count; i++)
        {
            Look(exchange, _byTag, tags[i], ref first);
        }
    }

    private void Look(Exchange exchange, Dictionary<string, List<int>> index, string name, ref int first)
    {
        if (index.Count > 0 && index.TryGetValue(name, out var places))
        {
            Look(exchange, places, ref first);
        }
    }

    private void Look(Exchange exchange, List<int> places, ref int first)
    {
        foreach (var place in places)
        {
            if (place >= first)
            {
                return;
            }

            if (All[place].Matches(exchange))
            {
                first = place;
                return;
            }
        }
    }
}
