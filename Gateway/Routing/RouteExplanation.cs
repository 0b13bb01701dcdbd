using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Routing;

/// <summary>The plan in words, for those who ask with <c>X-Orrery-Explain: 1</c>.</summary>
internal static class RouteExplanation
{
    /// <summary>Intermediaries bound a header; what does not fit is left out and said to be.</summary>
    private const int LongestHeader = 4_000;
    private const int MostLeftOut = 16;

    /// <summary>A name with its reason, escaped.</summary>
    private const int LongestReason = 900;

    public static void AttachWhenAsked(Exchange exchange)
    {
        if (IsAsked(exchange))
        {
            exchange.Http.Response.Headers[OrreryHeaders.Explain] = Explain(exchange, exchange.Plan);
        }
    }

    /// <summary>For a request that is refused before there is a plan: the expressions that failed on it, which may be why.</summary>
    public static void AttachFaultsWhenAsked(Exchange exchange)
    {
        if (exchange.HasFaults && IsAsked(exchange))
        {
            exchange.Http.Response.Headers[OrreryHeaders.Explain] = Explain(exchange, plan: null);
        }
    }

    /// <summary>In which order candidates are asked, and why.</summary>
    public static string Rule(Exchange exchange) => exchange.Plan.Rule
        ?? (exchange.Wanted is [{ Provider: not null }] ? "the request names its provider" : "providers by priority; within one its balancing chooses the endpoint");

    private static string Rule(Balancing balancing) =>
        balancing.Strategy == BalancingStrategies.Session ? BalancingStrategies.LeastInFlight : balancing.Strategy;

    /// <summary>Who might answer, as a JSON array: provider, its model, why it cannot be used if it cannot, its endpoints with load and health.</summary>
    public static string Candidates(Exchange exchange)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        Write(json, exchange, exchange.Plan);
        json.Flush();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <remarks>The writer's default encoder leaves nothing but ASCII, which is what a header may hold.</remarks>
    private static string Explain(Exchange exchange, RoutePlan? plan)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteNumber("revision", exchange.Snapshot?.Revision ?? 0);
        if (plan is not null)
        {
            json.WriteString("model", exchange.IsAuto && plan.Candidates.Count > 0 ? plan.Candidates[0].Model.Id : exchange.Model.Id);
            json.WriteString("rule", Rule(exchange));
            json.WritePropertyName("candidates");
            var leftOut = Write(json, exchange, plan);
            if (leftOut > 0)
            {
                json.WriteNumber("leftOut", leftOut);
            }

            WriteLeftOut(json, exchange.LeftOut);
        }

        WriteFaults(json, exchange);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenCount <= LongestHeader
            ? Encoding.ASCII.GetString(bytes.WrittenSpan)
            : """{"error":"the explanation is longer than a header may be"}""";
    }

    /// <summary>What was asked for and leads nowhere.</summary>
    private static void WriteLeftOut(Utf8JsonWriter json, IReadOnlyList<LeftOut>? names)
    {
        if (names is null)
        {
            return;
        }

        json.WriteStartArray("refused");
        foreach (var (name, reason) in names.Distinct().Take(MostLeftOut))
        {
            if (json.BytesCommitted + json.BytesPending > LongestHeader - LongestReason)
            {
                break;
            }

            json.WriteStartObject();
            json.WriteString("name", Shown.Of(name));
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Whether the client wants to know.</summary>
    public static bool IsAsked(Exchange exchange) => exchange.Http.Request.Headers.TryGetValue(OrreryHeaders.Explain, out var asked) && asked == "1";

    /// <summary>Expressions that gave no value.</summary>
    private static void WriteFaults(Utf8JsonWriter json, Exchange exchange)
    {
        if (!exchange.HasFaults)
        {
            return;
        }

        json.WriteStartArray("failedExpressions");
        foreach (var fault in exchange.Facts.Faults)
        {
            if (json.BytesCommitted + json.BytesPending > LongestHeader - LongestReason)
            {
                break;
            }

            json.WriteStartObject();
            json.WriteString("route", fault.Route);
            json.WriteString("field", fault.Field);
            json.WriteString("error", Shown.Of(fault.Message));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <returns>How many candidates there was no room for.</returns>
    private static int Write(Utf8JsonWriter json, Exchange exchange, RoutePlan plan)
    {
        var figures = new PlanFigures(exchange, plan);
        var leftOut = 0;
        json.WriteStartArray();
        foreach (var candidate in plan.Candidates)
        {
            if (json.BytesCommitted + json.BytesPending < LongestHeader / 2)
            {
                Write(json, candidate, figures);
            }
            else
            {
                leftOut++;
            }
        }

        json.WriteEndArray();
        return leftOut;
    }

    private static void Write(Utf8JsonWriter json, Candidate candidate, PlanFigures figures)
    {
        json.WriteStartObject();
        json.WriteString("provider", candidate.Provider.Name);
        json.WriteString("model", candidate.Model.Id);
        json.WriteString("upstreamModel", candidate.UpstreamId);
        if (candidate.Provider.Fault is { } fault)
        {
            json.WriteString("fault", fault);
        }

        figures.Write(json, candidate);
        var balancing = candidate.Provider.Balancing;
        if (balancing.Endpoints.Length > 1)
        {
            json.WriteString("balancing", balancing.SessionHeader is { } header ? $"by {header}, else {Rule(balancing)}" : Rule(balancing));
        }

        json.WriteStartArray("endpoints");
        foreach (var (endpoint, weight) in candidate.Provider.Endpoints.Take(8))
        {
            json.WriteStartObject();
            json.WriteString("endpoint", endpoint.Shown);
            json.WriteNumber("weight", weight);
            json.WriteNumber("inFlight", endpoint.InFlight);
            json.WriteString("health", endpoint.Health.Describe());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (candidate.Provider.Access.Keys is { } keys)
        {
            Write(json, keys);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KeyRing keys)
    {
        json.WriteStartArray("keys");
        foreach (var key in keys.Keys.Take(8))
        {
            json.WriteStartObject();
            json.WriteString("key", key.Shown);
            json.WriteString("state", key.Health.Describe());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
