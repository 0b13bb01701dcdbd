using System.Text.Json;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>What stored responses said before a request: the items that it goes on from, and those that it refers to by their ids.</summary>
internal sealed class EarlierItems : IDisposable
{
    public static readonly EarlierItems None = new([], []);

    private readonly List<JsonDocument> _documents = [];
    private readonly Dictionary<string, JsonElement> _byId = new(StringComparer.Ordinal);
    private readonly List<JsonElement> _items = [];

    /// <param name="turns">The responses that the request goes on from, the first first.</param>
    /// <param name="others">Further ones, whose items it refers to.</param>
    /// <exception cref="JsonException">What is stored is no JSON.</exception>
    public EarlierItems(IReadOnlyList<StoredResponse> turns, IReadOnlyList<StoredResponse> others)
    {
        foreach (var turn in turns)
        {
            _items.AddRange(ItemsOf(turn));
        }

        foreach (var item in others.SelectMany(ItemsOf).Concat(_items))
        {
            if (item.GetText("id"u8) is { } name && UpstreamErrors.Text(name) is { } id)
            {
                _byId[id] = item;
            }
        }
    }

    /// <summary>What comes before the request's own items.</summary>
    public IReadOnlyList<JsonElement> Items => _items;

    public JsonElement? Find(string id) => _byId.TryGetValue(id, out var item) ? item : null;

    public void Dispose() => _documents.ForEach(document => document.Dispose());

    private IEnumerable<JsonElement> ItemsOf(StoredResponse turn)
    {
        var (input, response) = (JsonBytes.Parse(turn.Input), JsonBytes.Parse(turn.Response));
        _documents.AddRange([input, response]);
        return input.RootElement.EnumerateArray().Concat(response.RootElement.Get("output"u8) is { ValueKind: JsonValueKind.Array } output ? output.EnumerateArray() : []);
    }
}
