using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aspire.Hosting.Testing;

namespace Orrery.Tests.EndToEnd;

/// <summary>What <c>docs/observability</c> asks Prometheus for is there to be scraped.</summary>
[Collection(RunningGraphCollection.Name)]
public sealed partial class ObservabilityFilesTests(RunningGraph graph)
{
    private static readonly string Folder = Path.Combine(Repository.Root, "docs/observability");

    /// <summary>Prometheus' own, and what exists only once something has gone wrong.</summary>
    private static readonly string[] NotScraped = ["up", "orrery_gateway_usage_lost_total"];

    [Fact]
    public async Task Every_metric_of_the_board_and_of_the_rules_is_scraped()
    {
        await using (var load = Load.Begin(graph))
        {
            await load.AnsweredAsync(20);
        }

        var scraped = new HashSet<string>(NotScraped, StringComparer.Ordinal);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var url in (Uri[])[graph.App.GetEndpoint("gateway", "metrics"), new(graph.App.GetEndpoint("simulator", "http"), "/")])
        {
            var text = await client.GetStringAsync(new Uri(url, "/metrics"), TestContext.Current.CancellationToken);
            scraped.UnionWith(text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line[..line.IndexOfAny(['{', ' '])]));
        }

        var wanted = Expressions().SelectMany(expression => Metric().Matches(Labels().Replace(expression, "")).Select(match => match.Value)).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(wanted.Count > 20, $"Only {wanted.Count} metrics are asked for.");
        Assert.Equal([], wanted.Where(name => !scraped.Contains(name)));
    }

    [Fact]
    public async Task The_rules_pass_promtool()
    {
        var path = new[] { "/usr/bin/promtool", "/usr/local/bin/promtool" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "There is no promtool here; ./test installs it.");
        using var check = Process.Start(new ProcessStartInfo(path!, ["check", "rules", Path.Combine(Folder, "alerts.yaml")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(check.ExitCode == 0, said);
    }

    private static IEnumerable<string> Expressions()
    {
        using var board = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana-orrery.json")));
        foreach (var panel in board.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)))
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                yield return target.GetProperty("expr").GetString()!;
            }
        }

        foreach (Match match in Rule().Matches(File.ReadAllText(Path.Combine(Folder, "alerts.yaml"))))
        {
            yield return match.Groups[1].Value;
        }
    }

    // A name before a selector, a range or a comparison; functions stand before a parenthesis, labels within braces.
    [GeneratedRegex(@"(?<![\w$""{=~|-])(?:up|(?:orrery|gen_ai|dotnet|vllm)[a-z0-9_:]*)(?=[{\[) ])")]
    private static partial Regex Metric();

    [GeneratedRegex(@"\b(by|on) \([^)]*\)")]
    private static partial Regex Labels();

    [GeneratedRegex(@"expr: (?:\|\s+)?(.+)")]
    private static partial Regex Rule();
}
