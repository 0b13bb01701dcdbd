using System.Globalization;
using System.Text.Json;

namespace Orrery.Builder.Targets.Container;

/// <summary>A replica's container as the tool's <c>inspect</c> describes it.</summary>
/// <param name="PublishedPort">The port of the loopback address that leads to its server; absent on the machine's network and while it does not run.</param>
internal sealed record SeenContainer(
    string Id,
    string Name,
    string Status,
    int ExitCode,
    bool OomKilled,
    string Error,
    DateTimeOffset Created,
    DateTimeOffset? Started,
    DateTimeOffset? Finished,
    int? PublishedPort,
    ContainerLabels Labels)
{
    /// <summary>What the name of a crashed container ends with that has a successor; it is kept for its log.</summary>
    public const string BeforeSuffix = "-before";

    public bool IsBefore => Name.EndsWith(BeforeSuffix, StringComparison.Ordinal);

    public bool Runs => Status is "running" or "paused" or "stopping" or "restarting";

    public bool HasNeverStarted => Status is "created" or "configured" or "initialized";

    public bool HasEnded => Status is "exited" or "stopped";

    /// <summary>Different after each start, also one by hand.</summary>
    public string Incarnation => Started is { } started ? string.Create(CultureInfo.InvariantCulture, $"{Id[..12]}-{started.ToUnixTimeMilliseconds()}") : Id[..12];

    public Uri? Address => Labels.OnHost ? UriOf(Labels.Port) : PublishedPort is { } port ? UriOf(port) : null;

    /// <summary>Those of <c>inspect</c>'s answer that are replicas.</summary>
    public static IReadOnlyList<SeenContainer> ParseAll(string json)
    {
        using var document = JsonDocument.Parse(json.Length == 0 ? "[]" : json);
        return [.. document.RootElement.EnumerateArray().Select(Parse).OfType<SeenContainer>()];
    }

    private static SeenContainer? Parse(JsonElement container)
    {
        var labels = container.GetProperty("Config").TryGetProperty("Labels", out var found) && found.ValueKind == JsonValueKind.Object
            ? found.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "")
            : [];
        if (ContainerLabels.Parse(labels) is not { } own)
        {
            return null;
        }

        var state = container.GetProperty("State");
        return new SeenContainer(
            container.GetProperty("Id").GetString()!,
            container.GetProperty("Name").GetString()!.TrimStart('/'),
            state.GetProperty("Status").GetString()!,
            state.GetProperty("ExitCode").GetInt32(),
            state.TryGetProperty("OOMKilled", out var oom) && oom.GetBoolean(),
            state.TryGetProperty("Error", out var error) ? error.GetString() ?? "" : "",
            container.GetProperty("Created").GetDateTimeOffset(),
            Time(state, "StartedAt"),
            Time(state, "FinishedAt"),
            PortOf(container, own.Port),
            own);
    }

    // The zero of the language that both tools are written in.
    private static DateTimeOffset? Time(JsonElement state, string name) =>
        state.TryGetProperty(name, out var text) && text.TryGetDateTimeOffset(out var time) && time.Year > 1970 ? time : null;

    private static int? PortOf(JsonElement container, int port) =>
        container.TryGetProperty("NetworkSettings", out var network)
        && network.TryGetProperty("Ports", out var ports) && ports.ValueKind == JsonValueKind.Object
        && ports.TryGetProperty(string.Create(CultureInfo.InvariantCulture, $"{port}/tcp"), out var bindings) && bindings.ValueKind == JsonValueKind.Array
        && bindings.GetArrayLength() > 0
        && int.TryParse(bindings[0].GetProperty("HostPort").GetString(), CultureInfo.InvariantCulture, out var host) ? host : null;

    private static Uri UriOf(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
}
