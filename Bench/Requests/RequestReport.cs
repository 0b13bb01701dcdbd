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
    private static readonly string Model = Platform.ModelName(0);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    public static async Task<int> RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("orrery-bench-");
        await using var engine = await ChildProcess.StartAsync(EngineProcess.Role);
        await using var catalogue = await SnapshotServer.StartAsync(Platform.Of(0.001, engine.FirstLine));
        await using (var gateway = await GatewayProcess.StartAsync(catalogue.Address, directory.FullName))
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(gateway.FirstLine) };
            (await client.GetAsync(GatewayProcess.RevisionPath + "1")).EnsureSuccessStatusCode();
            await new Measurement(client, catalogue).PrintAsync();
        }

        directory.Delete(recursive: true);
        return 0;
    }

    /// <summary>Asks for many answers and for what they took.</summary>
    private sealed class Measurement(HttpClient client, SnapshotServer catalogue)
    {
        private double _idle;

        public async Task PrintAsync()
        {
            await AllocatedAsync(Requests, ChatBody.Of(Model)); // Code is compiled, pools are full.
            var began = TimeProvider.System.GetTimestamp();
            _idle = await DifferenceAsync(() => Task.Delay(Idle, TimeProvider.System, CancellationToken.None)) / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            var chat = await AllocatedAsync(Requests, ChatBody.Of(Model));
            var large = await AllocatedAsync(Requests, ChatBody.Of(Model, length: 32 << 10));
            await AllocatedAsync(Streams, ChatBody.Of(Model, LongStream));
            var shortStream = await AllocatedAsync(Streams, ChatBody.Of(Model, ShortStream));
            var longStream = await AllocatedAsync(Streams, ChatBody.Of(Model, LongStream));
            Console.WriteLine("| | allocated |");
            Console.WriteLine("| --- | --- |");
            Print("a chat request of 400 B", chat);
            Print("a chat request of 32 KiB", large);
            Print(string.Create(CultureInfo.InvariantCulture, $"a stream of {ShortStream} chunks"), shortStream);
            Print("a further chunk of a stream", (longStream - shortStream) / (LongStream - ShortStream));
            Print("a second without requests", _idle);
        }

        private static void Print(string what, double bytes) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {bytes:#,0} B |"));

        /// <returns>Bytes a request.</returns>
        private async Task<double> AllocatedAsync(int requests, byte[] body)
        {
            var (began, used) = (TimeProvider.System.GetTimestamp(), catalogue.Used);
            var allocated = await DifferenceAsync(async () =>
            {
                for (var i = 0; i < requests; i++)
                {
                    await SendAsync(body);
                }

                while (catalogue.Used < used + requests)
                {
                    await Task.Delay(LookAgain, TimeProvider.System, CancellationToken.None);
                }
            });
            return (allocated - (_idle * TimeProvider.System.GetElapsedTime(began).TotalSeconds)) / requests;
        }

        private async Task SendAsync(byte[] body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new ByteArrayContent(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Platform.Token(0));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await client.SendAsync(request);
            response.EnsureSuccessStatusCode();
        }

        /// <remarks>Asking allocates too, the same each time: what a question to which nothing was done in between says is taken off.</remarks>
        private async Task<double> DifferenceAsync(Func<Task> action)
        {
            var first = await GatewayState.OfAsync(client);
            var second = await GatewayState.OfAsync(client);
            await action();
            var third = await GatewayState.OfAsync(client);
            return third.AllocatedBytes - second.AllocatedBytes - (second.AllocatedBytes - first.AllocatedBytes);
        }
    }
}
