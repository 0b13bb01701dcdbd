using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;

namespace Orrery.Simulator.Api;

/// <summary>What every inference request passes before its handler: key, replica, body, readiness, and faults that come before any token.</summary>
internal sealed class Admission(
    ReplicaSet replicas, FaultRules rules, IOptions<SimulatorOptions> options, IHostEnvironment environment, TimeProvider time)
{
    public const long MostBodyBytes = 64 << 20;

    private bool AllowsFaults => options.Value.AllowFaults ?? environment.IsDevelopment();

    /// <summary>What needs a key and a replica, and nothing of faults and readiness.</summary>
    public static RequestDelegate Get(Func<HttpContext, Replica, Task> handler) => async http =>
    {
        var admission = http.RequestServices.GetRequiredService<Admission>();
        if (await admission.FindReplicaAsync(http) is { } replica)
        {
            await handler(http, replica);
        }
    };

    public static RequestDelegate Post(Func<Call, Task> handler) => http =>
        http.RequestServices.GetRequiredService<Admission>().AdmitAsync(http, handler);

    /// <summary>Holds the request without an answer until the client leaves or the server stops.</summary>
    public static async Task StallAsync(HttpContext http)
    {
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = gone.Token.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), ended);
        await ended.Task;
        http.Abort();
    }

    private async Task AdmitAsync(HttpContext http, Func<Call, Task> handler)
    {
        if (await FindReplicaAsync(http) is not { } replica)
        {
            return;
        }

        var (asked, error) = AskedFaults(http);
        if (error is not null)
        {
            await VllmErrors.WriteAsync(http, Refusal.BadRequest($"{OrreryHeaders.Fault}: {error}"));
            return;
        }

        var (body, refusal) = await ReadBodyAsync(http);
        using (body)
        {
            if (refusal is not null)
            {
                await VllmErrors.WriteAsync(http, refusal);
                return;
            }

            var fields = new Fields(body!.RootElement, "", []);
            var faults = asked ?? rules.Next(fields.Any("model") is { } model && Fields.TryText(model, out var id) ? id : null);
            if (replica.Unready is var left && left > TimeSpan.Zero)
            {
                await VllmErrors.WriteAsync(http, Refusal.Unready(left));
            }
            else if (!await HasFailedAsync(http, faults))
            {
                await handler(new Call(http, replica, fields, faults));
            }
        }
    }

    /// <summary>The replica that the path names; null when the key or the replica was refused.</summary>
    private async Task<Replica?> FindReplicaAsync(HttpContext http)
    {
        if (!await IsKeyRightAsync(http))
        {
            return null;
        }

        var name = http.GetRouteValue("replica") as string;
        if (!replicas.TryFind(name, out var replica))
        {
            await VllmErrors.WriteAsync(http, Refusal.NotFound($"There is no replica '{name}'."));
        }

        return replica;
    }

    /// <summary>vLLM guards only <c>/v1</c>, and answers with this body rather than its usual one.</summary>
    private async Task<bool> IsKeyRightAsync(HttpContext http)
    {
        const string Scheme = "Bearer ";
        if (options.Value.ApiKey is not { } key || !http.Request.Path.Value!.Contains("/v1/", StringComparison.Ordinal))
        {
            return true;
        }

        var header = http.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header[Scheme.Length..]), Encoding.UTF8.GetBytes(key)))
        {
            return true;
        }

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync("""{"error":"Unauthorized"}""", http.RequestAborted);
        return false;
    }

    private (FaultPlan? Plan, string? Error) AskedFaults(HttpContext http) =>
        AllowsFaults && http.Request.Headers.TryGetValue(OrreryHeaders.Fault, out var text) ? FaultPlan.Parse(text.ToString()) : (null, null);

    private static async Task<(JsonDocument? Body, Refusal? Refusal)> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength > MostBodyBytes)
        {
            return (null, new Refusal(
                StatusCodes.Status413PayloadTooLarge,
                "BadRequestError",
                $"The body has {http.Request.ContentLength} bytes; expected at most {MostBodyBytes}."));
        }

        try
        {
            var body = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            var fault = body.RootElement.ValueKind != JsonValueKind.Object ? "is not a JSON object"
                : UnicodeCheck.IsValid(body.RootElement) ? null
                : UnicodeCheck.Fault;
            if (fault is null)
            {
                return (body, null);
            }

            body.Dispose();
            return (null, Refusal.BadRequest($"The body {fault}."));
        }
        catch (JsonException error)
        {
            return (null, Refusal.BadRequest($"The body is not JSON: {error.Message}"));
        }
        catch (BadHttpRequestException error)
        {
            return (null, new Refusal(error.StatusCode, "BadRequestError", error.Message));
        }
    }

    private async Task<bool> HasFailedAsync(HttpContext http, FaultPlan faults)
    {
        if (faults.SlowStart > TimeSpan.Zero)
        {
            await Task.Delay(faults.SlowStart, time, http.RequestAborted);
        }

        if (faults.Stall)
        {
            await StallAsync(http);
            return true;
        }

        if (faults.Status is not { } status)
        {
            return false;
        }

        await VllmErrors.WriteAsync(http, new Refusal(status, "SimulatedFault", $"Status {status} was asked for by a fault.", faults.RetryAfter));
        return true;
    }
}
