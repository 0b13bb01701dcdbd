using System.Diagnostics;
using System.Globalization;
using Orrery.Bench.Processes;
using Orrery.Contracts;
using Orrery.Gateway;

namespace Orrery.Bench.Growth;

/// <summary>How long one thread takes from a request that is read to its plan, and what it allocates.</summary>
internal static class PlanTime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    /// <summary>A name, a route's name, and any model in each order that is not the declared one.</summary>
    public static IEnumerable<(string Case, string Cell)> Measure(IdleGateway gateway, int models, int routes)
    {
        var token = Platform.Token(0);
        yield return ("plan, a model's name", Time(gateway, token, ChatBody.Of(Platform.ModelName(models / 2))));
        yield return ("plan, the last route's name", Time(gateway, token, ChatBody.Of(Platform.RouteName((routes - 1) / 10 * 10))));
        yield return ("plan, `auto`", Time(gateway, token, ChatBody.Of("auto")));
        yield return ("plan, `auto`, the cheapest first", Time(gateway, token, Body(RoutingStrategies.Cost)));
    }

    /// <summary>Milliseconds and allocated bytes of one run of something that takes long.</summary>
    public static (double Ms, long Bytes) Once(Action action)
    {
        var (before, began) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        action();
        return (Stopwatch.GetElapsedTime(began).TotalMilliseconds, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static byte[] Body(string strategy) => System.Text.Encoding.UTF8.GetBytes(
        $$"""{"model":"auto","routing":{"strategy":"{{strategy}}"},"messages":[{"role":"user","content":"Hi"}]}""");

    private static string Time(IdleGateway gateway, string token, byte[] body)
    {
        using var exchange = gateway.Read(token, body);
        var (count, best, bytes) = (1, double.MaxValue, 0L);
        Run(gateway, exchange, 1);
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < Long;)
        {
            var (ms, allocated) = Once(() => Run(gateway, exchange, count));
            (best, bytes) = (Math.Min(best, ms * 1_000 / count), allocated / count);
            count = ms < 10 ? count * 2 : count;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{best:0.0} µs, {bytes:#,0} B");
    }

    private static void Run(IdleGateway gateway, Exchange exchange, int count)
    {
        for (var i = 0; i < count; i++)
        {
            (exchange.Wanted, exchange.Route, exchange.IsAuto) = ([], null, false);
            gateway.Plan(exchange);
        }
    }
}
