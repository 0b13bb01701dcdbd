using Orrery.Tests.WebConsole.Stores;
using Orrery.WebConsole.Pages;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Stores.Made;

namespace Orrery.Tests.WebConsole.Pages;

/// <summary>What a gateway's span tells of a request, whole and in part.</summary>
public sealed class RequestWayTests
{
    private const string Candidates =
        """
        [{"provider":"vllm","upstreamModel":"Qwen/Qwen3-8B","endpoints":[
            {"endpoint":"http://vllm-1:8000","weight":2,"inFlight":3,"health":"healthy"},
            {"endpoint":"http://vllm-2:8000","weight":1,"inFlight":0,"health":"resting"}]},
         {"provider":"openai","upstreamModel":"gpt","fault":"secret 'openai' is not there","endpoints":[]}]
        """;

    private static readonly (string Key, string Value)[] Tags =
    [
        ("orrery.request_id", "req_1"), ("orrery.key", "first"), ("orrery.namespace", "default"), ("orrery.model", "qwen3-8b"), ("orrery.provider", "vllm"), ("orrery.outcome", "completed"),
        ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "qwen"), ("gen_ai.request.stream", "true"), ("gen_ai.usage.input_tokens", "12"), ("gen_ai.usage.output_tokens", "34"),
    ];

    [Fact]
    public void A_request_tells_its_whole_way_in_order()
    {
        var way = Of(
            Tags,
            Event(0.9, "orrery.settled", ("orrery.outcome", "completed")),
            Event(0.001, "orrery.authenticated"),
            Event(0.002, "orrery.read", ("orrery.body.bytes", "2048")),
            Event(0.003, "orrery.resolved", ("orrery.rule", "alias")),
            Event(0.004, "orrery.planned", ("orrery.rule", "providers in declared order"), ("orrery.candidates", Candidates)),
            Event(0.005, "orrery.attempt", ("orrery.attempt", "1"), ("orrery.provider", "vllm"), ("orrery.endpoint", "http://vllm-1:8000")),
            Event(0.25, "orrery.first_chunk"))!;
        Assert.Equal("req_1", way.RequestId);
        Assert.Equal(
            [
                ("Authenticated", "Access key first of namespace default", ""),
                ("Read", "2 KB for chat, streamed", ""),
                ("Resolved", "“qwen” is the model qwen3-8b (alias)", ""),
                ("Planned", "providers in declared order", ""),
                ("Attempt 1", "vllm at http://vllm-1:8000 answered", "good"),
                ("First token", "250 ms after the request arrived", ""),
                ("Settled", "completed, 12 tokens in, 34 out", "good"),
            ],
            Shown(way));
        Assert.Equal([1, 2, 3, 4, 5, 250, 900], way.Steps.Select(step => step.After.TotalMilliseconds));
        var candidates = way.Steps[3].Candidates;
        Assert.Equal(
            [("vllm", "Qwen/Qwen3-8B", "usable", true), ("openai", "gpt", "secret 'openai' is not there", false)],
            candidates.Select(one => (one.Provider, one.Model, one.State, one.IsUsable)));
        Assert.Equal(["http://vllm-1:8000: healthy, 3 in flight, weight 2", "http://vllm-2:8000: resting, 0 in flight, weight 1"], candidates[0].Endpoints);
        Assert.Empty(candidates[1].Endpoints);
    }

    [Fact]
    public void Attempts_that_failed_say_why_and_the_one_that_answered_does_not()
    {
        var way = Of(
            Tags,
            Attempt(1, "vllm", "http://vllm-1:8000", "Connect: Connection refused"),
            Attempt(2, "vllm", "http://vllm-2:8000", "Status: 503"),
            Attempt(3, "openai", "https://api.example", ""),
            Event(1, "orrery.settled", ("orrery.outcome", "completed")))!;
        Assert.Equal(
            [
                ("Attempt 1", "vllm at http://vllm-1:8000: Connect: Connection refused", "bad"),
                ("Attempt 2", "vllm at http://vllm-2:8000: Status: 503", "bad"),
                ("Attempt 3", "openai at https://api.example answered", "good"),
                ("Settled", "completed, 12 tokens in, 34 out", "good"),
            ],
            Shown(way));
    }

    /// <remarks>What a gateway writes of a provider with several keys: by place and Secret, never the key itself.</remarks>
    [Fact]
    public void Where_a_provider_has_several_keys_each_attempt_says_which_and_the_plan_how_they_are()
    {
        const string candidates = """
            [{"provider":"vendor","upstreamModel":"gpt","endpoints":[],"keys":[{"key":"1 (vendor/one)","state":"cooling for 11.2 s more (429)"},{"key":"2 (vendor/two)","state":"well"}]}]
            """;
        var way = Of(
            [.. Tags, ("orrery.provider_key", "of another span")],
            Event(0.004, "orrery.planned", ("orrery.candidates", candidates)),
            Attempt(1, "vendor", "https://api.example", "Throttled: slow down", ("orrery.provider_key", "1 (vendor/one)")),
            Attempt(2, "vendor", "https://api.example", "", ("orrery.provider_key", "2 (vendor/two)")),
            Attempt(3, "other", "https://other.example", ""))!;
        Assert.Equal(["key 1 (vendor/one): cooling for 11.2 s more (429)", "key 2 (vendor/two): well"], way.Steps[0].Candidates[0].Keys);
        Assert.Equal(
            [
                ("Attempt 1", "vendor at https://api.example with its key 1 (vendor/one): Throttled: slow down", "bad"),
                ("Attempt 2", "vendor at https://api.example with its key 2 (vendor/two) answered", "good"),
                ("Attempt 3", "other at https://other.example answered", "good"),
            ],
            Shown(way).Skip(1));
    }

    [Fact]
    public void A_stream_that_broke_off_before_its_first_token_has_none()
    {
        var way = Of(
            [("gen_ai.request.stream", "true"), ("orrery.request_id", "req_2")],
            Attempt(1, "vllm", "http://vllm-1:8000", "Stream: ended early"),
            Event(1, "orrery.settled", ("orrery.outcome", "failed")))!;
        Assert.Equal([("Attempt 1", "vllm at http://vllm-1:8000: Stream: ended early", "bad"), ("Settled", "failed, no tokens", "bad")], Shown(way));
    }

    [Fact]
    public void A_refusal_names_the_station_and_what_it_said()
    {
        var way = Of(
            [("orrery.outcome", "refused")],
            Event(0.001, "orrery.refused", ("orrery.refused_by", "Authentication"), ("orrery.refusal.message", "No key was given.")),
            Event(0.002, "orrery.settled", ("orrery.outcome", "refused")))!;
        Assert.Equal([("Refused by Authentication", "No key was given.", "bad"), ("Settled", "refused, no tokens", "bad")], Shown(way));
        Assert.Null(way.RequestId);
    }

    [Fact]
    public void Estimated_usage_and_cost_are_told()
    {
        var way = Of([.. Tags, ("orrery.usage.estimated", "true"), ("orrery.cost", "0.0012 USD")], Event(1, "orrery.settled"))!;
        Assert.Equal([("Settled", "completed, 12 tokens in, 34 out (estimated), 0.0012 USD", "good")], Shown(way));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""[{"provider":"vllm","upstr""")]
    [InlineData("""{"provider":"vllm"}""")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("""[{"provider":"vllm","endpoints":null}]""")]
    [InlineData("""[{"provider":"vllm","endpoints":["http://vllm"]}]""")]
    public void Candidates_that_cannot_be_read_leave_the_rest(string candidates)
    {
        var way = Of(Tags, Event(0.1, "orrery.planned", ("orrery.rule", "the request names its provider"), ("orrery.candidates", candidates)), Event(1, "orrery.settled"))!;
        Assert.Equal(["Planned", "Settled"], way.Steps.Select(step => step.Title));
        Assert.Empty(way.Steps[0].Candidates);
    }

    [Fact]
    public void Candidates_that_say_less_are_shown_with_what_they_say()
    {
        var way = Of(Tags, Event(0.1, "orrery.planned", ("orrery.candidates", """[{"provider":"vllm","later":{"a":1}}]""")))!;
        var candidate = Assert.Single(way.Steps[0].Candidates);
        Assert.Equal(("vllm", "", "usable", true), (candidate.Provider, candidate.Model, candidate.State, candidate.IsUsable));
    }

    [Fact]
    public void Events_of_others_and_of_later_releases_are_left_out()
    {
        var way = Of(Tags, Event(0.1, "exception", ("exception.type", "IOException")), Event(0.2, "orrery.something_new"), Event(0.3, "orrery.read", ("orrery.body.bytes", "many")))!;
        Assert.Equal([("Read", "0 B for chat, streamed", "")], Shown(way));
        Assert.Null(Of(Tags, Event(0.1, "exception")));
        Assert.Null(Of(Tags));
    }

    [Fact]
    public void The_gateways_span_tells_the_way_wherever_it_stands()
    {
        var store = new TraceStore(Limits());
        store.Add([Span(1, 1, name: "client"), Story(1, Tags, Event(0.4, "orrery.settled"))]);
        store.Add([Span(1, 3, 2, at: 0.2, by: Engine, tags: [("orrery.request_id", "req_1")])]);
        Assert.Equal(0.4, Assert.Single(RequestWay.Of(store.Find(new(1))!)!.Steps).After.TotalSeconds, 6);
    }

    private static IEnumerable<(string, string, string)> Shown(RequestWay way) => way.Steps.Select(step => (step.Title, step.Text, step.Tone));

    private static RequestWay? Of((string Key, string Value)[] tags, params SpanEvent[] events)
    {
        var store = new TraceStore(Limits());
        store.Add([Story(0, tags, events)]);
        return RequestWay.Of(store.Find(new(1))!);
    }

    private static Span Story(ulong parent, (string Key, string Value)[] tags, params SpanEvent[] events) => new()
    {
        TraceId = new(1),
        Id = new(2),
        ParentId = new(parent),
        Emitter = Made.Gateway,
        Scope = "Orrery.Gateway",
        Name = "POST /v1/chat/completions",
        Kind = SpanKind.Server,
        Start = Start,
        Duration = TimeSpan.FromSeconds(1),
        Status = SpanStatus.Unset,
        Tags = [.. tags.Select(tag => new Tag(tag.Key, tag.Value))],
        Events = events,
    };

    private static SpanEvent Attempt(int number, string provider, string endpoint, string error, params (string, string)[] more) => Event(
        number / 10.0, "orrery.attempt", [("orrery.attempt", $"{number}"), ("orrery.provider", provider), ("orrery.endpoint", endpoint), ("orrery.attempt.error", error), .. more]);

    private static SpanEvent Event(double after, string name, params (string Key, string Value)[] tags) =>
        new(Start.AddSeconds(after), name, [.. tags.Select(tag => new Tag(tag.Key, tag.Value))]);
}
