using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Gateway.Routing;

/// <summary>The numbers by which a plan orders its candidates, for those who ask why: what the request would cost at each, how soon each began to answer.</summary>
internal readonly struct PlanFigures(Exchange exchange, RoutePlan plan)
{
    private const string NotMeasured = "not measured";
    private const string NotKnown = "no price declared";

    private readonly RequestCost _cost = RequestCost.Of(exchange);
    private readonly bool _costs = plan.IsSelected || plan.Strategy == RoutingStrategies.Cost;
    private readonly bool _latencies = plan.IsSelected || plan.Strategy == RoutingStrategies.Latency;

    public void Write(Utf8JsonWriter json, Candidate candidate)
    {
        if (_costs)
        {
            WriteCost(json, candidate);
        }

        if (_latencies)
        {
            WriteLatency(json, candidate);
        }
    }

    private void WriteCost(Utf8JsonWriter json, Candidate candidate)
    {
        if (_cost.At(candidate) is not { } amount)
        {
            json.WriteString("cost", NotKnown);
            return;
        }

        json.WriteStartObject("cost");
        json.WriteNumber("estimate", Math.Round(amount, 9));
        json.WriteNumber("inputTokens", _cost.InputTokens);
        json.WriteNumber("outputTokens", _cost.OutputTokens);
        WritePrice(json, "inputPrice", candidate.InputPrice);
        WritePrice(json, "outputPrice", candidate.OutputPrice);
        json.WriteEndObject();
    }

    private static void WritePrice(Utf8JsonWriter json, string name, double? price)
    {
        if (price is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteLatency(Utf8JsonWriter json, Candidate candidate)
    {
        if (candidate.Latency.Read() is not var (seconds, samples, age))
        {
            json.WriteString("latency", NotMeasured);
            return;
        }

        json.WriteStartObject("latency");
        json.WriteNumber("ms", Math.Round(seconds * 1_000, 1));
        json.WriteNumber("samples", samples);
        json.WriteNumber("ageSeconds", Math.Round(age.TotalSeconds, 1));
        json.WriteEndObject();
    }
}
