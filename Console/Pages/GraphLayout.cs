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

internal sealed record GraphEdge(GraphNode From, GraphNode To);

/// <summary>
/// The graph from left to right: who uses another stands left of it. Within a column the nodes are ordered by where their users stand, so that
/// few lines cross (Sugiyama, Tagawa, Toda 1981: layers by longest path, order by barycentre).
/// </summary>
internal sealed class GraphLayout
{
    private const double ColumnGap = 90;
    private const double RowGap = 26;
    private const double Margin = 8;
    private const int Sweeps = 4;

    private GraphLayout(IReadOnlyList<GraphNode> nodes, IReadOnlyList<GraphEdge> edges) => (Nodes, Edges) = (nodes, edges);

    public IReadOnlyList<GraphNode> Nodes { get; }

    public IReadOnlyList<GraphEdge> Edges { get; }

    public double Width => Nodes.Max(node => node.X) + GraphNode.Width + Margin;

    public double Height => Nodes.Max(node => node.Y) + GraphNode.Height + Margin;

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
        var columns = Order(Columns(uses), uses);
        var tallest = columns.Max(column => column.Count);
        var nodes = columns.SelectMany((column, x) => column.Select((name, y) => new GraphNode(
            name, copies[name], Margin + x * (GraphNode.Width + ColumnGap),
            Margin + (y + (tallest - column.Count) / 2.0) * (GraphNode.Height + RowGap)))).ToDictionary(node => node.Name);
        return new([.. nodes.Values], [.. uses.SelectMany(one => one.Value.Select(to => new GraphEdge(nodes[one.Key], nodes[to])))]);
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

    private static List<List<string>> Order(List<List<string>> columns, Dictionary<string, List<string>> uses)
    {
        var users = uses.SelectMany(one => one.Value.Select(to => (To: to, From: one.Key))).ToLookup(one => one.To, one => one.From);
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
