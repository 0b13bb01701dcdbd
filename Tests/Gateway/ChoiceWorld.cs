using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>A gateway in front of three providers that say who they are: <c>vllm-local</c>, which is the operator's own, <c>vendor</c> and <c>other</c>.</summary>
internal sealed class ChoiceWorld : IAsyncDisposable
{
    public required ScriptedEngine Local { get; init; }

    public required ScriptedEngine Vendor { get; init; }

    public required ScriptedEngine Other { get; init; }

    public required GatewayWorld World { get; init; }

    /// <summary>The own one serves small, shared and vision; the vendor large and shared, with prices; the other shared and coder.</summary>
    public static async Task<ChoiceWorld> StartAsync(Func<SnapshotDocument, SnapshotDocument>? change = null)
    {
        var engines = new List<ScriptedEngine>();
        for (var i = 0; i < 3; i++)
        {
            engines.Add(await ScriptedEngine.StartAsync());
        }

        var document = GatewayWorld.Document() with
        {
            Providers =
            [
                GatewayWorld.Provider("vllm-local", engines[0].Url) with { Metadata = Metadata("""{"region":"eu","tier":"base"}""") },
                GatewayWorld.Provider("vendor", engines[1].Url) with { Provider = "openai", Metadata = Metadata("""{"region":"us"}""") },
                GatewayWorld.Provider("other", engines[2].Url) with { Provider = "custom", Aliases = ["Other_One"], Weight = 5 },
            ],
            Models =
            [
                Model("small", ("vllm-local", null)) with { ContextWindow = 8_192 },
                Model("vision", ("vllm-local", null)) with { ModelType = ModelTypes.Multimodal },
                Model("large", ("vendor", 3.0)) with { ContextWindow = 128_000 },
                Model("coder", ("other", 1.0)),
                Model("shared", ("vllm-local", null), ("vendor", 2.0), ("other", null)),
                Model("vectors", ("vllm-local", null), ("other", null)) with { ModelType = ModelTypes.Embedding },
                Model("speech", ("vllm-local", null), ("other", null)) with { ModelType = ModelTypes.SpeechToText },
            ],
        };
        return new() { Local = engines[0], Vendor = engines[1], Other = engines[2], World = await GatewayWorld.StartAsync(change?.Invoke(document) ?? document) };
    }

    public static SnapshotRoute Route(string name, string? expression, string? target, params string[] selection) => new()
    {
        Namespace = "default",
        Name = name,
        Order = 100,
        Match = expression is null ? null : new RouteMatch { Expression = expression },
        Targets = target is null ? [] : [new RouteTarget { Model = target }],
        Selection = selection.Length == 0 ? null : selection,
    };

    public static IReadOnlyDictionary<string, JsonElement> Metadata(string json) => JsonSerializer.Deserialize(json, ContractsJson.Default.IReadOnlyDictionaryStringJsonElement)!;

    public static SnapshotModel Model(string id, params (string Provider, double? Price)[] offers) => GatewayWorld.Model(id, ModelTypes.Chat) with
    {
        Offers = [.. offers.Select(offer => new SnapshotOffer(offer.Provider, id + "-upstream") { InputPrice = offer.Price, OutputPrice = offer.Price })],
    };

    public static string Chat(string model, string more = "", string content = "\"Hi\"") => $$"""{"model":"{{model}}","messages":[{"role":"user","content":{{content}}}]{{more}}}""";

    /// <summary>Posts a body and asks why.</summary>
    public Task<HttpResponseMessage> AskAsync(string body, params (string Name, string Value)[] headers) => World.PostAsync(body, change: request =>
    {
        request.Headers.Add(OrreryHeaders.Explain, "1");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
    });

    /// <summary>Who answers.</summary>
    public async Task<string> ProviderOf(string body, params (string Name, string Value)[] headers)
    {
        using var response = await AskAsync(body, headers);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return response.Headers.GetValues(OrreryHeaders.Provider).Single();
    }

    public static JsonElement Explanation(HttpResponseMessage response) => JsonDocument.Parse(response.Headers.GetValues(OrreryHeaders.Explain).Single()).RootElement;

    /// <summary>The plan's candidates as <c>provider/model</c>.</summary>
    public static List<string> Candidates(HttpResponseMessage response) =>
        [.. Explanation(response).GetProperty("candidates").EnumerateArray().Select(one => $"{one.GetProperty("provider").GetString()}/{one.GetProperty("model").GetString()}")];

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        await Local.DisposeAsync();
        await Vendor.DisposeAsync();
        await Other.DisposeAsync();
    }
}
