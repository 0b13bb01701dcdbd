using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Api;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>OpenAI's Responses API (<c>POST /v1/responses</c>) as clients speak it.</summary>
internal sealed class ResponsesProtocol(
    ResponseHistory history, ResponseStore store, ResponseRuns runs, IOptions<StorageOptions> options, TimeProvider time, ILogger<ResponsesProtocol> logger) : IClientProtocol
{
    private readonly bool _storesByDefault = options.Value.StoreByDefault;

    public string Path => "responses";

    public async ValueTask<ClientReading> ReadAsync(Exchange exchange, TranslatedBody body, int maxDepth)
    {
        if (ClientBody.Parse(body.Own, maxDepth, out var document) is { } fault)
        {
            return new(fault);
        }

        using (document)
        {
            (string? previous, string[] referred) = (null, []);
            if (ClientBody.Read(document!, root => new(ResponseHistory.Read(root, out previous, out referred))) is { Refusal: { } wrong })
            {
                return new(wrong);
            }

            var (earlier, refusal) = await history.RecallAsync(exchange, body, previous, referred);
            using (earlier)
            {
                return earlier is null ? new(refusal) : ClientBody.Read(document!, root => Read(exchange, body, root, earlier));
            }
        }
    }

    public void AddHeaders(HttpResponse response, string requestId)
    {
    }

    public void WriteError(Utf8JsonWriter json, Refusal refusal, string requestId) => OpenAiErrors.Write(json, refusal);

    private ClientReading Read(Exchange exchange, TranslatedBody body, JsonElement root, EarlierItems earlier)
    {
        var request = new ChatFromResponses(root, earlier, body.Chat);
        if ((request.Write() ?? CheckStorage(request)) is { } refusal)
        {
            return new(refusal);
        }

        var isStored = request.Store ?? (request.IsBackground || (_storesByDefault && store.Fault is null));
        var words = new ResponseWords(root, new ResponseIds(StemOf(exchange, isStored)), request.IsBackground, time);
        var input = isStored ? StoredInput.Of(root.Get("input"u8), earlier, words.Ids.OfInput) : [];
        var native = new ResponsesNative(body.Own, NativeInput.Of(root.Get("input"u8), earlier), request.PreviousId, isStored, request.IsBackground);
        var keeping = isStored && !request.IsBackground ? new ResponseKeeping(store, logger, request.PreviousId, input) : null;
        var background = request.IsBackground && exchange.Run is null ? new ResponseBackground(runs, words, request.PreviousId, input, body.Own) : null;
        return new(null, new ResponsesDialogue(words, request, isStored, keeping, native, background));
    }

    /// <summary>Who asks for it expressly is told before anything is paid for.</summary>
    private Refusal? CheckStorage(ChatFromResponses request) => request.Store == true || request.IsBackground ? store.Fault : null;

    /// <summary>Whoever knows a stored response's id may read it, so that it is drawn; it begins with the time, since the newest are asked for most.</summary>
    private string StemOf(Exchange exchange, bool isStored)
    {
        const string requests = "req_", responses = "resp_";
        return exchange.Run is { } run ? run.Id[responses.Length..]
            : isStored ? $"{time.GetUtcNow().ToUnixTimeMilliseconds():x12}{RandomNumberGenerator.GetHexString(24, lowercase: true)}"
            : exchange.RequestId.StartsWith(requests, StringComparison.Ordinal) ? exchange.RequestId[requests.Length..]
            : exchange.RequestId;
    }
}

/// <summary>A request's items for those who speak the API themselves and store nothing.</summary>
internal static class NativeInput
{
    /// <returns>All of them, a JSON array; <c>null</c>: the request's own are all.</returns>
    public static byte[]? Of(JsonElement? input, EarlierItems earlier)
    {
        if (ReferenceEquals(earlier, EarlierItems.None))
        {
            return null;
        }

        var items = new ArrayBufferWriter<byte>();
        items.Write("["u8);
        foreach (var item in earlier.Items)
        {
            Write(item, items);
        }

        if (input is { ValueKind: JsonValueKind.String } text)
        {
            items.Write(items.WrittenCount > 1 ? ",{\"role\":\"user\",\"content\":"u8 : "{\"role\":\"user\",\"content\":"u8);
            items.Write(text);
            items.Write("}"u8);
        }
        else
        {
            foreach (var item in input!.Value.EnumerateArray())
            {
                Write(item.Type() == "item_reference" && item.GetText("id"u8)?.GetString() is { } id ? earlier.Find(id) ?? item : item, items);
            }
        }

        items.Write("]"u8);
        return items.WrittenSpan.ToArray();
    }

    /// <summary>Thoughts that are not sealed in the item are known only where they are stored.</summary>
    private static void Write(JsonElement item, ArrayBufferWriter<byte> items)
    {
        if (item.Type() == "reasoning" && item.GetText("encrypted_content"u8) is null)
        {
            return;
        }

        items.Write(items.WrittenCount > 1 ? ","u8 : default);
        items.Write(item);
    }
}
