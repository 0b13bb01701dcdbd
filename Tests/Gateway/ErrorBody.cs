using System.Text.Json;

namespace Orrery.Tests.Gateway;

/// <summary>An OpenAI error object as tests read it.</summary>
internal sealed record ErrorBody(int Status, string Message, string Type, string? Param, string? Code)
{
    public static async Task<ErrorBody> ReadAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.Contains("x-request-id"));
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        return new ErrorBody(
            (int)response.StatusCode, error.GetProperty("message").GetString()!, error.GetProperty("type").GetString()!,
            error.GetProperty("param").GetString(), error.GetProperty("code").GetString());
    }
}
