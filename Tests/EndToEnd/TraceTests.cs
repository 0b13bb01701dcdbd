using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Orrery.Tests.EndToEnd;

/// <summary>One request is one trace: the client's span, the gateway's, the engine's, and the usage row name the same id.</summary>
[Collection(RunningGraphCollection.Name)]
public sealed class TraceTests(RunningGraph graph)
{
    [Fact]
    public async Task Client_gateway_engine_and_usage_row_share_one_trace_id()
    {
        using var client = graph.GatewayClient();
        var traceId = ActivityTraceId.CreateRandom().ToHexString();
        var clientSpan = ActivitySpanId.CreateRandom().ToHexString();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = RunningGraph.ChatModel, max_tokens = 4, messages = new[] { new { role = "user", content = "Hello" } } }),
        };
        request.Headers.Add("traceparent", $"00-{traceId}-{clientSpan}-01");

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();

        var spans = await Eventually.Holds(
            () => Task.FromResult(graph.Telemetry.Spans.Where(span => span.TraceId == traceId).ToList()),
            found => found.Any(span => span.Service == "gateway") && found.Any(span => span.Service == "simulator"));
        Assert.Contains(spans, span => span.Service == "gateway" && span.ParentSpanId == clientSpan);
        var engine = spans.First(span => span.Service == "simulator");
        Assert.Contains(spans, span => span.Service == "gateway" && span.SpanId == engine.ParentSpanId);

        var usage = await UsageRows(traceId);
        var row = Assert.Single(usage);
        Assert.Equal("first", row.GetProperty("key").GetString());
        Assert.Equal(RunningGraph.ChatModel, row.GetProperty("model").GetString());
        Assert.Equal(4, row.GetProperty("completionTokens").GetInt32());
        Assert.True(row.GetProperty("simulated").GetBoolean());
    }

    private async Task<List<JsonElement>> UsageRows(string traceId)
    {
        using var catalogue = graph.CatalogueClient();
        return await Eventually.Holds(
            async () =>
            {
                var page = await catalogue.GetFromJsonAsync<JsonElement>($"/apis/orrery.dev/v1/usage?traceId={traceId}", TestContext.Current.CancellationToken);
                return page.GetProperty("items").EnumerateArray().ToList();
            },
            rows => rows.Count > 0);
    }
}
