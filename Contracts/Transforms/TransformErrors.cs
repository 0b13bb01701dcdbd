using System.Text.Json;

namespace Orrery.Contracts.Transforms;

/// <summary>What an error is where a provider has no expression for it.</summary>
public static class TransformErrors
{
    /// <summary>An <c>error</c> that says something.</summary>
    public static bool HasError(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object
        && answer.TryGetProperty("error", out var error)
        && error.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)
        && !(error.ValueKind == JsonValueKind.String && error.ValueEquals(""));
}
