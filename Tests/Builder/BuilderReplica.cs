using Microsoft.AspNetCore.Builder;
using Orrery.Builder;
using Orrery.Tests.Catalogue;

namespace Orrery.Tests.Builder;

/// <summary>The real Builder in this process, beside a real Catalogue on the same database.</summary>
internal sealed class BuilderReplica : IAsyncDisposable
{
    private readonly WebApplication _app;

    private BuilderReplica(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    /// <param name="settings">Configuration beyond the usual: <c>Builder:Workers=2</c>.</param>
    public static async Task<BuilderReplica> StartAsync(string database, Uri catalogue, params string[] settings)
    {
        var replica = new BuilderReplica(BuilderHost.Build(Arguments(database, catalogue, settings)));
        await replica._app.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = replica.Url };
        await Eventually.Holds(async () => (await http.GetAsync("/health/ready")).StatusCode, status => status == System.Net.HttpStatusCode.OK);
        return replica;
    }

    /// <summary>The same for a Builder that runs as a process of its own.</summary>
    public static string[] Arguments(string database, Uri catalogue, params string[] settings) =>
    [
        "--urls=http://127.0.0.1:0", $"--ConnectionStrings:orrery={database}", $"--Internal:Key={CatalogueReplica.InternalKey}", $"--Secrets:Key={CatalogueReplica.SecretsKey}",
        $"--services:catalogue:http:0={catalogue}", "--Gateway:Egress:AllowLoopback=true", "--Logging:LogLevel:Default=Warning", "--Logging:Console:LogLevel:Default=None",
        .. settings.Select(setting => "--" + setting),
    ];

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
