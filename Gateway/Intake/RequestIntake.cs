namespace Orrery.Gateway.Intake;

/// <summary>Takes the body in as the operation's kind of body.</summary>
internal sealed class RequestIntake(JsonIntake json, FormIntake form)
{
    public ValueTask<Refusal?> ReadAsync(Exchange exchange) => exchange.Operation.IsForm ? form.ReadAsync(exchange) : json.ReadAsync(exchange);
}
