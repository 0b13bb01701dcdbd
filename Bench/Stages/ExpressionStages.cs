using BenchmarkDotNet.Attributes;
using Orrery.Bench.Growth;
using Orrery.Bench.Processes;
using Orrery.Contracts;
using Orrery.Gateway;

namespace Orrery.Bench.Stages;

/// <summary>Model, policy and plan of a chat request of 400 bytes that two providers can answer, under routes with and without expressions.</summary>
/// <remarks>Each time for a request of its own, so that what expressions see of it is made anew; the first row has what such a request takes without them.</remarks>
public class ExpressionStages
{
    private readonly List<IdleGateway> _gateways = [];
    private readonly byte[] _body = ChatBody.Of(Platform.ModelName(0));
    private readonly byte[] _any = ChatBody.Of("auto");
    private Case _none = null!;
    private Case _elsewhere = null!;
    private Case _fields = null!;
    private Case _false = null!;
    private Case _leads = null!;
    private Case _body32 = null!;
    private Case _filters = null!;
    private Case _sorts = null!;
    private Case _bounds = null!;
    private Case _hundred = null!;

    [GlobalSetup]
    public void Start()
    {
        _none = Of(_body);
        _elsewhere = Of(_body, Route(new RouteMatch { Models = ["other"], Expression = "request.stream" }, null, "ai.models"));
        _fields = Of(_body, Route(new RouteMatch { Headers = new Dictionary<string, string> { ["X-Canary"] = "1" } }, Platform.ModelName(1)));
        _false = Of(_body, Route(new RouteMatch { Expression = "request.stream && request.max_tokens > 4096" }, Platform.ModelName(1)));
        _leads = Of(_body, Route(new RouteMatch { Expression = "request.operation == 'chat' && team.name != 'guests'" }, Platform.ModelName(1)));
        _body32 = Of(ChatBody.Of(Platform.ModelName(0), length: 32 << 10), Route(new RouteMatch { Expression = "has(request.body.tools)" }, Platform.ModelName(1)));
        _filters = Of(_body, Route(null, null, "ai.models.filter(m, m.self_hosted && m.ready && m.in_flight < 64)", "ai.models"));
        _sorts = Of(_body, Route(null, null, "ai.models.sortBy(m, m.pricing.input)"));
        _bounds = Of(_body, Route(null, null) with { AllowedProviders = ["provider-0", "provider-1"] });
        _hundred = Of(_any, Route(null, null, "ai.models.filter(m, m.id.endsWith('7')).sortBy(m, m.pricing.input)"));
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }
    }

    [Benchmark(Description = "no route", Baseline = true)]
    public void None() => _none.Plan();

    [Benchmark(Description = "a route with expressions that names another model")]
    public void Elsewhere() => _elsewhere.Plan();

    [Benchmark(Description = "a route without an expression, a header does not match")]
    public void Fields() => _fields.Plan();

    [Benchmark(Description = "match.expression is false")]
    public void False() => _false.Plan();

    [Benchmark(Description = "match.expression is true and leads elsewhere")]
    public void Leads() => _leads.Plan();

    [Benchmark(Description = "match.expression names the body, of 32 KiB")]
    public void Body() => _body32.Plan();

    [Benchmark(Description = "selection filters two candidates")]
    public void Filters() => _filters.Plan();

    [Benchmark(Description = "selection sorts two candidates")]
    public void Sorts() => _sorts.Plan();

    [Benchmark(Description = "allowedProviders of two candidates")]
    public void Bounds() => _bounds.Plan();

    [Benchmark(Description = "selection filters and sorts the 200 of `auto`")]
    public void Hundred() => _hundred.Plan();

    private Case Of(byte[] body, params SnapshotRoute[] routes)
    {
        var gateway = new IdleGateway();
        _gateways.Add(gateway);
        gateway.Take(Platform.Of(0.01, "http://127.0.0.1:1") with { Routes = routes });
        return new Case(gateway, gateway.Read(Platform.Token(0), body));
    }

    private static SnapshotRoute Route(RouteMatch? match, string? target, params string[] selection) => new()
    {
        Namespace = "default",
        Name = "measured",
        Match = match,
        Targets = target is null ? [] : [new RouteTarget { Model = target }],
        Selection = selection.Length == 0 ? null : selection,
    };

    private sealed class Case(IdleGateway gateway, Exchange exchange)
    {
        public void Plan()
        {
            using var own = new Exchange(exchange.Http, exchange.Operation, exchange.Snapshot, exchange.Trace, exchange.StartedAt, exchange.StartTimestamp)
            {
                Caller = exchange.Caller,
                Call = exchange.Call,
            };
            gateway.Plan(own);
        }
    }
}
