namespace Orrery.Gateway.Intake;

/// <summary>Takes the body in as the operation's kind of body.</summary>
internal sealed class RequestIntake(JsonIntake json, FormIntake form)
{
    public ValueTask<Refusal?> ReadAsync(Exchange exchange) =>
        exchange.Operation == Operation.VideoGeneration ? ReadVideoAsync(exchange)
        : exchange.Operation.IsForm ? form.ReadAsync(exchange)
        : json.ReadAsync(exchange);

    private async ValueTask<Refusal?> ReadVideoAsync(Exchange exchange)
    {
        var isForm = exchange.Http.Request.ContentType?.TrimStart().StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) is true;
        return await (isForm ? form.ReadAsync(exchange) : json.ReadAsync(exchange)) ?? VideoWish.Read(exchange.Call);
    }
}
