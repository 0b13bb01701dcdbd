using System.Diagnostics;
using System.Globalization;
using Orrery.Bench.Processes;
using Orrery.Contracts;

namespace Orrery.Bench.Growth;

/// <summary>A gateway in a process of its own that answers 200 requests a second while its snapshot is as it was, changes by a key, or comes anew.</summary>
internal sealed class LiveReloads : IAsyncDisposable
{
    private const int Rate = 200;
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenChanges = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan BetweenWholes = TimeSpan.FromSeconds(3);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orrery-bench-");
    private readonly string[] _keys;
    private readonly string[] _models;
    private SnapshotDocument _document;
    private SnapshotServer _catalogue = null!;
    private ChildProcess _gateway = null!;
    private HttpClient _client = null!;

    private LiveReloads(SnapshotDocument document)
    {
        _document = document;
        _keys = [.. Enumerable.Range(0, Math.Min(50, document.Keys.Count)).Select(i => Platform.Token(i * 10 % document.Keys.Count)).Distinct()];
        _models = [.. Enumerable.Range(0, Math.Min(20, document.Models.Count)).Select(Platform.ModelName)];
    }

    public static async Task<LiveReloads> StartAsync(SnapshotDocument document)
    {
        var reloads = new LiveReloads(document) { _catalogue = await SnapshotServer.StartAsync(document) };
        reloads._gateway = await GatewayProcess.StartAsync(reloads._catalogue.Address, reloads._directory.FullName);
        reloads._client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(reloads._gateway.FirstLine) };
        await reloads.InForceAsync(document.Revision);
        return reloads;
    }

    public async Task<IReadOnlyList<(string Case, string Cell)>> MeasureAsync()
    {
        var cells = new List<(string Case, string Cell)>();
        await LoadAsync(Warming); // Code is compiled, connections stand.
        var before = await GatewayState.OfAsync(_client, collect: true);
        cells.Add(("memory: working set, managed", Text($"{before.WorkingSetBytes >> 20} MiB, {before.HeapBytes >> 20} MiB")));
        var usual = await MeasureAsync(cells, "no reload", null, pause: default);
        await MeasureAsync(cells, "a key changes 5 times a second", ChangeKeyAsync, BetweenChanges, usual);
        await MeasureAsync(cells, "the whole comes every 3 s", SendWholeAsync, BetweenWholes, usual);
        var after = await GatewayState.OfAsync(_client);
        cells.Add(("after it: working set, managed", Text($"{after.WorkingSetBytes >> 20} MiB, {after.HeapBytes >> 20} MiB")));
        return cells;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _catalogue.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task<LoadResult> MeasureAsync(List<(string Case, string Cell)> cells, string name, Func<Task<double>>? reload, TimeSpan pause, LoadResult? usual = null)
    {
        var before = await GatewayState.OfAsync(_client);
        var load = LoadAsync(Length);
        var reloads = new List<double>();
        while (reload is not null && !load.IsCompleted)
        {
            reloads.Add(await reload());
            await Task.WhenAny(load, Task.Delay(pause, TimeProvider.System, CancellationToken.None));
        }

        var result = await load;
        var after = await GatewayState.OfAsync(_client);
        cells.Add(($"{name}: p50, p99, longest", Text($"{result.P50:0.00}, {result.P99:0.00}, {result.Longest:0.0} ms") + (result.Failed > 0 ? Text($", {result.Failed} failed") : "")));
        if (reload is not null)
        {
            reloads.Sort();
            cells.Add(($"{name}: p99 by the usual", Text($"{result.P99 / usual!.P99:0.0} times")));
            cells.Add(($"{name}: sent until in force, median", Text($"{reloads[reloads.Count / 2]:0} ms")));
        }

        cells.Add(($"{name}: CPU, collections of generation 0, 1, 2, longest pause", Text(
            $"{(after.CpuMs - before.CpuMs) / 1_000:0.0} s, {after.Gen0 - before.Gen0}, {after.Gen1 - before.Gen1}, {after.Gen2 - before.Gen2}, {after.LongestPauseMs:0.0} ms")));
        return result;
    }

    private Task<LoadResult> LoadAsync(TimeSpan length) => LoadProcess.MeasureAsync(_gateway.FirstLine, _keys, _models, Rate, length);

    private Task<double> ChangeKeyAsync()
    {
        var delta = KeyChange.Of(_document, (int)_document.Revision);
        _document = _document with { Revision = delta.Revision };
        return TimeAsync(() => _catalogue.Send(delta));
    }

    private Task<double> SendWholeAsync()
    {
        _document = _document with { Revision = _document.Revision + 1 };
        _catalogue.Hold(_document);
        return TimeAsync(_catalogue.SendWhole);
    }

    /// <returns>Milliseconds from sending until requests see it.</returns>
    private async Task<double> TimeAsync(Action send)
    {
        var began = Stopwatch.GetTimestamp();
        send();
        await InForceAsync(_document.Revision);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private async Task InForceAsync(long revision)
    {
        using var response = await _client.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{GatewayProcess.RevisionPath}{revision}"));
        response.EnsureSuccessStatusCode();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
