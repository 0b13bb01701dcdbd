using System.Net;
using Microsoft.AspNetCore.Builder;
using Orrery.Tests.Gateway.Videos;

namespace Orrery.Tests.Gateway.Storage;

/// <summary>Another gateway beside a world's own, on the same database, which it has used already.</summary>
internal sealed class OtherGateway : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
    private readonly WebApplication _gateway;

    private OtherGateway(GatewayWorld world) => _gateway = world.Build(_directory, world.Catalogue.Address);

    public HttpClient Client { get; private set; } = null!;

    public static async Task<OtherGateway> StartAsync(GatewayWorld world)
    {
        var other = new OtherGateway(world);
        await other._gateway.StartAsync(TestContext.Current.CancellationToken);
        other.Client = VideoOutageTests.ClientOf(other._gateway);
        await Eventually.Holds(async () => (await other.Client.GetAsync("/v1/responses/resp_1")).StatusCode, status => status == HttpStatusCode.NotFound);
        return other;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _gateway.StopAsync();
        await _gateway.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
