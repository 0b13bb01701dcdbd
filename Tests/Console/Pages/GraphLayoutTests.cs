using FsCheck;
using FsCheck.Fluent;
using Orrery.Contracts;
using Orrery.WebConsole.Pages;

namespace Orrery.Tests.WebConsole.Pages;

/// <summary>Where the picture of the graph places boxes and lines, whatever the graph is.</summary>
public sealed class GraphLayoutTests
{
    private const double Column = 280;

    /// <summary>Of a few resources, any of which may use any other and itself.</summary>
    private static readonly Gen<List<(int From, int To)>> AnyGraph =
        from count in Gen.Choose(1, 8)
        from lines in Gen.Choose(0, count - 1).Two().ListOf()
        select lines.Select(line => (line.Item1, line.Item2)).Append((count - 1, count - 1)).ToList();

    [Fact]
    public void Nothing_to_show_is_no_picture()
    {
        Assert.Null(GraphLayout.Of([], "console"));
        Assert.Null(GraphLayout.Of([One("key", type: "Parameter"), One("db", type: "ConnectionString")], "console"));
    }

    [Fact]
    public void A_single_resource_has_room()
    {
        var layout = GraphLayout.Of([One("redis")], "console")!;
        Assert.Equal(("redis", 8.0, 8.0), Assert.Single(layout.Nodes.Select(node => (node.Name, node.X, node.Y))));
        Assert.InRange(layout.Width, GraphNode.Width + 8, double.MaxValue);
        Assert.InRange(layout.Height, GraphNode.Height + 8, double.MaxValue);
    }

    [Fact]
    public void Copies_share_a_box_and_the_worst_speaks_for_all()
    {
        RunningResource[] copies =
        [
            One("gateway", "gateway-1", uses: ["redis"]), One("gateway", "gateway-2", state: "Exited", uses: ["redis", "redis"]), One("gateway", "gateway-3", state: "FailedToStart"), One("redis"),
        ];
        var layout = GraphLayout.Of(copies, "console")!;
        Assert.Equal(["gateway", "redis"], layout.Nodes.Select(node => node.Name).Order());
        Assert.Equal(("gateway", "redis"), Assert.Single(layout.Edges.Select(edge => (edge.From.Name, edge.To.Name))));
        Assert.Equal((3, "bad"), (layout.Edges[0].From.Copies.Count, layout.Edges[0].From.Tone));
        Assert.Equal("idle", GraphLayout.Of(copies[..2], "console")!.Nodes[0].Tone);
        Assert.Equal("good", GraphLayout.Of(copies[..1], "console")!.Nodes[0].Tone);
    }

    [Fact]
    public void Lines_to_itself_to_the_console_and_to_what_is_not_here_are_left_out()
    {
        var layout = GraphLayout.Of([One("gateway", uses: ["gateway", "console", "nobody", "key"]), One("console", uses: ["gateway"]), One("key", type: "Parameter")], "console")!;
        Assert.Equal(("console", "gateway"), Assert.Single(layout.Edges.Select(edge => (edge.From.Name, edge.To.Name))));
        Assert.Equal(["console", "gateway"], layout.Nodes.Select(node => node.Name).Order());
    }

    [Fact]
    public void A_long_line_goes_round_what_stands_between()
    {
        var layout = GraphLayout.Of([One("a", uses: ["c", "b"]), One("b", uses: ["c"]), One("c")], "console")!;
        Assert.Equal([0, 1, 2], "abc".Select(name => ColumnOf(layout, $"{name}")));
        var bend = Assert.Single(layout.Edges.Single(edge => edge is { From.Name: "a", To.Name: "c" }).Bends);
        Assert.Equal(layout.Nodes.Single(node => node.Name == "b").X + GraphNode.Width / 2, bend.X);
    }

    [Fact]
    public void Who_is_used_stands_beside_its_user()
    {
        var layout = GraphLayout.Of([One("a", uses: ["z"]), One("b", uses: ["y"]), One("c", uses: ["x"]), One("x"), One("y"), One("z")], "console")!;
        Assert.Equal(["z", "y", "x"], layout.Nodes.Where(node => ColumnOf(layout, node.Name) == 1).OrderBy(node => node.Y).Select(node => node.Name));
        Assert.All(layout.Edges, edge => Assert.Equal(edge.From.Y, edge.To.Y));
    }

    [Fact]
    public void Any_graph_has_its_place_circles_too() => Prop.ForAll(AnyGraph.ToArbitrary(), lines =>
    {
        var layout = Of(lines);
        var boxes = layout.Nodes;
        Assert.Equal(lines.Where(line => line.From != line.To).Distinct().Order(), layout.Edges.Select(edge => (Number(edge.From), Number(edge.To))).Order());
        Assert.All(boxes, box =>
        {
            Assert.InRange(box.X, 8, layout.Width - 8 - GraphNode.Width);
            Assert.InRange(box.Y, 8, layout.Height - 8 - GraphNode.Height);
            Assert.DoesNotContain(boxes, other => other != box && other.X == box.X && Math.Abs(other.Y - box.Y) < GraphNode.Height + 8);
        });
        var reached = Reached(lines);
        Assert.All(layout.Edges, edge =>
        {
            // In a circle somebody has to stand left of its user.
            Assert.True(edge.From.X < edge.To.X || reached.Contains((Number(edge.To), Number(edge.From))), $"{edge.From.Name} uses {edge.To.Name}, which stands left of it.");
            var way = edge.Bends.Select(bend => bend.X).Prepend(edge.From.X + GraphNode.Width / 2).Append(edge.To.X + GraphNode.Width / 2).ToList();
            Assert.True(edge.From.X < edge.To.X ? way.Zip(way.Skip(1)).All(step => Math.Abs(step.Second - step.First - Column) < 0.001) : edge.Bends.Count == 0);
            Assert.All(edge.Bends, bend =>
            {
                Assert.InRange(bend.Y, 8, layout.Height - 8);
                Assert.DoesNotContain(boxes, box => bend.X > box.X && bend.X < box.X + GraphNode.Width && bend.Y > box.Y - 8 && bend.Y < box.Y + GraphNode.Height + 8);
            });
        });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Without_circles_the_longest_way_decides_the_column() => Prop.ForAll(AnyGraph.ToArbitrary(), any =>
    {
        var lines = any.Select(line => line.From < line.To ? line : (From: line.To, To: line.From)).ToList();
        var layout = Of(lines);
        var longest = new int[9];
        foreach (var (from, to) in lines.Where(line => line.From != line.To).OrderBy(line => line.From))
        {
            longest[to] = Math.Max(longest[to], longest[from] + 1);
        }

        Assert.All(layout.Nodes, node => Assert.Equal(longest[Number(node)], ColumnOf(layout, node.Name)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_graph_in_which_everybody_uses_everybody_is_laid_out_at_once()
    {
        var names = Enumerable.Range(0, 30).Select(i => $"service-{i}").ToArray();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var layout = GraphLayout.Of([.. names.Select(name => One(name, uses: names))], "console")!;
        Assert.Equal(30 * 29, layout.Edges.Count);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"Took {clock.Elapsed}.");
    }

    private static GraphLayout Of(List<(int From, int To)> lines) => GraphLayout.Of(
        [.. Enumerable.Range(0, lines.Max(line => Math.Max(line.From, line.To)) + 1).Select(i => One($"r{i}", uses: [.. lines.Where(line => line.From == i).Select(line => $"r{line.To}")]))],
        "console")!;

    private static HashSet<(int From, int To)> Reached(List<(int From, int To)> lines)
    {
        var reached = lines.ToHashSet();
        while (reached.SelectMany(one => lines.Where(line => line.From == one.To).Select(line => (one.From, line.To))).Where(one => !reached.Contains(one)).ToList() is { Count: > 0 } more)
        {
            reached.UnionWith(more);
        }

        return reached;
    }

    private static int Number(GraphNode node) => int.Parse(node.Name[1..], System.Globalization.CultureInfo.InvariantCulture);

    private static int ColumnOf(GraphLayout layout, string name) => (int)Math.Round((layout.Nodes.Single(node => node.Name == name).X - 8) / Column);

    private static RunningResource One(string name, string? id = null, string type = "Project", string state = "Running", params string[] uses) => new()
    {
        Id = id ?? name,
        Name = name,
        Type = type,
        State = state,
        Urls = [],
        Properties = [],
        Environment = [],
        HealthReports = [],
        Relations = [.. uses.Select(to => new ResourceRelation(to, "Reference"))],
        Commands = [],
    };
}
