using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway;

/// <summary>Every instrument of the gateway. Names from the GenAI conventions 1.41 where they have one, else <c>orrery.gateway.*</c>. Costs nothing while nobody listens.</summary>
internal sealed class GatewayTelemetry : IDisposable
{
    public const string Name = "Orrery.Gateway";

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstChunk;
    private readonly Histogram<long> _tokens;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _usageLost;
    private readonly TimeProvider _time;

    public GatewayTelemetry(CurrentSnapshot snapshots, EndpointPool endpoints, BufferPool buffers, Intake.BodyBudget bodies, TimeProvider time)
    {
        _time = time;
        _duration = _meter.CreateHistogram(
            "gen_ai.client.operation.duration", "s", "From sending a request to an engine to the end of its answer", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });
        _firstChunk = _meter.CreateHistogram(
            "gen_ai.client.operation.time_to_first_chunk", "s", "From taking a request to the first content sent to its client", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24] });
        _tokens = _meter.CreateHistogram(
            "gen_ai.client.token.usage", "{token}", "Tokens of one request", tags: null,
            new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] });
        _requests = _meter.CreateCounter<long>("orrery.gateway.requests", "{request}", "Requests answered, by outcome");
        _usageLost = _meter.CreateCounter<long>("orrery.gateway.usage.lost", "{event}", "Usage events that fitted neither disk nor memory");
        _meter.CreateObservableGauge("orrery.gateway.snapshot.revision", () => snapshots.Value?.Revision ?? 0, "{revision}", "The revision in force");
        _meter.CreateObservableGauge("orrery.gateway.snapshot.age", () => snapshots.Age.TotalSeconds, "s", "Since the Catalogue was last heard");
        _meter.CreateObservableGauge("orrery.gateway.in_flight", () => endpoints.InFlight, "{request}", "Attempts at engines under way");
        _meter.CreateObservableGauge("orrery.gateway.buffers", () => buffers.Outstanding, "{buffer}", "Rented buffers");
        _meter.CreateObservableGauge("orrery.gateway.buffered_request_bytes", () => bodies.Held, "By", "Request bodies in memory");
    }

    /// <summary>The client span of one attempt; <c>null</c> when nobody listens.</summary>
    public Activity? StartAttempt(Exchange exchange, EndpointLease lease, int attempt)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        var operation = exchange.Operation.Name;
        ActivityContext.TryParse(exchange.Trace.Traceparent, exchange.Http.Request.Headers.TraceState, out var parent);
        var span = _source.StartActivity(ActivityKind.Client, parent, name: $"{operation} {lease.Candidate.UpstreamId}");
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }

        var address = lease.Endpoint.AddressOf(exchange.Operation);
        span.SetTag("gen_ai.operation.name", operation);
        span.SetTag("gen_ai.provider.name", lease.Candidate.Provider.Adapter.ProviderName);
        span.SetTag("gen_ai.request.model", lease.Candidate.UpstreamId);
        span.SetTag("gen_ai.request.stream", exchange.Call.Stream);
        if (exchange.Call.MaxTokens is { } maxTokens)
        {
            span.SetTag("gen_ai.request.max_tokens", maxTokens);
        }

        if (exchange.Call.Choices != 1)
        {
            span.SetTag("gen_ai.request.choice.count", exchange.Call.Choices);
        }

        span.SetTag("server.address", address.Host);
        span.SetTag("server.port", address.Port);
        span.SetTag("orrery.provider", lease.Candidate.Provider.Name);
        span.SetTag("orrery.namespace", exchange.Caller.Namespace);
        span.SetTag("orrery.request_id", exchange.RequestId);
        span.SetTag("orrery.attempt", attempt);
        return span;
    }

    public void EndAttempt(Activity? span, Exchange exchange, SendError? error)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        var (tokens, isEstimated) = exchange.Meter.Read(exchange.Call.Body.Length);
        if (tokens != default && !isEstimated)
        {
            span.SetTag("gen_ai.usage.input_tokens", tokens.Prompt);
            span.SetTag("gen_ai.usage.output_tokens", tokens.Completion);
            span.SetTag("gen_ai.usage.cache_read.input_tokens", tokens.Cached);
        }

        if (exchange.Meter.FirstTokenTimestamp is { } first)
        {
            span.SetTag("gen_ai.response.time_to_first_chunk", _time.GetElapsedTime(exchange.StartTimestamp, first).TotalSeconds);
        }

        if (error is { Kind: not SendErrorKind.ClientLeft })
        {
            span.SetTag("error.type", error.Status > 0 ? error.Status.ToString(CultureInfo.InvariantCulture) : error.Kind.ToString());
            span.SetStatus(ActivityStatusCode.Error, error.Detail);
        }
    }

    public void RequestEnded(Exchange exchange, Refusal? refusal, string outcome)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, new TagList
            {
                { "gen_ai.operation.name", exchange.Operation.Name },
                { "orrery.outcome", outcome },
                { "http.response.status_code", refusal?.Status ?? exchange.Http.Response.StatusCode },
            });
        }

        if (exchange.Candidate is { } candidate && _duration.Enabled)
        {
            var tags = TagsOf(exchange, candidate);
            if (exchange.Error is { Kind: not SendErrorKind.ClientLeft } error)
            {
                tags.Add("error.type", error.Kind.ToString());
            }

            _duration.Record(_time.GetElapsedTime(exchange.StartTimestamp).TotalSeconds, tags);
            if (exchange.Meter.FirstTokenTimestamp is { } first)
            {
                _firstChunk.Record(_time.GetElapsedTime(exchange.StartTimestamp, first).TotalSeconds, tags);
            }
        }
    }

    public void Used(Exchange exchange, TokenUsage tokens)
    {
        if (exchange.Candidate is { } candidate && tokens != default && _tokens.Enabled)
        {
            var tags = TagsOf(exchange, candidate);
            tags.Add("gen_ai.token.type", "input");
            _tokens.Record(tokens.Prompt, tags);
            tags = TagsOf(exchange, candidate);
            tags.Add("gen_ai.token.type", "output");
            _tokens.Record(tokens.Completion, tags);
        }
    }

    public void UsageLost() => _usageLost.Add(1);

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private static TagList TagsOf(Exchange exchange, Candidate candidate) => new()
    {
        { "gen_ai.operation.name", exchange.Operation.Name },
        { "gen_ai.provider.name", candidate.Provider.Adapter.ProviderName },
        { "gen_ai.request.model", exchange.Model.Id },
        { "orrery.provider", candidate.Provider.Name },
    };
}
