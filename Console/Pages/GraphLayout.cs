using Orrery.Contracts;

namespace Orrery.WebConsole.Pages;

/// <summary>A resource in the picture: all of its copies in one box.</summary>
internal sealed record GraphNode(string Name, IReadOnlyList<RunningResource> Copies, double X, double Y)
{
    public const double Width = 190;
    public const double Height = 62;

    /// <summary>The worst of the copies speaks for all.</summary>
    public string Tone => Copies.Select(ResourceTone.Of).OrderBy(tone => Array.IndexOf(["bad", "warn", "idle", "good"], tone)).First();
}

/// <summary>A line from one box to another.</summary>
/// <param name="Bends">Where it passes through columns in between.</param>
internal sealed record GraphEdge(GraphNode From, GraphNode To, IReadOnlyList<(double X, double Y)> Bends);

/// <summary>
/// The graph from left to right: who uses another stands left of it. Within a column the nodes are ordered by where their users stand, so that
/// few lines cross, and a long line has a place of its own in each column that it passes (Sugiyama, Tagawa, Toda 1981: layers by longest path,
/// places for long edges, order by barycentre).
/// </summary>
internal sealed class GraphLayout
{
    private const double ColumnGap = 90;
    private const double RowGap = 26;
    private const double LaneHeight = 34;
    private const double Margin = 8;
    private const int Sweeps = 4;

    private GraphLayout(IReadOnlyList<GraphNode> nodes, IReadOnlyList<GraphEdge> edges) => (Nodes, Edges) = (nodes, edges);

    public IReadOnlyList<GraphNode> Nodes { get; }

    public IReadOnlyList<GraphEdge> Edges { get; }

    public double Width => Nodes.Max(node => node.X) + GraphNode.Width + Margin;

    public double Height => Math.Max(Nodes.Max(node => node.Y) + GraphNode.Height, Edges.SelectMany(edge => edge.Bends).Max(bend => (double?)bend.Y) + LaneHeight / 2 ?? 0) + Margin;

    /// <param name="resources">Every copy.</param>
    /// <param name="self">The Console's own name: everybody sends telemetry to it, and lines to it would cross all others.</param>
    public static GraphLayout? Of(IReadOnlyList<RunningResource> resources, string self)
    {
        var copies = resources.Where(ResourceTone.IsShown).GroupBy(one => one.Name).ToDictionary(group => group.Key, group => group.ToList());
        if (copies.Count == 0)
        {
            return null;
        }

        var uses = copies.ToDictionary(one => one.Key, one => Uses(one.Value, copies, self));
        var columns = Columns(uses);
        var ways = Ways(columns, uses);
        columns = Order(columns, ways);
        var tallest = columns.Max(column => column.Sum(RowHeight));
        var places = columns.SelectMany((column, x) => Places(column, x, tallest)).ToDictionary(place => place.Name, place => (place.X, place.Y));
        var nodes = copies.ToDictionary(one => one.Key, one => new GraphNode(one.Key, one.Value, places[one.Key].X, places[one.Key].Y));
        return new([.. nodes.Values], [.. ways.Select(way => new GraphEdge(
            nodes[way[0]], nodes[way[^1]], [.. way.Skip(1).SkipLast(1).Select(name => (places[name].X + GraphNode.Width / 2, places[name].Y + LaneHeight / 2))]))]);
    }

    /// <summary>From top to bottom, the column as a whole in the middle.</summary>
    private static IEnumerable<(string Name, double X, double Y)> Places(List<string> column, int x, double tallest)
    {
        var y = Margin + (tallest - column.Sum(RowHeight)) / 2;
        foreach (var name in column)
        {
            yield return (name, Margin + x * (GraphNode.Width + ColumnGap), y);
            y += RowHeight(name);
        }
    }

    private static double RowHeight(string name) => IsLane(name) ? LaneHeight : GraphNode.Height + RowGap;

    /// <summary>A long line's place in a column; no resource's name holds such a character.</summary>
    private static bool IsLane(string name) => name[0] == '>';

    /// <summary>Each line as the names that it passes; its places are added to the columns.</summary>
    private static List<string[]> Ways(List<List<string>> columns, Dictionary<string, List<string>> uses)
    {
        var column = columns.SelectMany((names, i) => names.Select(name => (name, i))).ToDictionary(one => one.name, one => one.i);
        var ways = new List<string[]>();
        foreach (var (from, to) in uses.SelectMany(one => one.Value.Select(to => (one.Key, to))))
        {
            var lanes = Enumerable.Range(column[from] + 1, Math.Max(0, column[to] - column[from] - 1)).Select(i => (Name: $">{from}>{to}>{i}", Column: i)).ToList();
            lanes.ForEach(lane => columns[lane.Column].Add(lane.Name));
            ways.Add([from, .. lanes.Select(lane => lane.Name), to]);
        }

        return ways;
    }

    private static List<string> Uses(List<RunningResource> copies, Dictionary<string, List<RunningResource>> known, string self) =>
        [.. copies.SelectMany(one => one.Relations).Select(relation => relation.To).Where(to => known.ContainsKey(to) && to != copies[0].Name && to != self).Distinct()];

    /// <summary>The longest way to a node decides its column; a way round in a circle counts once.</summary>
    private static List<List<string>> Columns(Dictionary<string, List<string>> uses)
    {
        var column = uses.Keys.ToDictionary(name => name, _ => 0);
        var open = new HashSet<string>();
        foreach (var name in uses.Keys.Order(StringComparer.Ordinal))
        {
            Push(name, 0);
        }

        return [.. column.GroupBy(one => one.Value).OrderBy(group => group.Key).Select(group => group.Select(one => one.Key).Order(StringComparer.Ordinal).ToList())];

        void Push(string name, int least)
        {
            if (!open.Add(name))
            {
                return;
            }

            column[name] = Math.Max(column[name], least);
            foreach (var used in uses[name])
            {
                if (column[used] <= column[name])
                {
                    Push(used, column[name] + 1);
                }
            }

            open.Remove(name);
        }
    }

    private static List<List<string>> Order(List<List<string>> columns, List<string[]> ways)
    {
        var steps = ways.SelectMany(way => way.Zip(way.Skip(1))).ToList();
        var (users, uses) = (steps.ToLookup(step => step.Second, step => step.First), steps.ToLookup(step => step.First, step => step.Second));
        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            var place = columns.SelectMany(column => column.Select((name, i) => (name, At: (i + 0.5) / column.Count))).ToDictionary(one => one.name, one => one.At);
            for (var i = 0; i < columns.Count; i++)
            {
                columns[i] = [.. columns[i].OrderBy(name => Mean(sweep % 2 == 0 ? users[name] : uses[name], place[name], place))];
            }
        }

        return columns;
    }

    private static double Mean(IEnumerable<string> neighbours, double otherwise, Dictionary<string, double> place) =>
        neighbours.Select(name => place[name]).DefaultIfEmpty(otherwise).Average();
}
