using System.Diagnostics;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Usage;
using Orrery.ServiceDefaults;
using Attributes = Orrery.ServiceDefaults.GenAiNames.Attributes;

namespace Orrery.Gateway;

/// <summary>The stations of a request that its story names; refusals name them too.</summary>
internal enum Station
{
    Authentication,
    Intake,
    ModelResolution,
    Policy,
    Quota,
    Routing,
    Sending,
}

/// <summary>
/// What a request went through, as events and tags of its server span: who asked, what for, which candidates there were and why, each attempt, the first
/// token, the end. Exists only where that span is recorded; what is kept until the end are times and references, so that the way itself is hardly longer.
/// </summary>
/// <remarks>docs/gateway.md lists events and tags; the Console reads them.</remarks>
internal sealed class RequestStory
{
    private readonly Activity _span;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _startedAt;
    private readonly long _startTimestamp;
    private readonly List<(Station Station, long Timestamp)> _passed = new(7);
    private List<Attempt>? _attempts;
    private readonly Recorder _recorder;
    private string _candidates = "[]";
    private Recording? _recording;

    private RequestStory(Activity span, Exchange exchange, Recorder recorder, TimeProvider time) =>
        (_span, _recorder, _time, _startedAt, _startTimestamp) = (span, recorder, time, exchange.StartedAt, exchange.StartTimestamp);

    /// <summary><c>null</c> where nobody records the request's server span.</summary>
    public static RequestStory? Begin(Exchange exchange, Recorder recorder, TimeProvider time) =>
        Activity.Current is { IsAllDataRequested: true, Kind: ActivityKind.Server } span ? new(span, exchange, recorder, time) : null;

    public void Passed(Station station, Exchange exchange)
    {
        _passed.Add((station, _time.GetTimestamp()));
        switch (station)
        {
            case Station.Authentication:
                _recording = _recorder.Begin(exchange.Caller.Namespace);
                break;
            case Station.Routing:
                _candidates = RouteExplanation.Candidates(exchange); // As they are now, not when the answer has ended.
                break;
        }
    }

    /// <param name="key">Which of several keys, where there are several; not the key.</param>
    public void AttemptBegins(EndpointLease lease, int number, string? key)
    {
        (_attempts ??= []).Add(new(number, lease.Candidate.Provider.Name, lease.Endpoint.Shown, key, _time.GetTimestamp()));
        _recording?.BeginAnswer();
    }

    /// <summary>An answer, or a chunk of one, in JSON. What it says is kept only where the namespace's texts are recorded.</summary>
    public void Answered(ReadOnlySpan<byte> json) => _recording?.Hear(json);

    public void AttemptEnded(SendError? error) => _attempts![^1].Error = error;

    /// <summary>Writes everything down, once.</summary>
    public void End(Exchange exchange, Refusal? refusal, string outcome)
    {
        _span.Tell("orrery.request_id", exchange.RequestId);
        _span.Tell("orrery.outcome", outcome);
        _span.Tell("orrery.snapshot.revision", exchange.Snapshot?.Revision);
        _span.Tell(Attributes.OperationName, exchange.Operation.Name);
        foreach (var (station, timestamp) in _passed)
        {
            Tell(station, timestamp, exchange);
        }

        foreach (var attempt in _attempts ?? [])
        {
            Add("orrery.attempt", attempt.Timestamp, new()
            {
                { "orrery.attempt", attempt.Number },
                { "orrery.provider", attempt.Provider },
                { "orrery.endpoint", attempt.Endpoint },
                { "orrery.provider_key", attempt.Key },
                { "orrery.attempt.error", attempt.Error is { } error ? $"{error.Kind}: {error.Detail}" : null },
            });
        }

        if (exchange.Meter.FirstTokenTimestamp is { } first)
        {
            _span.Tell(Attributes.ResponseTimeToFirstChunk, _time.GetElapsedTime(_startTimestamp, first).TotalSeconds);
            Add("orrery.first_chunk", first);
        }

        if (exchange.IsResolved)
        {
            TellUsage(exchange);
        }

        TellTexts(exchange);

        TellEnd(refusal, outcome);
    }

    private void Tell(Station station, long timestamp, Exchange exchange)
    {
        switch (station)
        {
            case Station.Authentication:
                _span.Tell("orrery.namespace", exchange.Caller.Namespace);
                _span.Tell("orrery.key", exchange.Caller.Key.Name);
                Add("orrery.authenticated", timestamp);
                break;
            case Station.Intake:
                _span.Tell(Attributes.RequestModel, exchange.Call.ModelName);
                _span.Tell(Attributes.RequestStream, exchange.Call.Stream);
                Add("orrery.read", timestamp, new() { { "orrery.body.bytes", exchange.Call.Length } });
                break;
            case Station.ModelResolution:
                _span.Tell("orrery.model", exchange.Model.Id);
                Add("orrery.resolved", timestamp, new() { { "orrery.rule", RuleOf(exchange) } });
                break;
            case Station.Quota when exchange.Quota is { Reservation: var held }:
                Add("orrery.reserved", timestamp, new()
                {
                    { "orrery.limits", held.Limits.Length },
                    { "orrery.limits.tokens", held.Tokens },
                    { "orrery.limits.waited", held.Waited.TotalSeconds },
                    { "orrery.limits.alone", held.IsAlone },
                });
                break;
            case Station.Routing:
                Add("orrery.planned", timestamp, new() { { "orrery.rule", RouteExplanation.Rule(exchange) }, { "orrery.candidates", _candidates } });
                break;
        }
    }

    private void TellUsage(Exchange exchange)
    {
        if (exchange.Candidate is { } candidate)
        {
            _span.Tell("orrery.provider", candidate.Provider.Name);
            _span.Tell("orrery.simulated", exchange.IsSimulated);
        }

        var (tokens, isEstimated) = exchange.Meter.Read(exchange.Call.Body.Length);
        if (tokens != default)
        {
            _span.Tell(Attributes.UsageInputTokens, tokens.Prompt);
            _span.Tell(Attributes.UsageOutputTokens, tokens.Completion);
            _span.Tell("orrery.usage.estimated", isEstimated);
        }
    }

    private void TellTexts(Exchange exchange)
    {
        if (_recording is { } recording && _passed.Exists(one => one.Station == Station.Intake) && exchange.Call.Form is null)
        {
            _span.Tell(Attributes.InputMessages, recording.Input(exchange.Call.Body));
            _span.Tell(Attributes.OutputMessages, recording.Output());
            _span.Tell("orrery.recording.fault", recording.Fault);
        }
    }

    private void TellEnd(Refusal? refusal, string outcome)
    {
        if (refusal is not null)
        {
            var station = _passed.Count == 0 ? Station.Authentication : Next(_passed[^1].Station);
            _span.Tell("orrery.refusal.code", refusal.Code);
            Add("orrery.refused", _time.GetTimestamp(), new() { { "orrery.refused_by", station.ToString() }, { "orrery.refusal.message", refusal.Message } });
        }

        Add("orrery.settled", _time.GetTimestamp(), new() { { "orrery.outcome", outcome } });
    }

    private static Station Next(Station station) => station < Station.Sending ? station + 1 : station;

    private static string RuleOf(Exchange exchange) =>
        exchange.Route is { } route ? $"route {route.Name}"
        : exchange.IsAuto ? "any that fits"
        : exchange.Wanted.Count > 1 ? "first of several"
        : exchange.Wanted is [{ Provider: not null }] ? "provider/model"
        : exchange.Call.ModelName == exchange.Model.Id ? "its own id"
        : "alias";

    private void Add(string name, long timestamp, ActivityTagsCollection? tags = null) =>
        _span.AddEvent(new(name, _startedAt + _time.GetElapsedTime(_startTimestamp, timestamp), tags));

    private sealed class Attempt(int number, string provider, string endpoint, string? key, long timestamp)
    {
        public int Number => number;

        public string Provider => provider;

        public string Endpoint => endpoint;

        public string? Key => key;

        public long Timestamp => timestamp;

        public SendError? Error { get; set; }
    }
}
