using System.Text.Json;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>What tests of transforms ask and see.</summary>
internal static class TransformWorld
{
    public static async Task<JsonElement> AskAsync(this GatewayWorld world, string body, string path = "/v1/chat/completions")
    {
        using var response = await world.PostAsync(body, path);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    public static async Task<ErrorBody> RefusedAsync(this GatewayWorld world, string body, string path = "/v1/chat/completions")
    {
        using var response = await world.PostAsync(body, path);
        return await ErrorBody.ReadAsync(response);
    }

    public static async Task<string> StreamAsync(this GatewayWorld world, string body, string path = "/v1/chat/completions")
    {
        using var response = await world.PostAsync(body, path);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return text;
    }

    /// <summary>The chunks of a stream that has come to its end.</summary>
    public static IReadOnlyList<JsonElement> Chunks(string stream)
    {
        Assert.EndsWith("data: [DONE]\n\n", stream, StringComparison.Ordinal);
        return [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[..^1].Select(one => JsonDocument.Parse(one["data: ".Length..]).RootElement)];
    }

    /// <summary>Role, words, calls and the end, in their order and in short.</summary>
    public static string Told(IEnumerable<JsonElement> chunks) => string.Join(' ', chunks.SelectMany(Said));

    private static IEnumerable<string> Said(JsonElement chunk)
    {
        foreach (var choice in chunk.GetProperty("choices").EnumerateArray())
        {
            foreach (var property in choice.GetProperty("delta").EnumerateObject())
            {
                yield return $"{property.Name}={property.Value.GetRawText()}";
            }

            if (choice.GetProperty("finish_reason").GetString() is { } finish)
            {
                yield return $"finish={finish}";
            }
        }

        if (chunk.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            yield return $"usage={usage.GetProperty("prompt_tokens")}+{usage.GetProperty("completion_tokens")}";
        }
    }
}
