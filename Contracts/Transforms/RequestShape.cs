using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>What <c>request</c> has, an operation at a time. A field that is absent is <c>null</c>; one that is not known is a mistake, so that a typing error is found when it is applied.</summary>
public sealed class RequestShape
{
    private static readonly string[] Sampling =
        ["temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "n", "user"];

    /// <summary>What only OpenAI's own servers make something of.</summary>
    private static readonly string[] ChatOnly =
    [
        "audio", "function_call", "functions", "modalities", "prediction", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "store", "web_search_options",
    ];

    public static readonly RequestShape Chat = new(
        [.. Sampling, "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "logprobs", "top_logprobs", "reasoning_effort", "verbosity", "metadata"],
        type => type
            .Member("turns", ExpressionType.List(RequestTurn.Type), request => request.Turns)
            .Member("stop", ExpressionType.Dyn, request => request.Stop)
            .Member("max_tokens", ExpressionType.Dyn, request => request.MaxTokens),
        ["max_tokens", "max_completion_tokens", "stop", "stream", "stream_options", .. ChatOnly]);

    public static readonly RequestShape Completions = new(
        [.. Sampling, "prompt", "suffix", "echo", "best_of", "logprobs"],
        type => type
            .Member("text", ExpressionType.Dyn, request => request.Text)
            .Member("stop", ExpressionType.Dyn, request => request.Stop)
            .Member("max_tokens", ExpressionType.Dyn, request => request.MaxTokens),
        ["max_tokens", "stop", "stream", "stream_options"]);

    public static readonly RequestShape Embeddings = new(
        ["input", "dimensions", "user"], type => type.Member("texts", ExpressionType.Dyn, request => request.Texts), ["encoding_format"]);

    public static readonly RequestShape Images = new(
        ["prompt", "n", "size", "quality", "style", "background", "response_format", "output_format", "output_compression", "moderation", "user"],
        type => type.Member("width", ExpressionType.Dyn, request => request.Side(0)).Member("height", ExpressionType.Dyn, request => request.Side(1)),
        ["stream", "partial_images"]);

    public static readonly RequestShape Speech = new(["input", "voice", "response_format", "speed", "instructions"], static type => type, ["stream_format"]);

    private readonly string[] _fields;
    private readonly HashSet<string> _known;

    /// <param name="fields">Read as they stand in the request.</param>
    /// <param name="more">What is made of others.</param>
    /// <param name="others">Fields of OpenAI's that are said otherwise, or not at all.</param>
    private RequestShape(string[] fields, Func<ObjectType<TransformRequest>, ObjectType<TransformRequest>> more, string[] others)
    {
        _fields = fields;
        _known = [.. fields, .. others, "model", "models", "routing"];
        Type = more(new ObjectType<TransformRequest>("request"));
        for (var i = 0; i < fields.Length; i++)
        {
            var place = i;
            Type.Member(fields[i], ExpressionType.Dyn, request => request.Plain(place));
        }

        Type.Member("extra", ExpressionType.Dyn, request => request.Extra);
    }

    public ObjectType<TransformRequest> Type { get; }

    internal string FieldAt(int place) => _fields[place];

    internal int PlaceOf(string field) => Array.IndexOf(_fields, field);

    internal bool Knows(string field) => _known.Contains(field);
}
