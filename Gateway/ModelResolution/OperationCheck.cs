namespace Orrery.Gateway.ModelResolution;

/// <summary>An endpoint takes models of its types only.</summary>
internal static class OperationCheck
{
    public static bool Takes(ServedModel model, Operation operation)
    {
        foreach (var type in operation.ModelTypesTaken)
        {
            if (type == model.Spec.ModelType)
            {
                return true;
            }
        }

        return false;
    }

    public static Refusal? Check(ServedModel model, Exchange exchange)
    {
        var operation = exchange.Operation;
        if (Takes(model, operation))
        {
            return null;
        }

        var hint = Operation.All.FirstOrDefault(other => other.ModelTypesTaken.Contains(model.Spec.ModelType)) is { } right ? $" Use /v1/{right.Path}." : "";
        return Refusal.BadField(
            "model",
            $"The model '{model.Id}' is of type {model.Spec.ModelType}; {PathOf(exchange)} takes {string.Join(" and ", operation.ModelTypesTaken)} models.{hint}",
            "wrong_model_type");
    }

    /// <summary>What the client called, as it is written in the docs.</summary>
    private static string PathOf(Exchange exchange) =>
        exchange.Protocol is { } protocol ? $"/v1/{protocol.Path}" : exchange.Operation.IsRooted ? exchange.Operation.Path : $"/v1/{exchange.Operation.Path}";
}
