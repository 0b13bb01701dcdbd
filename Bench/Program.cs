using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Orrery.Bench.Growth;
using Orrery.Bench.Processes;
using Orrery.Bench.Requests;
using Orrery.Bench.Search;
using Orrery.Bench.Streams;

switch (args)
{
    case ["growth", .. var sizes]:
        return await GrowthReport.RunAsync(sizes);
    case ["search", ..]:
        return SearchReport.Run();
    case ["requests", ..]:
        return await RequestReport.RunAsync();
    case ["streams", .. var streams]:
        return await StreamLoad.RunAsync(streams);
    case [GatewayProcess.Role, .. var settings]:
        return await GatewayProcess.RunAsync(settings);
    case [EngineProcess.Role]:
        return await EngineProcess.RunAsync();
    case [LoadProcess.Role, .. var load]:
        return await LoadProcess.RunAsync(load);
    case ["--help" or "-h"] or []:
        Console.WriteLine("""
            Orrery.Bench --filter '*'        time and allocation of each step of a request (BenchmarkDotNet; --list flat names them)
            Orrery.Bench requests            allocation of the gateway's process for a whole request and for a streamed chunk
            Orrery.Bench growth [SHARE ...]  up to 10,000 models, 1,000 routes, 1,000 endpoints and 100,000 keys; SHAREs default to 0.001 0.1 1
            Orrery.Bench search              searches of the catalogue over 10,000 entries
            Orrery.Bench streams URL KEY MODEL STREAMS SECONDS PID   how evenly tokens come through a proxy, and its CPU (Bench/gateway.sh jitter runs it)
            """);
        return 0;
}

// In this process: this release of BenchmarkDotNet cannot generate projects for the framework that we use.
var config = ManualConfig.CreateEmpty()
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddExporter(MarkdownExporter.GitHub)
    .AddLogger(ConsoleLogger.Default);
return BenchmarkSwitcher.FromAssembly(typeof(GrowthReport).Assembly).Run(args, config).All(summary => summary.Reports.All(report => report.Success)) ? 0 : 1;
