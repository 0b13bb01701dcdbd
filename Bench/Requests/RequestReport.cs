using System.Globalization;
using System.Net.Http.Headers;
using Orrery.Bench.Growth;
using Orrery.Bench.Processes;

namespace Orrery.Bench.Requests;

/// <summary>
/// What the gateway's process allocates for a request: everything, from the server to the connection to the engine, the usage event on its way to disk and to the Catalogue
/// among it. Client, engine and Catalogue are other processes. What it allocates idle is taken off.
/// </summary>
internal static class RequestReport
{
    private const int Requests = 10_000;
    private const int Streams = 200;
    private const int ShortStream = 10;
    private const int LongStream = 2_010;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("orrery-bench-");
        await using var engine = await ChildProcess.StartAsync(EngineProcess.Role);
        await using var catalogue = await SnapshotServer.StartAsync(Platform.Of(0.001, engine.FirstLine));
        await using (var gateway = await GatewayProcess.StartAsync(catalogue.Address, directory.FullName))
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(gateway.FirstLine) };
            (await client.GetAsync(GatewayProcess.RevisionPath + "1")).EnsureSuccessStatusCode();
            await PrintAsync(client);
        }

        directory.Delete(recursive: true);
        return 0;
    }

    private static async Task PrintAsync(HttpClient client)
    {
        await AllocatedAsync(client, Requests, ChatBody.Of("vendor/model-0"), 0); // Code is compiled, pools are full.
        var began = TimeProvider.System.GetTimestamp();
        var idle = await DifferenceAsync(client, () => Task.Delay(Idle, TimeProvider.System, CancellationToken.None)) / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var chat = await AllocatedAsync(client, Requests, ChatBody.Of("vendor/model-0"), idle);
        var large = await AllocatedAsync(client, Requests, ChatBody.Of("vendor/model-0", length: 32 << 10), idle);
        await AllocatedAsync(client, Streams, ChatBody.Of("vendor/model-0", LongStream), idle);
        var shortStream = await AllocatedAsync(client, Streams, ChatBody.Of("vendor/model-0", ShortStream), idle);
        var longStream = await AllocatedAsync(client, Streams, ChatBody.Of("vendor/model-0", LongStream), idle);
        Print("a chat request of 400 B", chat);
        Print("a chat request of 32 KiB", large);
        Print(string.Create(CultureInfo.InvariantCulture, $"a stream of {ShortStream} chunks"), shortStream);
        Print("a further chunk of a stream", (longStream - shortStream) / (LongStream - ShortStream));
        Print("a second without requests", idle);
    }

    private static void Print(string what, double bytes) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {bytes:#,0} B |"));

    /// <param name="idle">Bytes that it allocates a second whatever is asked of it.</param>
    /// <returns>Bytes a request.</returns>
    private static async Task<double> AllocatedAsync(HttpClient client, int requests, byte[] body, double idle)
    {
        var began = TimeProvider.System.GetTimestamp();
        var allocated = await DifferenceAsync(client, async () =>
        {
            for (var i = 0; i < requests; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new ByteArrayContent(body) };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Platform.Token(0));
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await client.SendAsync(request);
                response.EnsureSuccessStatusCode();
            }
        });
        return (allocated - (idle * TimeProvider.System.GetElapsedTime(began).TotalSeconds)) / requests;
    }

    /// <remarks>Asking allocates too, the same each time: what a question to which nothing was done in between says is taken off.</remarks>
    private static async Task<double> DifferenceAsync(HttpClient client, Func<Task> action)
    {
        var first = await GatewayState.OfAsync(client);
        var second = await GatewayState.OfAsync(client);
        await action();
        var third = await GatewayState.OfAsync(client);
        return third.AllocatedBytes - second.AllocatedBytes - (second.AllocatedBytes - first.AllocatedBytes);
    }
}
