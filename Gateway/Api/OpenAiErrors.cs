using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Api;

/// <summary>A refusal as OpenAI's error object: <c>{"error":{"message","type","param","code"}}</c>.</summary>
internal static class OpenAiErrors
{
    /// <summary>Leaves quotation marks and other scripts as they are: the text is JSON for people, and never part of a page.</summary>
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="protocol">Whose error object it is to be instead.</param>
    public static async Task WriteAsync(HttpContext http, Refusal refusal, IClientProtocol? protocol = null)
    {
        var response = http.Response;
        if (response.HasStarted || http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        response.StatusCode = refusal.Status;
        response.ContentType = "application/json";
        if (refusal.RetryAfter is { } retryAfter)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (refusal.Allow is { } allow)
        {
            response.Headers.Allow = allow;
        }

        await using (var json = new Utf8JsonWriter(response.BodyWriter, Readable))
        {
            if (protocol is null)
            {
                Write(json, refusal);
            }
            else
            {
                protocol.WriteError(json, refusal, http.TraceIdentifier);
                await json.FlushAsync(http.RequestAborted);
            }
        }

        await response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    public static void Write(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", refusal.Message);
        json.WriteString("type", refusal.Type);
        json.WriteString("param", refusal.Param);
        json.WriteString("code", refusal.Code);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
    }
}
