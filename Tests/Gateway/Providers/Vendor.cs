using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>
/// A vendor that knows its keys, as api.openai.com does (API reference "Rate limits" and "Error codes", read in November 2026; the texts as openai-python's issues quote
/// them): 401 repeats the key, 429 says in <c>x-ratelimit-reset-*</c> when it is over and often has no <c>Retry-After</c>.
/// </summary>
internal static class Vendor
{
    public const string Exhausted = """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""";
    public const string Throttled = """{"error":{"message":"Rate limit reached for gpt-4o in organization org-1 on requests per min (RPM): Limit 3, Used 3, Requested 1.","type":"requests","param":null,"code":"rate_limit_exceeded"}}""";

    private static readonly SecretSealer Sealer = new(GatewayWorld.SecretsKey);

    public static string Incorrect(string key) =>
        $$$"""{"error":{"message":"Incorrect API key provided: {{{key}}}. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""";

    /// <summary>The provider <c>name</c> with these keys; the first is <c>keys/k1</c>.</summary>
    public static SnapshotProvider Provider(string name, string url, params string[] keys) => With(GatewayWorld.Provider(name, url) with { Provider = "openai", Engine = Engines.OpenAi }, keys);

    public static SnapshotProvider With(SnapshotProvider provider, params string[] keys) => provider with
    {
        ApiKey = keys.Length == 0 ? null : Seal("k1", keys[0]).Value,
        ApiKeyContext = SecretContext.Of("default", "keys", "k1"),
        ApiKeys = keys.Length < 2 ? [] : [.. keys.Select((key, i) => Seal($"k{i + 1}", key))],
    };

    /// <summary>A value of the Secret <c>keys</c>.</summary>
    public static SnapshotSecret Seal(string key, string value) => new("keys", key, Sealer.Seal(SecretContext.Of("default", "keys", key), value));

    /// <summary>Answers by the key that a request brings.</summary>
    public static RequestDelegate ByKey(Func<string, RequestDelegate?> script) => http =>
    {
        var key = KeyOf(http.Request.Headers.Authorization.ToString());
        return (script(key) ?? ScriptedEngine.Json(ScriptedEngine.Answer))(http);
    };

    public static RequestDelegate Refuses(string key) => ScriptedEngine.Json(Incorrect(key), 401);

    public static RequestDelegate Throttles(params (string Name, string Value)[] headers) => ScriptedEngine.Json(Throttled, 429, headers);

    public static IEnumerable<string> KeysOf(ScriptedEngine engine) => engine.Requests.Select(request => KeyOf(request.Headers["Authorization"]));

    /// <summary>What <c>X-Orrery-Explain</c> says of a provider's keys and of its endpoint.</summary>
    public static async Task<(string[] Keys, string Health)> ExplainAsync(GatewayWorld world, int candidate = 0)
    {
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Orrery-Explain", "1"));
        var plan = JsonDocument.Parse(response.Headers.GetValues("X-Orrery-Explain").Single()).RootElement.GetProperty("candidates")[candidate];
        return (
            [.. plan.GetProperty("keys").EnumerateArray().Select(key => $"{key.GetProperty("key").GetString()}: {key.GetProperty("state").GetString()}")],
            plan.GetProperty("endpoints")[0].GetProperty("health").GetString()!);
    }

    private static string KeyOf(string authorization) => authorization.Replace("Bearer ", "", StringComparison.Ordinal);
}
