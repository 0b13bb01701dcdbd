using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway;

namespace Orrery.Bench.Processes;

/// <summary>The gateway as it is, which besides tells how its process fares.</summary>
internal static class GatewayProcess
{
    public const string Role = "gateway";
    public const string StatePath = "/bench/state";
    public const string RevisionPath = "/bench/revision/";

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);

    /// <summary>Starts it with nothing in its folder.</summary>
    public static Task<ChildProcess> StartAsync(string catalogue, string directory, params IEnumerable<string> settings) => ChildProcess.StartAsync(
    [
        Role,
        "--urls=http://127.0.0.1:0",
        "--Internal:Key=internal-key-of-the-benchmarks-0123456789",
        "--Secrets:Key=secrets-key-of-the-benchmarks-01234567890",
        "--services:catalogue:http:0=" + catalogue,
        "--Gateway:DataDirectory=" + directory,
        "--Gateway:Egress:AllowLoopback=true",
        "--Logging:LogLevel:Default=Warning",
        .. settings,
    ]);

    public static async Task<int> RunAsync(string[] settings)
    {
        using var pauses = new PauseListener();
        await using var app = GatewayHost.Build(settings);
        app.MapGet(StatePath, (RequestDelegate)(http => http.Response.WriteAsJsonAsync(Read(http, pauses))));
        app.MapGet(RevisionPath + "{revision}", (RequestDelegate)WaitForRevisionAsync);
        await app.ServeUntilInputEndsAsync();
        return 0;
    }

    private static GatewayState Read(HttpContext http, PauseListener pauses)
    {
        if (http.Request.Query.ContainsKey("collect"))
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
        }

        using var self = Process.GetCurrentProcess();
        return new GatewayState(
            http.RequestServices.GetRequiredService<CurrentSnapshot>().Value?.Revision ?? 0,
            GC.GetTotalAllocatedBytes(precise: true),
            GC.GetGCMemoryInfo().HeapSizeBytes,
            self.WorkingSet64,
            GC.GetTotalPauseDuration().TotalMilliseconds,
            pauses.TakeLongest().TotalMilliseconds,
            self.TotalProcessorTime.TotalMilliseconds,
            GC.CollectionCount(0),
            GC.CollectionCount(1),
            GC.CollectionCount(2));
    }

    /// <summary>Answers when the revision is in force.</summary>
    private static async Task WaitForRevisionAsync(HttpContext http)
    {
        var revision = long.Parse((string)http.Request.RouteValues["revision"]!, CultureInfo.InvariantCulture);
        var (current, time) = (http.RequestServices.GetRequiredService<CurrentSnapshot>(), http.RequestServices.GetRequiredService<TimeProvider>());
        while ((current.Value?.Revision ?? 0) < revision)
        {
            await Task.Delay(LookAgain, time, http.RequestAborted);
        }
    }
}
