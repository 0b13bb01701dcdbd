using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Policy;
using Orrery.Gateway.Routing;
using Orrery.ServiceDefaults;

namespace Orrery.Bench.Processes;

/// <summary>The gateway's own parts, put together by itself and serving nobody, so that its steps can be run one by one.</summary>
internal sealed class IdleGateway : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orrery-bench-");
    private readonly WebApplication _app;

    public IdleGateway(params IEnumerable<string> settings)
    {
        _app = GatewayHost.Build([
            "--urls=http://127.0.0.1:0",
            "--Internal:Key=internal-key-of-the-benchmarks-0123456789",
            "--Secrets:Key=secrets-key-of-the-benchmarks-01234567890",
            "--services:catalogue:http:0=http://127.0.0.1:1",
            "--Gateway:DataDirectory=" + _directory.FullName,
            "--Gateway:Egress:AllowLoopback=true",
            "--Logging:LogLevel:Default=Warning",
            .. settings,
        ]);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>From now on this is the platform.</summary>
    public Snapshot Take(SnapshotDocument document, Snapshot? before = null)
    {
        var snapshot = Get<SnapshotBuilder>().Build(document, before);
        Get<CurrentSnapshot>().Swap(snapshot);
        return snapshot;
    }

    /// <summary>A chat request that has just come.</summary>
    public Exchange Begin(string token)
    {
        var (http, time) = (new DefaultHttpContext(), Get<TimeProvider>());
        http.Request.Method = HttpMethods.Post;
        http.Request.Headers.Authorization = "Bearer " + token;
        http.Request.ContentType = "application/json";
        return new Exchange(http, Operation.Chat, Get<CurrentSnapshot>().Value, TraceContext.Of(http, Get<Dice>()), time.GetUtcNow(), time.GetTimestamp());
    }

    /// <summary>The same, authenticated and read.</summary>
    public Exchange Read(string token, byte[] body)
    {
        var exchange = Begin(token);
        Demand(Get<AccessKeyAuthenticator>().Authenticate(exchange));
        exchange.Call = new Call { Body = body };
        Demand(CallReader.Read(exchange.Call, exchange.Operation, exchange.Call.MaxDepth));
        return exchange;
    }

    /// <summary>The same, with a plan.</summary>
    public Exchange Plan(string token, byte[] body)
    {
        var exchange = Read(token, body);
        Plan(exchange);
        return exchange;
    }

    /// <summary>Model, policy and route.</summary>
    public void Plan(Exchange exchange)
    {
        Demand(Get<ModelResolver>().Resolve(exchange));
        Demand(Get<AccessPolicy>().Check(exchange));
        Demand(Get<RoutePlanner>().Plan(exchange));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>A step that refuses is quick and would be measured as such.</summary>
    public static void Demand(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw new InvalidOperationException($"The request that is to be measured was refused: {refusal.Message}");
        }
    }
}
