using System.Globalization;
using System.Text.Json;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Clients;
using Orrery.Gateway.Translation.Clients.Responses;

namespace Orrery.Gateway.Api;

/// <summary>Stored responses: <c>/v1/responses/{id}</c> with GET and DELETE, its <c>cancel</c> and its <c>input_items</c>, and the same below <c>/api/v1/ai</c>.</summary>
internal sealed partial class ResponsesApi(
    CurrentSnapshot snapshots, AccessKeyAuthenticator authenticator, ResponseStore store, ResponseRuns runs, ILogger<ResponsesApi> logger)
{
    private const int UsualItems = 20;
    private const int MostItems = 100;

    public Task OneAsync(HttpContext http) => AnswerAsync(http, "GET, DELETE", async (@namespace, id) =>
    {
        if (HttpMethods.IsDelete(http.Request.Method))
        {
            return await store.DeleteAsync(@namespace, id, http.RequestAborted) ? await DeletedAsync(http, @namespace, id) : NotFound(id);
        }

        if (await store.FindAsync(@namespace, id, http.RequestAborted) is not { } response)
        {
            return NotFound(id);
        }

        if (http.Request.Query["stream"] != "true")
        {
            return await WriteMarkedAsync(http, response.Response);
        }

        if (!TryRead(http, "starting_after", -1, 0, int.MaxValue, out var after, out var fault))
        {
            return fault;
        }

        if (!NativeResponse.IsBackground(response.Response))
        {
            return Refusal.BadField("stream", $"The response '{Shown.Of(id)}' was not made in the background with stream true, so that its events were not kept. Read it without stream.", "response_not_streamable");
        }

        AnswerHead.Mark(http.Response, ResponseWords.IsSimulated(response.Response));
        await runs.FollowAsync(http, @namespace, id, after);
        return null;
    });

    public Task CancelAsync(HttpContext http) => AnswerAsync(http, "POST", async (@namespace, id) =>
        await store.FindAsync(@namespace, id, http.RequestAborted) is not { } response ? NotFound(id)
        : !NativeResponse.IsBackground(response.Response) ? Refusal.BadField("response_id", $"The response '{Shown.Of(id)}' was not made in the background. Only such can be cancelled; end the others by closing the connection.", "response_not_cancellable")
        : await runs.CancelAsync(response, @namespace, http.RequestAborted) is { } now ? await WriteMarkedAsync(http, now.Response)
        : NotFound(id));

    public Task InputItemsAsync(HttpContext http) => AnswerAsync(http, "GET", async (@namespace, id) =>
    {
        if (!TryRead(http, "limit", UsualItems, 1, MostItems, out var limit, out var fault))
        {
            return fault;
        }

        var order = http.Request.Query["order"].ToString();
        return order is not ("" or "asc" or "desc") ? Refusal.BadField("order", $"'order' is {Shown.Of(order)}; expected asc or desc.")
            : await store.FindAsync(@namespace, id, http.RequestAborted) is { } response ? await WriteItemsAsync(http, response, limit, isAscending: order == "asc")
            : NotFound(id);
    });

    private async Task AnswerAsync(HttpContext http, string methods, Func<string, string, Task<Refusal?>> handle)
    {
        Refusal? refusal;
        if (!methods.Split(", ").Contains(http.Request.Method, StringComparer.OrdinalIgnoreCase) || http.Request.Headers.Upgrade.Count > 0)
        {
            refusal = UnknownRoutes.WrongMethod(http, methods);
        }
        else
        {
            (var caller, refusal) = authenticator.Authenticate(http, snapshots.Value);
            try
            {
                refusal ??= await handle(caller!.Namespace, http.Request.RouteValues["id"] as string ?? "");
            }
            catch (StorageAwayException away)
            {
                refusal = away.ToRefusal();
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.Failed(logger, http.TraceIdentifier, error);
                if (http.Response.HasStarted)
                {
                    http.Abort(); // What was sent is not the whole.
                    return;
                }

                refusal = new Refusal(
                    StatusCodes.Status500InternalServerError, RefusalTypes.Server, "internal_error", $"The gateway failed on this request. Its log says more under {http.TraceIdentifier}.");
            }
        }

        if (refusal is not null)
        {
            await OpenAiErrors.WriteAsync(http, refusal);
        }
    }

    private async Task<Refusal?> DeletedAsync(HttpContext http, string @namespace, string id)
    {
        runs.Host.Find(@namespace, id)?.Cancel();
        return await WriteAsync(http, JsonSerializer.SerializeToUtf8Bytes(new(id), ResponsesJson.Default.DeletedResponse));
    }

    private static async Task<Refusal?> WriteItemsAsync(HttpContext http, StoredResponse response, int limit, bool isAscending)
    {
        using var input = JsonBytes.Parse(response.Input);
        var items = input.RootElement.EnumerateArray().ToList();
        if (!isAscending)
        {
            items.Reverse();
        }

        var after = http.Request.Query["after"].ToString();
        var first = after.Length == 0 ? 0 : items.FindIndex(item => IdOf(item) == after) + 1;
        if (after.Length > 0 && first == 0)
        {
            return Refusal.BadField("after", $"'after' is {Shown.Of(after)}, which is no item of this response; expected the last_id of the page before.");
        }

        var page = items.Skip(first).Take(limit).ToList();
        http.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(http.Response.BodyWriter, OpenAiErrors.Readable))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            page.ForEach(item => json.WriteRawValue(item.Raw(), skipInputValidation: true)); // As it is kept: a model's own text may hold half characters.
            json.WriteEndArray();
            json.WriteString("first_id", page.Count == 0 ? "" : IdOf(page[0]));
            json.WriteString("last_id", page.Count == 0 ? "" : IdOf(page[^1]));
            json.WriteBoolean("has_more", first + page.Count < items.Count);
            json.WriteEndObject();
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        return null;
    }

    private static string IdOf(JsonElement item) => item.GetText("id"u8) is { } id ? UpstreamErrors.Text(id) ?? "" : "";

    private static bool TryRead(HttpContext http, string name, int otherwise, int least, int most, out int value, out Refusal? fault)
    {
        var text = http.Request.Query[name].ToString();
        (value, fault) = (otherwise, null);
        if (text.Length == 0 || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most))
        {
            return true;
        }

        fault = Refusal.BadField(name, $"'{name}' is {Shown.Of(text)}; expected a whole number from {least} to {most}.");
        return false;
    }

    private static Task<Refusal?> WriteMarkedAsync(HttpContext http, byte[] response)
    {
        AnswerHead.Mark(http.Response, ResponseWords.IsSimulated(response));
        return WriteAsync(http, response);
    }

    private static async Task<Refusal?> WriteAsync(HttpContext http, byte[] json)
    {
        http.Response.ContentType = "application/json";
        await http.Response.BodyWriter.WriteAsync(json, http.RequestAborted);
        return null;
    }

    private static Refusal NotFound(string id) => new(
        StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "response_not_found",
        $"There is no response '{Shown.Of(id)}' here: it was not stored (store: false), was deleted or has expired.", "response_id");

    private static partial class Log
    {
        [LoggerMessage(112, LogLevel.Error, "Request {RequestId} about a stored response failed in the gateway", EventName = "ResponseRequestFailed")]
        public static partial void Failed(ILogger logger, string requestId, Exception error);
    }
}

internal static class ResponsesRoutes
{
    public static void MapResponsesApi(this IEndpointRouteBuilder routes)
    {
        var api = ActivatorUtilities.CreateInstance<ResponsesApi>(routes.ServiceProvider);
        foreach (var prefix in (ReadOnlySpan<string>)["/v1", "/api/v1/ai"])
        {
            routes.Map(prefix + "/responses/{id}", (RequestDelegate)api.OneAsync);
            routes.Map(prefix + "/responses/input_tokens", NotServedAsync); // Not ids, though they stand where ids do.
            routes.Map(prefix + "/responses/compact", NotServedAsync);
            routes.Map(prefix + "/responses/{id}/cancel", (RequestDelegate)api.CancelAsync);
            routes.Map(prefix + "/responses/{id}/input_items", (RequestDelegate)api.InputItemsAsync);
        }
    }

    private static Task NotServedAsync(HttpContext http) =>
        OpenAiErrors.WriteAsync(http, UnknownRoutes.NotServed(http, "It is not served; docs/responses.md says what of the Responses API is."));
}

/// <summary>What DELETE answers.</summary>
internal sealed record DeletedResponse(string Id)
{
    public string Object => "response";

    public bool Deleted => true;
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower)]
[System.Text.Json.Serialization.JsonSerializable(typeof(DeletedResponse))]
internal sealed partial class ResponsesJson : System.Text.Json.Serialization.JsonSerializerContext;
