using Microsoft.Extensions.Options;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.Tests.WebConsole.Stores;

/// <summary>Telemetry as tests need it.</summary>
internal static class Made
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly Emitter Gateway = new("gateway", "gateway-1", []);

    public static readonly Emitter Engine = new("engine", "engine-1", []);

    public static IOptions<StoreLimits> Limits(Action<StoreLimits>? set = null)
    {
        var limits = new StoreLimits();
        set?.Invoke(limits);
        return Options.Create(limits);
    }

    public static Span Span(
        int trace, int id, int parent = 0, double at = 0, double seconds = 1, Emitter? by = null, string name = "work", bool failed = false, params (string Key, string Value)[] tags) => new()
        {
            TraceId = new((UInt128)trace),
            Id = new((ulong)id),
            ParentId = new((ulong)parent),
            Emitter = by ?? Gateway,
            Scope = "Test",
            Name = name,
            Kind = SpanKind.Server,
            Start = Start.AddSeconds(at),
            Duration = TimeSpan.FromSeconds(seconds),
            Status = failed ? SpanStatus.Error : SpanStatus.Unset,
            Tags = [.. tags.Select(tag => new Tag(tag.Key, tag.Value))],
        };

    public static LogRecord Log(string body, int trace = 0, LogSeverity severity = LogSeverity.Information, Emitter? by = null) => new()
    {
        Time = Start,
        Emitter = by ?? Gateway,
        Category = "Test",
        Severity = severity,
        Body = body,
        TraceId = new((UInt128)trace),
    };

    public static Instrument Instrument(InstrumentKind kind, Emitter? by = null, params double[] bounds) => new(by ?? Gateway, "one", "s", "", kind, bounds);
}
