using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>Google's Gemini API in its form for OpenAI's clients (<c>/v1beta/openai</c>). Its errors are Google's own.</summary>
internal sealed class GeminiAdapter : IEngineAdapter
{
    public string ProviderName => "gcp.gemini";

    public bool CountsInEveryChunk => true;

    public Uri? AddressOf(Candidate candidate, Routing.Endpoint endpoint, Operation operation) =>
        operation.IsPassThrough || operation == Operation.Chat || operation == Operation.Embeddings || operation == Operation.ImageGeneration ? endpoint.AddressOf(operation) : null;

    public void EditBody(Call call, Candidate candidate, ref EditList edits)
    {
        ModelEdit.Name(call, candidate, ref edits);
        if (call.AsksForUsage)
        {
            StreamOptionsEdit.AskForUsage(call, continuous: false, ref edits);
        }
    }

    /// <remarks>See <see cref="UsageAtEnd"/>.</remarks>
    public bool KeepsUsage(Call call, bool isUsageChunk) => false;

    /// <remarks>A bad key is 400 there, and how long to wait stands in the body: <c>[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34s"}]}}]</c>.</remarks>
    public SendError ReadError(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var error = UpstreamErrors.Read(candidate, status, body, retryAfter);
        var (googleStatus, reason, delay) = Details(body);
        if (reason is "API_KEY_INVALID" or "API_KEY_EXPIRED" or "API_KEY_SERVICE_BLOCKED")
        {
            return error with { Kind = SendErrorKind.CredentialRefused, Status = StatusCodes.Status401Unauthorized };
        }

        return error.Kind switch
        {
            SendErrorKind.RequestRefused => error with { Code = error.Code ?? googleStatus },
            SendErrorKind.Throttled or SendErrorKind.Unavailable => error with { RetryAfter = error.RetryAfter ?? delay },
            _ => error,
        };
    }

    private static (string? Status, string? Reason, TimeSpan? Delay) Details(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
            {
                root = root[0];
            }

            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("error", out var error) || error.ValueKind != JsonValueKind.Object)
            {
                return default;
            }

            (string? reason, TimeSpan? delay) = (null, null);
            if (error.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Array)
            {
                foreach (var detail in details.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object))
                {
                    reason ??= Text(detail, "reason");
                    delay ??= Text(detail, "retryDelay") is { } text ? RateLimitReset.Parse(text, DateTimeOffset.UnixEpoch) : null;
                }
            }

            return (Text(error, "status"), reason, delay);
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return default;
        }
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? UpstreamErrors.Text(value) : null;
}
