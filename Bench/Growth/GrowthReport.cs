using System.Globalization;
using System.Text.Json;
using Orrery.Bench.Processes;
using Orrery.Contracts;
using Orrery.Gateway;

namespace Orrery.Bench.Growth;

/// <summary>What a platform's size costs: a table with a column for each size.</summary>
internal static class GrowthReport
{
    public static async Task<int> RunAsync(string[] shares)
    {
        var columns = new List<List<(string Case, string Cell)>>();
        await using var engine = await ChildProcess.StartAsync(EngineProcess.Role);
        foreach (var share in shares is [] ? [0.001, 0.1, 1] : shares.Select(text => double.Parse(text, CultureInfo.InvariantCulture)))
        {
            var cells = new List<(string Case, string Cell)>();
            var document = Platform.Of(share, engine.FirstLine);
            cells.Add(("models, routes, endpoints, keys", Text($"{document.Models.Count:#,0}, {document.Routes.Count:#,0}, {document.Providers.Count:#,0}, {document.Keys.Count:#,0}")));
            await Console.Error.WriteLineAsync(cells[0].Cell);
            await MeasureStepsAsync(document, cells);
            await using var reloads = await LiveReloads.StartAsync(document);
            cells.AddRange(await reloads.MeasureAsync());
            columns.Add(cells);
        }

        Print(columns);
        return 0;
    }

    /// <summary>One thread alone: what is read, built and planned.</summary>
    private static async Task MeasureStepsAsync(SnapshotDocument document, List<(string Case, string Cell)> cells)
    {
        await using var gateway = new IdleGateway();
        var json = JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.SnapshotDocument);
        cells.Add(("snapshot as JSON", Mega(json.Length)));
        var builder = gateway.Get<SnapshotBuilder>();
        cells.Add(("reading it, the first time", Best(() => new SnapshotReader().Read(json))));
        builder.Build(document);
        cells.Add(("building it, the first time", Best(() => builder.Build(document))));
        var (reader, held, version) = (new SnapshotReader(), gateway.Take(document), 0);
        held = gateway.Take(reader.Read(json), held);
        cells.Add(("reading and building it again, unchanged", Best(() => held = gateway.Take(reader.Read(json), held))));
        cells.Add(("merging and building one changed key", Best(() =>
        {
            var delta = KeyChange.Of(held.Document, ++version);
            held = gateway.Take(SnapshotMerge.Apply(held.Document, delta), held);
        })));
        cells.AddRange(PlanTime.Measure(gateway, document.Models.Count, document.Routes.Count));
    }

    private static string Best(Action action)
    {
        var runs = Enumerable.Range(0, 7).Select(_ => PlanTime.Once(action)).ToList();
        return Text($"{runs.Min(run => run.Ms):0.0} ms, {Mega(runs.Min(run => run.Bytes))}");
    }

    private static string Mega(double bytes) => Text($"{bytes / (1 << 20):0.0} MiB");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void Print(List<List<(string Case, string Cell)>> columns)
    {
        for (var row = 0; row < columns[0].Count; row++)
        {
            Console.WriteLine($"| {columns[0][row].Case} | {string.Join(" | ", columns.Select(column => column[row].Cell))} |");
            if (row == 0)
            {
                Console.WriteLine($"| --- |{string.Concat(columns.Select(_ => " --- |"))}");
            }
        }
    }
}
