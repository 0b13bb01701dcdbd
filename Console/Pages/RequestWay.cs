using System.Globalization;
using System.Text.Json;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Pages;

/// <summary>One station of a request.</summary>
/// <param name="After">Since the request arrived.</param>
/// <param name="Tone"><c>good</c>, <c>bad</c> or empty.</param>
public sealed record WayStep(TimeSpan After, string Title, string Text, string Tone, IReadOnlyList<WayCandidate> Candidates);

/// <summary>Somebody who might have answered.</summary>
/// <param name="State">Usable, or why not.</param>
/// <param name="Endpoints">Each with its load and health, in words.</param>
/// <param name="Keys">Where it has several: each by place and Secret, with its state.</param>
public sealed record WayCandidate(string Provider, string Model, string State, bool IsUsable, IReadOnlyList<string> Endpoints, IReadOnlyList<string> Keys);

/// <summary>What a gateway tells of a model request, read from the events of its server span.</summary>
public sealed record RequestWay(string? RequestId, IReadOnlyList<WayStep> Steps)
{
    /// <summary><c>null</c> for a trace without a model request.</summary>
    public static RequestWay? Of(Trace trace)
    {
        var span = trace.Spans.FirstOrDefault(one => one.Events.Any(happened => happened.Name.StartsWith("orrery.", StringComparison.Ordinal)));
        return span is null ? null : new(span.Tags.Find("orrery.request_id"), [.. span.Events.OrderBy(happened => happened.Time).Select(happened => Step(span, happened)).OfType<WayStep>()]);
    }

    private static WayStep? Step(Span span, SpanEvent happened)
    {
        var after = happened.Time - span.Start;
        string Tag(string key) => happened.Tags.Find(key) ?? span.Tags.Find(key) ?? "";
        return happened.Name switch
        {
            "orrery.authenticated" => Plain("Authenticated", $"Access key {Tag("orrery.key")} of namespace {Tag("orrery.namespace")}"),
            "orrery.read" => Plain("Read", $"{Shown.Bytes(Long(Tag("orrery.body.bytes")))} for {Tag("gen_ai.operation.name")}{(Tag("gen_ai.request.stream") == "true" ? ", streamed" : "")}"),
            "orrery.resolved" => Plain("Resolved", $"“{Tag("gen_ai.request.model")}” is the model {Tag("orrery.model")} ({Tag("orrery.rule")})"),
            "orrery.planned" => new(after, "Planned", Tag("orrery.rule"), "", Candidates(Tag("orrery.candidates"))),
            "orrery.attempt" => Attempt(),
            "orrery.first_chunk" => Plain("First token", $"{Shown.Duration(after)} after the request arrived"),
            "orrery.refused" => new(after, $"Refused by {Tag("orrery.refused_by")}", Tag("orrery.refusal.message"), "bad", []),
            "orrery.settled" => new(after, "Settled", Settled(), Tag("orrery.outcome") == "completed" ? "good" : "bad", []),
            _ => null,
        };

        WayStep Plain(string title, string text) => new(after, title, text, "", []);

        WayStep Attempt()
        {
            var error = Tag("orrery.attempt.error");
            var key = happened.Tags.Find("orrery.provider_key") is { Length: > 0 } name ? $" with its key {name}" : "";
            return new(
                after, $"Attempt {Tag("orrery.attempt")}", $"{Tag("orrery.provider")} at {Tag("orrery.endpoint")}{key}{(error.Length > 0 ? $": {error}" : " answered")}",
                error.Length > 0 ? "bad" : "good", []);
        }

        string Settled()
        {
            var tokens = Tag("gen_ai.usage.output_tokens") is { Length: > 0 } output
                ? $"{Tag("gen_ai.usage.input_tokens")} tokens in, {output} out{(Tag("orrery.usage.estimated") == "true" ? " (estimated)" : "")}"
                : "no tokens";
            return $"{Tag("orrery.outcome")}, {tokens}{(Tag("orrery.cost") is { Length: > 0 } cost ? $", {cost}" : "")}";
        }
    }

    private static long Long(string text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static List<WayCandidate> Candidates(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateArray().Select(Candidate)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return []; // Cut, or from a gateway of another release.
        }
    }

    private static WayCandidate Candidate(JsonElement json)
    {
        string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.ToString() : "";
        var fault = Text(json, "fault");
        IEnumerable<JsonElement> List(string name) => json.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];
        return new(
            Text(json, "provider"), Text(json, "upstreamModel"), fault.Length > 0 ? fault : "usable", fault.Length == 0,
            [.. List("endpoints").Select(one => $"{Text(one, "endpoint")}: {Text(one, "health")}, {Text(one, "inFlight")} in flight, weight {Text(one, "weight")}")],
            [.. List("keys").Select(one => $"key {Text(one, "key")}: {Text(one, "state")}")]);
    }
}
