using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>Anthropic's Messages API (<c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c>) as clients speak it.</summary>
/// <param name="countsOnly">A request asks how many tokens it is.</param>
internal sealed class MessagesProtocol(bool countsOnly = false) : IClientProtocol
{
    public string Path { get; } = countsOnly ? "messages/count_tokens" : "messages";

    public Operation Operation { get; } = countsOnly ? Operation.TokenCount : Operation.Chat;

    public ValueTask<ClientReading> ReadAsync(Exchange exchange, TranslatedBody body, int maxDepth) => ValueTask.FromResult(ClientBody.Read(body.Own, maxDepth, root =>
    {
        var request = new ChatFromMessages(root, body.Chat);
        return request.Write(needsBound: !countsOnly) is { } refusal ? new(refusal)
            : new ClientReading(null, countsOnly ? new CountDialogue(body.Own, request.Inexpressible) : new MessagesDialogue(this, body.Own, request.LeftOut, request.Inexpressible, request.ContinuesAnswer));
    }));

    public void AddHeaders(HttpResponse response, string requestId) => response.Headers["request-id"] = requestId;

    public void WriteError(Utf8JsonWriter json, Refusal refusal, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", TypeOf(refusal.Status));
        json.WriteString("message", refusal.Message);
        json.WriteString("code", refusal.Code); // Ours: stable, and the same on all of the gateway's APIs.
        json.WriteEndObject();
        json.WriteString("request_id", requestId);
        json.WriteEndObject();
        json.Flush();
    }

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status402PaymentRequired => "billing_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "overloaded_error",
        StatusCodes.Status504GatewayTimeout => "timeout_error",
        >= StatusCodes.Status400BadRequest and < StatusCodes.Status500InternalServerError => "invalid_request_error",
        _ => "api_error",
    };
}
