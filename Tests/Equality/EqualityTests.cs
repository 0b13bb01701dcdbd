using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Equality;

/// <summary>
/// The promise that the same graph runs on a laptop and in a cluster: what run mode, manifest and chart say of each service is equal,
/// up to the differences of <c>differences.json</c>, each with its reason. The outcome is a page, <c>docs/equality.md</c>.
/// </summary>
public sealed class EqualityTests
{
    private const int MostDifferences = 16;
    private static readonly string[] Forms = ["manifest", "chart"];

    [Fact]
    public async Task Run_mode_manifest_and_chart_agree()
    {
        var differences = Difference.Read();
        Assert.InRange(differences.Count, 0, MostDifferences);
        Assert.All(differences, one => Assert.NotEqual("", one.Reason));

        var used = new HashSet<Difference>();
        var unexplained = new List<string>();
        var page = new EqualityPage(differences);
        foreach (var servers in (string[])["vllm", "simulator", "auto"])
        {
            var (run, others) = await ReadAsync(servers);
            foreach (var form in Forms)
            {
                foreach (var (service, aspect, item, here, there) in Compare(run, others[form]))
                {
                    var reasons = differences.Where(one => one.Covers(form, service, aspect, item)).ToList();
                    used.UnionWith(reasons);
                    page.Note(form, service, aspect, reasons);
                    if (reasons.Count == 0)
                    {
                        unexplained.Add($"{servers}: {service}, {aspect} {item}: run mode has {here ?? "nothing"}, the {form} {there ?? "nothing"}");
                    }
                }

                page.Count(form, run, others[form]);
            }
        }

        Assert.True(unexplained.Count == 0, $"Differences that nobody intends:\n{string.Join('\n', unexplained)}");
        var idle = differences.Except(used).ToList();
        Assert.True(idle.Count == 0, $"Nothing differs so any more:\n{string.Join('\n', idle)}");
        page.AssertCurrent();
    }

    private static async Task<(Dictionary<string, ServiceView> Run, Dictionary<string, Dictionary<string, ServiceView>> Others)> ReadAsync(string servers)
    {
        var folder = Directory.CreateTempSubdirectory("orrery-equality-").FullName;
        try
        {
            var argument = $"--Parameters:model-servers={servers}";
            var addresses = new Addresses();

            // This machine may have no GPU; a published graph is meant for machines that have.
            var run = await RunViews.ReadAsync(addresses, servers == "auto" ? "--Parameters:model-servers=vllm" : argument);

            var manifest = Path.Combine(folder, "manifest.json");
            await Publish("--publisher", "manifest", "--output-path", manifest, argument);
            var chart = Path.Combine(folder, "chart");
            await Publish("--operation", "publish", "--step", "publish", "--output-path", chart, argument);
            var documents = await Helm.TemplateAsync(chart, new HelmRelease { Sets = servers == "auto" ? ["workloads.simulator.enabled=true"] : [] });
            var values = Document.Parse("values.yaml", await File.ReadAllTextAsync(Path.Combine(chart, "values.yaml"), TestContext.Current.CancellationToken)).Root;
            return (run, new()
            {
                ["manifest"] = ManifestViews.Read(JsonNode.Parse(await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken))!.AsObject(), addresses),
                ["chart"] = ChartViews.Read(documents, values),
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task Publish(params string[] arguments)
    {
        var (code, _, errors) = await AppHostProgram.RunAsync(new Dictionary<string, string>(), arguments);
        Assert.True(code == 0, errors);
    }

    private static IEnumerable<(string Service, string Aspect, string Item, string? Here, string? There)> Compare(
        Dictionary<string, ServiceView> run, Dictionary<string, ServiceView> other)
    {
        foreach (var service in run.Keys.Union(other.Keys).Order(StringComparer.Ordinal))
        {
            if (!run.TryGetValue(service, out var here) || !other.TryGetValue(service, out var there))
            {
                yield return (service, "presence", "", run.ContainsKey(service) ? "it" : null, other.ContainsKey(service) ? "it" : null);
                continue;
            }

            var facts = here.Facts().ToDictionary(fact => (fact.Aspect, fact.Item), fact => fact.Value);
            var others = there.Facts().ToDictionary(fact => (fact.Aspect, fact.Item), fact => fact.Value);
            foreach (var key in facts.Keys.Union(others.Keys).Order())
            {
                var (a, b) = (facts.GetValueOrDefault(key), others.GetValueOrDefault(key));
                if (a != b)
                {
                    yield return (service, key.Aspect, key.Item, a, b);
                }
            }
        }
    }
}

/// <summary>The outcome as a page for readers, kept true by the test that writes it.</summary>
internal sealed class EqualityPage(IReadOnlyList<Difference> differences)
{
    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "docs", "equality.md");
    private static readonly string[] Aspects = ["presence", "environment", "arguments", "image", "references", "ports", "health", "volumes", "replicas", "gpus"];
    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<int>>> _cells = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _compared = new(StringComparer.Ordinal);

    public void Note(string form, string service, string aspect, IReadOnlyList<Difference> reasons)
    {
        Cell($"{service} | {form}", aspect).UnionWith(reasons.Select(one => differences.ToList().IndexOf(one) + 1));
    }

    public void Count(string form, Dictionary<string, ServiceView> run, Dictionary<string, ServiceView> other)
    {
        foreach (var (service, view) in run)
        {
            var row = $"{service} | {form}";
            foreach (var aspect in Aspects)
            {
                Cell(row, aspect);
            }

            _compared[row] = Math.Max(_compared.GetValueOrDefault(row), view.Facts().Union(other.GetValueOrDefault(service)?.Facts() ?? []).Count());
        }
    }

    public void AssertCurrent()
    {
        var text = Write();
        if (!File.Exists(Path) || File.ReadAllText(Path) != text)
        {
            var wanted = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "equality.md");
            File.WriteAllText(wanted, text);
            Assert.Fail($"docs/equality.md is stale; what it should be is in {wanted}.");
        }
    }

    private SortedSet<int> Cell(string row, string aspect)
    {
        if (!_cells.TryGetValue(row, out var cells))
        {
            _cells[row] = cells = new(StringComparer.Ordinal);
        }

        if (!cells.TryGetValue(aspect, out var cell))
        {
            cells[aspect] = cell = [];
        }

        return cell;
    }

    private string Write()
    {
        var page = new StringBuilder("""
            # Laptop and cluster: equal but for this

            Made by `Tests/Equality`, which derives each service from run mode, manifest and rendered chart and compares every fact: each
            variable's value, each argument, the image, whom it may talk to (in the chart: what its NetworkPolicy allows), ports, health,
            volumes, replicas, GPUs. `=` means equal; a number is an intended difference, explained below
            (`Tests/Equality/differences.json`). An unintended one fails the test, and so does an entry that explains nothing.


            """);
        page.Append(CultureInfo.InvariantCulture, $"| service | against run mode | {string.Join(" | ", Aspects)} | facts |\n|{string.Concat(Enumerable.Repeat(" --- |", Aspects.Length + 3))}\n");
        foreach (var (row, cells) in _cells)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {row} | {string.Join(" | ", Aspects.Select(aspect => cells.GetValueOrDefault(aspect) is { Count: > 0 } numbers ? string.Join(", ", numbers) : "="))} | {_compared.GetValueOrDefault(row)} |\n");
        }

        page.Append('\n');
        for (var i = 0; i < differences.Count; i++)
        {
            var one = differences[i];
            page.Append(CultureInfo.InvariantCulture, $"{i + 1}. **{one.Aspect}{(one.Item.Length == 0 ? "" : $" `{one.Item}`")}** ({(one.Form == "*" ? "manifest and chart" : one.Form)}{(one.Service == "*" ? "" : $", {one.Service}")}): {one.Reason}\n");
        }

        return page.ToString();
    }
}
