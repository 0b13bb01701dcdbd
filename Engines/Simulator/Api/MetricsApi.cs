using System.Globalization;
using System.Text;
using Orrery.Simulator.Replicas;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Api;

/// <summary>Prometheus text under vLLM's names, one series a model.</summary>
internal static class MetricsApi
{
    private sealed record Series(string Labels, SchedulerState State);

    public static void MapMetricsApi(this IEndpointRouteBuilder routes) => routes.MapGet("/metrics", Admission.Get(WriteAsync));

    private static Task WriteAsync(HttpContext http, Replica replica)
    {
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(Render(replica), http.RequestAborted);
    }

    private static string Render(Replica replica)
    {
        var text = new StringBuilder();
        var series = replica.Engines.Select(model => new Series($"engine=\"0\",model_name=\"{Escaped(model.Id)}\"", model.Scheduler.State)).ToList();
        Gauge(text, series, "vllm:num_requests_running", "Requests in the running batch.", state => state.Running);
        Gauge(text, series, "vllm:num_requests_waiting", "Requests waiting to be run.", state => state.Waiting);
        Gauge(text, series, "vllm:kv_cache_usage_perc", "Share of the KV cache in use; 1 is all of it.", state => state.KvUsage);
        Gauge(text, series, "vllm:gpu_cache_usage_perc", "The older name of vllm:kv_cache_usage_perc.", state => state.KvUsage);
        Counter(text, series, "vllm:prefix_cache_queries_total", "Prompt tokens looked up in the prefix cache.", metrics => metrics.PrefixQueries);
        Counter(text, series, "vllm:prefix_cache_hits_total", "Prompt tokens found in the prefix cache.", metrics => metrics.PrefixHits);
        Counter(text, series, "vllm:num_preemptions_total", "Preemptions.", metrics => metrics.Preemptions);
        Counter(text, series, "vllm:prompt_tokens_total", "Prefilled tokens.", metrics => metrics.PromptTokens);
        Counter(text, series, "vllm:generation_tokens_total", "Generated tokens.", metrics => metrics.GenerationTokens);
        Finished(text, series);
        Histogram(text, series, "vllm:time_to_first_token_seconds", "Time to the first token.", metrics => metrics.TimeToFirstToken);
        Histogram(text, series, "vllm:inter_token_latency_seconds", "Time between two tokens.", metrics => metrics.InterToken);
        Histogram(text, series, "vllm:e2e_request_latency_seconds", "Time from arrival to the last token.", metrics => metrics.EndToEnd);
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string help, string type) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(name).Append('{').Append(labels).Append("} ").Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static void Gauge(StringBuilder text, List<Series> series, string name, string help, Func<SchedulerState, double> read)
    {
        Head(text, name, help, "gauge");
        series.ForEach(one => Line(text, name, one.Labels, read(one.State)));
    }

    private static void Counter(StringBuilder text, List<Series> series, string name, string help, Func<SchedulerMetrics, long> read)
    {
        Head(text, name, help, "counter");
        series.ForEach(one => Line(text, name, one.Labels, read(one.State.Metrics)));
    }

    private static void Finished(StringBuilder text, List<Series> series)
    {
        const string Name = "vllm:request_success_total";
        Head(text, Name, "Requests that ended, by reason.", "counter");
        foreach (var (labels, state) in series.Select(one => (one.Labels, one.State)))
        {
            Line(text, Name, labels + ",finished_reason=\"stop\"", state.Metrics.Stopped);
            Line(text, Name, labels + ",finished_reason=\"length\"", state.Metrics.EndedByLength);
            Line(text, Name, labels + ",finished_reason=\"abort\"", state.Metrics.Aborted);
        }
    }

    private static void Histogram(StringBuilder text, List<Series> series, string name, string help, Func<SchedulerMetrics, Histogram> read)
    {
        Head(text, name, help, "histogram");
        foreach (var one in series)
        {
            var histogram = read(one.State.Metrics);
            long count = 0;
            for (var i = 0; i < histogram.Counts.Length; i++)
            {
                count += histogram.Counts[i];
                var bound = i < histogram.Bounds.Length ? histogram.Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                Line(text, name + "_bucket", $"{one.Labels},le=\"{bound}\"", count);
            }

            Line(text, name + "_count", one.Labels, count);
            Line(text, name + "_sum", one.Labels, histogram.Sum);
        }
    }

    private static string Escaped(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
