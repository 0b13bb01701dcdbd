using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Orrery.Bench.Processes;

/// <summary>Sends chat requests of 400 bytes at a fixed rate, whether or not earlier ones were answered, and tells how long each took.</summary>
internal static class LoadProcess
{
    public const string Role = "load";

    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(2);

    /// <param name="keys">Used in turn.</param>
    /// <param name="models">Used in turn.</param>
    public static async Task<LoadResult> MeasureAsync(string gateway, IReadOnlyList<string> keys, IReadOnlyList<string> models, int rate, TimeSpan length) =>
        JsonSerializer.Deserialize<LoadResult>(await ChildProcess.RunAsync(
            Role, gateway, string.Join(',', keys), string.Join(',', models), rate.ToString(CultureInfo.InvariantCulture), length.TotalSeconds.ToString(CultureInfo.InvariantCulture)))!;

    public static async Task<int> RunAsync(string[] args)
    {
        var (gateway, keys, models, rate) = (args[0], args[1].Split(','), args[2].Split(','), int.Parse(args[3], CultureInfo.InvariantCulture));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(gateway) };
        var length = TimeSpan.FromSeconds(double.Parse(args[4], CultureInfo.InvariantCulture));
        await SendAsync(client, keys, models, rate, Warming);
        var latencies = await SendAsync(client, keys, models, rate, length);
        Array.Sort(latencies);
        Console.WriteLine(JsonSerializer.Serialize(new LoadResult(
            latencies.Length, latencies.Count(double.IsPositiveInfinity), At(latencies, 0.5), At(latencies, 0.9), At(latencies, 0.99), At(latencies, 1))));
        return 0;
    }

    private static async Task<double[]> SendAsync(HttpClient client, string[] keys, string[] models, int rate, TimeSpan length)
    {
        var all = new Task<double>[(int)(rate * length.TotalSeconds)];
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < all.Length; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / rate);
            while (due - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, TimeProvider.System, CancellationToken.None);
            }

            all[i] = SendAsync(client, keys[i % keys.Length], ChatBody.Of(models[i % models.Length]));
        }

        return await Task.WhenAll(all);
    }

    /// <returns>Milliseconds; without end where the answer was none.</returns>
    private static async Task<double> SendAsync(HttpClient client, string key, byte[] body)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await client.SendAsync(request);
        return response.IsSuccessStatusCode ? Stopwatch.GetElapsedTime(began).TotalMilliseconds : double.PositiveInfinity;
    }

    private static double At(double[] sorted, double share) => Math.Min(sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)], double.MaxValue);
}

/// <summary>Latencies in milliseconds.</summary>
internal sealed record LoadResult(int Requests, int Failed, double P50, double P90, double P99, double Longest);
