using System.Net;
using System.Text.Json;

namespace Orrery.Builder.Targets.Simulated;

/// <summary>A replica as the simulator tells of it.</summary>
internal sealed record SimulatorReplica(string Name, bool IsReady, DateTimeOffset StartedAt, IReadOnlyDictionary<string, string> Labels);

/// <summary>A model that a replica is to serve.</summary>
internal sealed record SimulatorModel(string Id, string Type, int ContextWindow, string Profile, IReadOnlyList<SimulatorAdapter> Adapters, SimulatorChanges Changes);

internal sealed record SimulatorAdapter(string Id);

internal sealed record SimulatorChanges(int? KvBlocks, TimeSpan? StartupDelay);

/// <summary>The simulator's admin API, as far as it is about replicas.</summary>
internal sealed class SimulatorClient(Uri endpoint, TimeProvider time) : IDisposable
{
    public const string Unreachable = "SimulatorUnreachable";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    /// <summary>All replicas, those at the root and of others included.</summary>
    public async Task<IReadOnlyList<SimulatorReplica>> ListAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, "/simulator/state"));
        return await SendAsync(request, async (response, token) => (await response.Content.ReadFromJsonAsync<State>(Format, token))!.Replicas, cancellationToken);
    }

    /// <param name="replaces">Whether one of the same name gives way; else it stays, its state with it.</param>
    public async Task PutAsync(
        string name, IReadOnlyList<SimulatorModel> models, IReadOnlyDictionary<string, string> labels, bool replaces, CancellationToken cancellationToken)
    {
        var query = string.Join('&', labels.Select(label => $"label={Uri.EscapeDataString($"{label.Key}={label.Value}")}"));
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(endpoint, $"/simulator/replicas/{name}?{query}")) { Content = JsonContent.Create(models, options: Format) };
        if (!replaces)
        {
            request.Headers.IfNoneMatch.ParseAdd("*");
        }

        await SendAsync(request, static (_, _) => Task.FromResult(true), cancellationToken, HttpStatusCode.PreconditionFailed);
    }

    /// <summary>No error where it is gone.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(endpoint, $"/simulator/replicas/{name}"));
        await SendAsync(request, static (_, _) => Task.FromResult(true), cancellationToken, HttpStatusCode.NotFound);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken, HttpStatusCode? alsoFine = null)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            if (response.IsSuccessStatusCode || response.StatusCode == alsoFine)
            {
                return await read(response, limit.Token);
            }

            var text = await response.Content.ReadAsStringAsync(limit.Token);
            throw new TargetException(
                response.StatusCode == HttpStatusCode.BadRequest ? ReplicaReasons.Misconfigured : Unreachable,
                $"The simulator at {endpoint} answers {(int)response.StatusCode}: {DetailOf(text)}",
                isFinal: response.StatusCode == HttpStatusCode.BadRequest);
        }
        catch (HttpRequestException error)
        {
            throw new TargetException(Unreachable, $"The simulator at {endpoint} cannot be reached ({error.InnerException?.Message ?? error.Message}). Start it, or correct {SimulatedOptions.Section}:Endpoint; it is tried again.", inner: error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TargetException(Unreachable, $"The simulator at {endpoint} gave no answer within {Patience.TotalSeconds:0} s; it is tried again.");
        }
        catch (JsonException error)
        {
            throw new TargetException(Unreachable, $"What answers at {endpoint} is no simulator. Correct {SimulatedOptions.Section}:Endpoint; it is tried again.", inner: error);
        }
    }

    private static string DetailOf(string text)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : text;
        }
        catch (JsonException)
        {
            return text.Length > 200 ? text[..200] : text;
        }
    }

    private sealed record State(IReadOnlyList<SimulatorReplica> Replicas);
}
