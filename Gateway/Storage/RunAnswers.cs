using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Gateway.Storage;

/// <summary>What refusals of runs say.</summary>
internal static class RunAnswers
{
    /// <returns>The code and message of an error object; a general one where there is none.</returns>
    public static (string Code, string Message) ErrorOf(RunAnswer answer)
    {
        try
        {
            if (JsonNode.Parse(answer.Body.Span)?["error"] is JsonObject error && (string?)error["message"] is { } message)
            {
                return ((string?)error["code"] ?? "server_error", message);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Then there is none.
        }

        return ("server_error", "The request failed in the gateway. Its log says more.");
    }
}
