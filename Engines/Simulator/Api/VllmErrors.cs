using System.Globalization;
using System.Text.Json;

namespace Orrery.Simulator.Api;

/// <summary>A request that is not served, in vLLM's words.</summary>
internal sealed record Refusal(int Status, string Type, string Message, int? RetryAfterSeconds = null)
{
    public static Refusal BadRequest(string message) => new(StatusCodes.Status400BadRequest, "BadRequestError", message);

    public static Refusal NotFound(string message) => new(StatusCodes.Status404NotFound, "NotFoundError", message);

    public static Refusal NoModel(string model) => NotFound($"The model `{model}` does not exist.");

    public static Refusal Unready(TimeSpan left) => new(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailableError",
        $"The engine is starting; it will answer in {Math.Ceiling(left.TotalSeconds)} s.", (int)Math.Ceiling(left.TotalSeconds));
}

/// <summary>vLLM's error object: <c>{"error":{"message","type","param","code"}}</c>.</summary>
internal static class VllmErrors
{
    public static async Task WriteAsync(HttpContext http, Refusal refusal)
    {
        http.Response.StatusCode = refusal.Status;
        http.Response.ContentType = "application/json";
        if (refusal.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var json = new Utf8JsonWriter(http.Response.BodyWriter, JsonFormat.Options);
        await using (json)
        {
            WriteObject(json, refusal);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    public static void WriteObject(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, refusal.Message);
        json.WriteString("type"u8, refusal.Type);
        json.WriteNull("param"u8);
        json.WriteNumber("code"u8, refusal.Status);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
