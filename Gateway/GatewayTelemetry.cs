using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;
using Orrery.ServiceDefaults;
using Attributes = Orrery.ServiceDefaults.GenAiNames.Attributes;

namespace Orrery.Gateway;

/// <summary>Every instrument of the gateway. Names from the GenAI conventions where they have one, in the generation that is set, else <c>orrery.gateway.*</c>. Costs nothing while nobody listens.</summary>
internal sealed class GatewayTelemetry : IDisposable
{
    public const string Name = "Orrery.Gateway";

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstChunk;
    private readonly Histogram<double> _betweenChunks;
    private readonly TokenInstruments _tokens;
    private readonly ConcurrentDictionary<(string Model, string Provider), InFlight> _inFlight = new();
    private readonly Counter<long> _requests;
    private readonly Counter<long> _usageLost;
    private readonly Counter<long> _expressionErrors;
    private readonly TimeProvider _time;

    public GatewayTelemetry(CurrentSnapshot snapshots, BufferPool buffers, Intake.BodyBudget bodies, Intake.BodySpool spool, GenAiNames names, TimeProvider time)
    {
        _time = time;
        _duration = _meter.CreateHistogram(
            names.OperationDuration, "s", "From sending a request to an engine to the end of its answer", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });
        _firstChunk = _meter.CreateHistogram(
            names.TimeToFirstChunk, "s", "From taking a request to the first content sent to its client", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24] });
        _betweenChunks = _meter.CreateHistogram(
            names.TimePerOutputChunk, "s", "Between two pieces of a stream as its client gets them; those that an engine sends together count once", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5] });
        _tokens = new TokenInstruments(_meter, names);
        _meter.CreateObservableUpDownCounter("orrery.gateway.in_flight", () => _inFlight.Values.Select(one => one.Measure()), "{request}", "Attempts at engines under way");
        _requests = _meter.CreateCounter<long>("orrery.gateway.requests", "{request}", "Requests answered, by outcome");
        _usageLost = _meter.CreateCounter<long>("orrery.gateway.usage.lost", "{event}", "Usage events that fitted neither disk nor memory");
        _expressionErrors = _meter.CreateCounter<long>("orrery.gateway.expression.errors", "{error}", "Expressions of routes that gave no value for a request");
        _meter.CreateObservableGauge("orrery.gateway.snapshot.revision", () => snapshots.Value?.Revision ?? 0, "{revision}", "The revision in force");
        _meter.CreateObservableGauge("orrery.gateway.snapshot.age", () => snapshots.Age.TotalSeconds, "s", "Since the Catalogue was last heard");
        _meter.CreateObservableGauge("orrery.gateway.buffers", () => buffers.Outstanding, "{buffer}", "Rented buffers");
        _meter.CreateObservableGauge("orrery.gateway.buffered_request_bytes", () => bodies.Held, "By", "Request bodies in memory");
        _meter.CreateObservableGauge("orrery.gateway.spooled_request_bytes", () => spool.Held, "By", "Request bodies on disk");
    }

    /// <summary>The server span of a request that nobody waits for; <c>null</c> when nobody records it.</summary>
    public Activity? StartRun(Storage.Run run)
    {
        ActivityContext.TryParse(run.Headers.TryGetValue("traceparent", out var traceparent) ? traceparent : null, null, out var parent);
        return _source.StartActivity(ActivityKind.Server, parent, name: $"run {run.Kind.Name}");
    }

    /// <summary>The client span of one attempt; <c>null</c> when nobody records it.</summary>
    public Activity? StartAttempt(Exchange exchange, EndpointLease lease, int attempt)
    {
        InFlightOf(lease.Candidate).Begin();
        if (exchange.Story is null)
        {
            return null; // Nobody records the request, so nobody its attempts.
        }

        var operation = exchange.Operation.Name;
        ActivityContext.TryParse(exchange.Trace.Traceparent, exchange.Http.Request.Headers.TraceState, out var parent);
        var span = _source.StartActivity(ActivityKind.Client, parent, name: $"{operation} {lease.Candidate.UpstreamId}");
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }

        var address = lease.Endpoint.AddressOf(exchange.Operation);
        span.Tell(Attributes.OperationName, operation);
        span.Tell(Attributes.ProviderName, lease.Candidate.Provider.Adapter.ProviderName);
        span.Tell(Attributes.RequestModel, lease.Candidate.UpstreamId);
        span.Tell(Attributes.RequestStream, exchange.Call.Stream);
        if (exchange.Call.MaxTokens is { } maxTokens)
        {
            span.Tell(Attributes.RequestMaxTokens, maxTokens);
        }

        if (exchange.Call.Choices != 1)
        {
            span.Tell(Attributes.RequestChoiceCount, exchange.Call.Choices);
        }

        span.Tell("server.address", address.Host);
        span.Tell("server.port", address.Port);
        span.Tell("orrery.provider", lease.Candidate.Provider.Name);
        span.Tell("orrery.namespace", exchange.Caller.Namespace);
        span.Tell("orrery.request_id", exchange.RequestId);
        span.Tell("orrery.attempt", attempt);
        if (exchange.ProviderKey is { } key)
        {
            span.Tell("orrery.provider_key", key.Shown);
        }

        return span;
    }

    public void EndAttempt(Activity? span, Exchange exchange, SendError? error)
    {
        InFlightOf(exchange.Candidate!).End(); // Set before the first attempt.
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        var (tokens, isEstimated) = exchange.Meter.Read(exchange.Call.Body.Length);
        if (tokens != default && !isEstimated)
        {
            span.Tell(Attributes.UsageInputTokens, tokens.Prompt);
            span.Tell(Attributes.UsageOutputTokens, tokens.Completion);
            span.Tell(Attributes.UsageCacheReadTokens, tokens.Cached);
        }

        if (exchange.Meter.FirstTokenTimestamp is { } first)
        {
            span.Tell(Attributes.ResponseTimeToFirstChunk, _time.GetElapsedTime(exchange.StartTimestamp, first).TotalSeconds);
        }

        if (error is { Kind: not SendErrorKind.ClientLeft })
        {
            span.Tell("error.type", error.Status > 0 ? error.Status.ToString(CultureInfo.InvariantCulture) : error.Kind.ToString());
            span.SetStatus(ActivityStatusCode.Error, error.Detail);
        }
    }

    public void RequestEnded(Exchange exchange, Refusal? refusal, string outcome, TimeSpan took)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, new TagList
            {
                { Attributes.OperationName, exchange.Operation.Name },
                { Attributes.RequestModel, exchange.IsResolved ? exchange.Served.Id : "" },
                { "orrery.outcome", outcome },
                { "http.response.status_code", refusal?.Status ?? exchange.Http.Response.StatusCode },
            });
        }

        if (exchange.HasFaults && _expressionErrors.Enabled)
        {
            CountFaults(exchange);
        }

        if (exchange.Candidate is { } candidate && _duration.Enabled)
        {
            var tags = TagsOf(exchange, candidate);
            if (exchange.Error is { Kind: not SendErrorKind.ClientLeft } error)
            {
                tags.Add("error.type", error.Kind.ToString());
            }

            _duration.Record(took.TotalSeconds, tags);
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
            _tokens.Record(tokens, TagsOf(exchange, candidate));
        }
    }

    /// <summary>A piece of a stream went out, <paramref name="elapsed"/> after the one before it.</summary>
    public void BetweenChunks(Exchange exchange, TimeSpan elapsed)
    {
        if (_betweenChunks.Enabled)
        {
            _betweenChunks.Record(elapsed.TotalSeconds, TagsOf(exchange, exchange.Candidate!));
        }
    }

    public void UsageLost() => _usageLost.Add(1);

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private void CountFaults(Exchange exchange)
    {
        foreach (var fault in exchange.Facts.Faults)
        {
            _expressionErrors.Add(1, new TagList
            {
                { "orrery.namespace", exchange.Caller.Namespace },
                { "orrery.route", fault.Route },
                { "orrery.expression", fault.Field },
                { "error.type", fault.Kind.ToString() },
            });
        }
    }

    private InFlight InFlightOf(Candidate candidate) =>
        candidate.InFlight ??= _inFlight.GetOrAdd((candidate.Model.Id, candidate.Provider.Name), static key => new InFlight(key.Model, key.Provider));

    private static TagList TagsOf(Exchange exchange, Candidate candidate) => new()
    {
        { Attributes.OperationName, exchange.Operation.Name },
        { Attributes.ProviderName, candidate.Provider.Adapter.ProviderName },
        { Attributes.RequestModel, candidate.Model.Id },
        { "orrery.provider", candidate.Provider.Name },
    };
}
