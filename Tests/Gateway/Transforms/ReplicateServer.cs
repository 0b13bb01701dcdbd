using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>
/// Behaves like api.replicate.com (HTTP API reference, "Create a prediction" and "Prediction lifecycle", read in November 2026): a prediction is created with 201, starts, is
/// processed and ends; with <c>Prefer: wait</c> the answer may hold the output already; refusals are problem details with <c>detail</c>.
/// </summary>
internal sealed class ReplicateServer
{
    public const string Id = "q5w0tz7k2m9x4c1v8b3n6h2j0d";

    /// <summary>What each question after the prediction finds; the last one stays.</summary>
    public ConcurrentQueue<RequestDelegate> Polls { get; } = new();

    /// <summary>How the creation is answered.</summary>
    public RequestDelegate Creation { get; set; } = http => Created("starting")(http);

    /// <summary>Methods and paths, in their order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public ConcurrentQueue<string> Authorizations { get; } = new();

    public bool IsCancelled => Asked.Contains($"POST /v1/predictions/{Id}/cancel");

    /// <summary>A predictions's URLs as the server itself gives them.</summary>
    public static string Urls(HttpContext http, string? host = null)
    {
        var root = $"{http.Request.Scheme}://{host ?? http.Request.Host.Value}/v1/predictions/{Id}";
        return $$"""{"cancel":"{{root}}/cancel","get":"{{root}}","stream":"https://stream.replicate.com/v1/files/{{Id}}"}""";
    }

    public static RequestDelegate Created(string status, string output = "null", string? host = null) => State(status, output, code: 201, host: host);

    public static RequestDelegate State(string status, string output = "null", string error = "null", string metrics = "{}", int code = 200, string? host = null) => http => ScriptedEngine.Json(
        $$$"""{"id":"{{{Id}}}","model":"meta/meta-llama-3-70b-instruct","version":"hidden","input":{},"logs":"","output":{{{output}}},"data_removed":false,"error":{{{error}}},"status":"{{{status}}}","created_at":"2026-11-20T08:00:00.125Z","urls":{{{Urls(http, host)}}},"metrics":{{{metrics}}}}""",
        code)(http);

    public static RequestDelegate Problem(int status, string title, string detail) => ScriptedEngine.Json(JsonSerializer.Serialize(new { title, detail, status }), status);

    public Task Serve(HttpContext http)
    {
        Asked.Enqueue($"{http.Request.Method} {http.Request.Path}");
        Authorizations.Enqueue(http.Request.Headers.Authorization.ToString());
        if (http.Request.Headers.Authorization != "Bearer " + TransformPage.Credential)
        {
            return Problem(401, "Unauthenticated", "You did not pass a valid authentication token: " + http.Request.Headers.Authorization)(http);
        }

        return (http.Request.Method, http.Request.Path.Value) switch
        {
            ("POST", "/v1/models/meta/meta-llama-3-70b-instruct/predictions" or "/v1/models/black-forest-labs/flux-schnell/predictions") => Creation(http),
            ("GET", $"/v1/predictions/{Id}") => Next()(http),
            ("POST", $"/v1/predictions/{Id}/cancel") => State("canceled")(http),
            _ => Problem(404, "Not found", "The requested resource could not be found.")(http),
        };
    }

    private RequestDelegate Next()
    {
        lock (Polls)
        {
            return Polls.Count > 1 && Polls.TryDequeue(out var next) ? next : Polls.TryPeek(out var last) ? last : State("processing");
        }
    }
}
