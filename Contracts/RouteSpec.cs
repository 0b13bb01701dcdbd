using Orrery.Contracts.Expressions;

namespace Orrery.Contracts;

/// <summary>Where requests go that have something in common, whatever model they name, or among whom their own model is looked for. The first route that matches decides; without one the request's own model does.</summary>
public sealed record RouteSpec
{
    /// <summary>Lower comes first; among equals the name decides. Default 100.</summary>
    public int? Order { get; init; }

    /// <summary>What a request must have. Absent: every request.</summary>
    public RouteMatch? Match { get; init; }

    /// <summary>Where it goes: a model's id or alias, or <c>provider/model</c>, which no other provider then answers. Without a target the request's own names stay.</summary>
    public string? Target { get; init; }

    /// <summary>Several targets instead of <see cref="Target"/>, each with its share of the requests; the others stand in for the one drawn.</summary>
    public IReadOnlyList<RouteTarget>? Targets { get; init; }

    /// <summary>
    /// Who is asked when the target fails, in this order: models, <c>provider/model</c>, or a provider of the target's model. Absent: the target's own providers only. An
    /// empty list: nobody but the first provider, whatever happens.
    /// </summary>
    public IReadOnlyList<string>? Fallback { get; init; }

    /// <summary>In which order a model's providers are asked. One of <see cref="RoutingStrategies.All"/>.</summary>
    public string? Strategy { get; init; }

    /// <summary>
    /// Expressions over <c>ai.models</c>, which holds everyone who may answer, in the order of <see cref="Strategy"/>. The first that gives any model decides: only what it gives is
    /// tried, in its order. Where none gives any, nobody is.
    /// </summary>
    public IReadOnlyList<string>? Selection { get; init; }

    /// <summary>Only these providers may answer what matches, by name or alias, whichever route decides. Absent: all.</summary>
    public IReadOnlyList<string>? AllowedProviders { get; init; }

    /// <summary>The same of models: ids, aliases, or <c>provider/model</c>.</summary>
    public IReadOnlyList<string>? AllowedModels { get; init; }

    public void Validate(FieldErrors errors)
    {
        var hasTarget = Target is not null || Targets is not null;
        if (Target is not null && Targets is not null)
        {
            errors.Add("spec.target", Target, "either target or targets, and not both");
        }
        else if (!hasTarget && Selection is null && AllowedProviders is null && AllowedModels is null)
        {
            errors.Add(
                "spec.target", null, "something that the route decides: target, targets, selection, allowedProviders or allowedModels",
                Strategy is null ? null : "A strategy alone decides nothing here: write it beside one of them, or into the Model.");
        }

        if (!hasTarget && Fallback is { Count: > 0 })
        {
            errors.Add("spec.fallback", null, "a target beside it, for which these stand in", "Without a target selection says who is tried; an empty fallback leaves one of them.");
        }

        if (Target is not null)
        {
            ModelSpec.RequireModelId(errors, "spec.target", Target);
        }

        if (Targets is { Count: 0 })
        {
            errors.Add("spec.targets", "[]", "at least one target");
        }

        for (var i = 0; i < Targets?.Count; i++)
        {
            ModelSpec.RequireModelId(errors, $"spec.targets[{i}].model", Targets[i].Model);
            if (Targets[i].Weight is < 0 or > 1_000_000)
            {
                errors.Add($"spec.targets[{i}].weight", $"{Targets[i].Weight}", "0 to 1000000");
            }
        }

        if (Targets is { Count: > 0 } && Targets.All(target => target.Weight == 0))
        {
            errors.Add("spec.targets", null, "at least one target with a weight above 0");
        }

        for (var i = 0; i < Fallback?.Count; i++)
        {
            ModelSpec.RequireModelId(errors, $"spec.fallback[{i}]", Fallback[i]);
        }

        if (Strategy is not null)
        {
            errors.RequireOneOf("spec.strategy", Strategy, RoutingStrategies.All);
        }

        ValidateChoice(errors);
        Match?.Validate(errors);
    }

    private void ValidateChoice(FieldErrors errors)
    {
        if (Selection is { Count: 0 or > RouteExpressions.MostOfSelection })
        {
            errors.Add("spec.selection", $"{Selection.Count} expressions", $"1 to {RouteExpressions.MostOfSelection} expressions");
        }

        for (var i = 0; i < Selection?.Count; i++)
        {
            errors.RequireSelection($"spec.selection[{i}]", Selection[i]);
        }

        RequireNames("spec.allowedProviders", AllowedProviders);
        RequireNames("spec.allowedModels", AllowedModels);

        void RequireNames(string path, IReadOnlyList<string>? names)
        {
            if (names is { Count: 0 })
            {
                errors.Add(path, "[]", "at least one; leave it out to allow all");
            }

            for (var i = 0; i < names?.Count; i++)
            {
                ModelSpec.RequireModelId(errors, $"{path}[{i}]", names[i]);
            }
        }
    }
}

/// <summary>All that is given must hold; of a list, one entry is enough.</summary>
public sealed record RouteMatch
{
    /// <summary>As clients write it in <c>model</c>. A name that is no model's exists through the route alone.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>A tag of the access key or of its team, or one that the request brings in <c>X-Orrery-Tags</c>.</summary>
    public string? Tag { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Headers and their values, all of them; <c>*</c> is any value. Names in any case, values as they stand.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Names of access keys.</summary>
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>Names of teams.</summary>
    public IReadOnlyList<string>? Teams { get; init; }

    /// <summary>How long the request is, by its body: a token is taken for 4 bytes.</summary>
    public TokenRange? InputTokens { get; init; }

    /// <summary>What the messages hold beside text: <c>image</c>, <c>audio</c>, <c>video</c> or <c>file</c>; <c>text</c>: nothing else.</summary>
    public IReadOnlyList<string>? Modalities { get; init; }

    /// <summary>An expression over <c>request</c>, <c>key</c> and <c>team</c>: <c>request.stream &amp;&amp; request.max_tokens &gt; 4096</c>. Where it fails on a request, the route does not match.</summary>
    public string? Expression { get; init; }

    public void Validate(FieldErrors errors)
    {
        RequireSome(errors, "spec.match.models", Models);
        RequireSome(errors, "spec.match.tags", Tags);
        RequireSome(errors, "spec.match.tag", Tag is null ? null : [Tag]);
        RequireSome(errors, "spec.match.keys", Keys);
        RequireSome(errors, "spec.match.teams", Teams);
        RequireSome(errors, "spec.match.modalities", Modalities);
        RequireSome(errors, "spec.match.headers", Headers?.Values.ToList());
        for (var i = 0; i < Models?.Count; i++)
        {
            ModelSpec.RequireModelId(errors, $"spec.match.models[{i}]", Models[i]);
        }

        foreach (var (header, _) in Headers ?? new Dictionary<string, string>())
        {
            if (header.Length == 0 || !header.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
            {
                errors.Add("spec.match.headers", header, "names of headers: letters, digits and -");
            }
            else if (SecretHeaders.Contains(header))
            {
                errors.Add("spec.match.headers", header, "a header without credentials");
            }
        }

        if (Expression is not null)
        {
            errors.RequireMatch("spec.match.expression", Expression);
        }

        for (var i = 0; i < Modalities?.Count; i++)
        {
            errors.RequireOneOf($"spec.match.modalities[{i}]", Modalities[i], RouteModalities.All);
        }

        if (InputTokens is { AtLeast: < 0 } or { AtMost: < 0 } || InputTokens is { AtLeast: { } least, AtMost: { } most } && least > most)
        {
            errors.Add("spec.match.inputTokens", $"{InputTokens.AtLeast} to {InputTokens.AtMost}", "atLeast and atMost of 0 or more, in that order");
        }
    }

    /// <remarks>An empty list would match every request, which is the opposite of what it looks like.</remarks>
    private static void RequireSome(FieldErrors errors, string path, IReadOnlyCollection<string>? values)
    {
        if (values is { Count: 0 } || values?.Any(string.IsNullOrWhiteSpace) is true)
        {
            errors.Add(path, values.Count == 0 ? "[]" : "", "at least one, and none empty; leave it out to match every request");
        }
    }

    private static readonly HashSet<string> SecretHeaders = new(StringComparer.OrdinalIgnoreCase) { "Authorization", "X-Api-Key", "Api-Key", "Cookie", "Proxy-Authorization" };
}

/// <summary>Both ends belong to it; an absent one bounds nothing.</summary>
public sealed record TokenRange(long? AtLeast = null, long? AtMost = null);

/// <summary>One of several targets of a route.</summary>
public sealed record RouteTarget
{
    public required string Model { get; init; }

    /// <summary>Its share, relative to its neighbours'. 0: only when the others fail. Default 1.</summary>
    /// <remarks>Set and not init: see <see cref="ContractsJson"/>. Treat it as init.</remarks>
    public int Weight { get; set; } = 1;
}

/// <summary>In which order those who serve a model are asked.</summary>
public static class RoutingStrategies
{
    /// <summary>By the providers' <c>priority</c>, then by name. What holds where nothing is said.</summary>
    public const string Priority = "priority";

    /// <summary>Drawn by the providers' <c>weight</c>.</summary>
    public const string Weighted = "weighted";

    /// <summary>The cheapest for this request first.</summary>
    public const string Cost = "cost";

    /// <summary>Who began to answer soonest lately first.</summary>
    public const string Latency = "latency";

    /// <summary>In turn.</summary>
    public const string RoundRobin = "round-robin";

    public static readonly IReadOnlyList<string> All = [Priority, Weighted, Cost, Latency, RoundRobin, "cost-optimized", "latency-optimized"];

    /// <summary>The strategy under any of its names; <c>null</c> for none.</summary>
    public static string? Named(string? name) => name switch
    {
        Cost or "cost-optimized" or "cost_optimized" => Cost,
        Latency or "latency-optimized" or "latency_optimized" => Latency,
        RoundRobin or "round_robin" => RoundRobin,
        Priority => Priority,
        Weighted => Weighted,
        _ => null,
    };
}

/// <summary>What messages may hold.</summary>
public static class RouteModalities
{
    public const string Text = "text";
    public const string Image = "image";
    public const string Audio = "audio";
    public const string Video = "video";
    public const string File = "file";

    public static readonly IReadOnlyList<string> All = [Text, Image, Audio, Video, File];
}
