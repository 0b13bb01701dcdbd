using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>Finds what a request goes on from and refers to.</summary>
internal sealed class ResponseHistory(ResponseStore store, IOptions<GatewayOptions> options)
{
    private const string Prefix = "resp_";
    private readonly int _maxBytes = options.Value.MaxBodyBytes;

    /// <summary>What a request goes on from, and the responses whose items it names.</summary>
    public static Refusal? Read(JsonElement request, out string? previous, out string[] referred)
    {
        var id = request.Get("previous_response_id"u8);
        (previous, referred) = (null, ReferredIn(request.Get("input"u8)));
        if (id is { } wrong && !wrong.IsText())
        {
            return ChatBody.Wrong("previous_response_id", wrong, "the id of an earlier response");
        }

        previous = id?.GetString();
        return null;
    }

    /// <returns>What there is; or why the request cannot be understood.</returns>
    public async ValueTask<(EarlierItems? Items, Refusal? Refusal)> RecallAsync(Exchange exchange, TranslatedBody body, string? previous, string[] referred)
    {
        if (previous is null && referred.Length == 0)
        {
            return (EarlierItems.None, null);
        }

        try
        {
            return await FindAsync(exchange, body, previous, referred);
        }
        catch (StorageAwayException away)
        {
            return (null, away.ToRefusal());
        }
    }

    /// <summary>An item's id names the response that it is of.</summary>
    private static string[] ReferredIn(JsonElement? input) => input is { ValueKind: JsonValueKind.Array } items
        ? [.. items.EnumerateArray()
            .Where(item => item.Type() == "item_reference")
            .Select(item => item.GetText("id"u8)?.GetString()?.Split('_'))
            .Where(parts => parts?.Length == 3)
            .Select(parts => Prefix + parts![1])
            .Distinct()]
        : [];

    private async ValueTask<(EarlierItems? Items, Refusal? Refusal)> FindAsync(Exchange exchange, TranslatedBody body, string? previous, string[] referred)
    {
        var (@namespace, cancelled) = (exchange.Caller.Namespace, exchange.ClientLeft);
        var turns = previous is null ? [] : await store.ChainAsync(@namespace, previous, _maxBytes, cancelled);
        if (previous is not null && FaultOf(turns, previous) is { } fault)
        {
            return (null, fault);
        }

        var others = referred.Length == 0 ? [] : await store.FindAsync(@namespace, referred, cancelled);
        var bytes = turns.Concat(others).Sum(turn => (long)turn.Input.Length + turn.Response.Length);
        return bytes > _maxBytes ? (null, TooLong(previous))
            : body.TryReserve((int)bytes) ? (new EarlierItems(turns, others), null)
            : (null, Intake.IntakeRefusals.Busy());
    }

    private Refusal? FaultOf(List<StoredResponse> turns, string id)
    {
        if (turns.Count == 0)
        {
            return NotFound($"There is no response '{Shown.Of(id)}' here: it was not stored, was deleted or has expired. Send the earlier items again in 'input'.");
        }

        if (turns[^1].Status is ResponseStates.Queued or ResponseStates.InProgress)
        {
            return Refusal.BadField("previous_response_id", $"The response '{Shown.Of(id)}' is {turns[^1].Status}. Go on from it when it is at its end.", "previous_response_not_finished");
        }

        if (turns[0].PreviousId is not { } missing)
        {
            return null;
        }

        return turns.Sum(turn => (long)turn.Input.Length + turn.Response.Length) > _maxBytes ? TooLong(id)
            : turns.Count >= store.MaxTurns ? Refusal.BadField(
                "previous_response_id", $"The response '{Shown.Of(id)}' goes on from more than {store.MaxTurns} others (Gateway:Storage:MaxTurns). Begin anew with a summary in 'input'.", "conversation_too_long")
            : NotFound($"The response '{Shown.Of(id)}' goes on from '{missing}', which was deleted or has expired. Send the earlier items again in 'input'.");
    }

    private Refusal TooLong(string? id) => Refusal.BadField(
        "previous_response_id", $"What '{Shown.Of(id ?? "input")}' goes on from comes to more than {_maxBytes} bytes (Gateway:MaxBodyBytes). Begin anew with a summary in 'input'.", "conversation_too_long");

    private static Refusal NotFound(string message) => Refusal.BadField("previous_response_id", message, "previous_response_not_found");
}

/// <summary>The <c>status</c> of a response.</summary>
internal static class ResponseStates
{
    public const string Queued = "queued";
    public const string InProgress = "in_progress";
    public const string Completed = "completed";
    public const string Incomplete = "incomplete";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";

    /// <summary>Whether it is not at its end, as far as is known.</summary>
    public static bool IsOpen(string status) => status is not (Completed or Incomplete or Failed or Cancelled);
}
