using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Whether an entry says what must be known of a model, and whether its facts agree with each other.</summary>
internal static partial class FactRules
{
    public const string Missing = "missing-fact";
    public const string Weights = "weights";
    private const string Sureness = "sureness";

    public static void Check(EntryReport report)
    {
        CheckPresence(report);
        CheckLicence(report);
        CheckWeights(report);
        CheckSureness(report);
        CheckKinds(report);
        CheckStart(report);
        CheckTexts(report);
    }

    private static void CheckPresence(EntryReport report)
    {
        var model = report.Entry.Spec;
        Require("name", model.Name, "the name for people");
        Require("description", model.Description, "one sentence that says what it is good for");
        Require("vendor", model.Vendor, "who made it");
        Require("engine", model.Engine, "what serves it: one of " + string.Join(", ", ServingEngines.All));
        Require("repo", model.Repo ?? model.Dockerfile, "where its weights are: owner/name on Hugging Face (or a dockerfile of its own)");
        Require("licence", model.Licence, "its licence: an SPDX identifier, or the vendor's name of it");
        Require("parameters", model.Parameters, ParameterCount.Expectation);
        Require("weights", model.Weights, ByteSize.Expectation);
        Require("dtype", model.Dtype, "what a weight is stored as: one of " + string.Join(", ", WeightTypes.All));
        if (model.ModelType is ModelTypes.Chat or ModelTypes.Multimodal)
        {
            Require("contextWindow", model.ContextWindow, "the tokens of prompt and answer together");
        }

        void Require(string field, object? value, string expectation)
        {
            if (value is null || (value is string text && !KnownLicences.IsName(text)))
            {
                report.Error(Missing, field, null, "required: " + expectation);
            }
        }
    }

    private static void CheckLicence(EntryReport report)
    {
        var names = KnownLicences.Of(report.Entry.Spec).ToList();
        for (var i = 0; i < names.Count; i++)
        {
            if (KnownLicences.Find(names[i]) is null)
            {
                report.Warn(
                    "licence", i == 0 ? "licence" : $"alsoLicensed[{i - 1}]", names[i], "a licence whose facts are known here",
                    (Spelling.Remedy(names[i], KnownLicences.All.Select(facts => facts.Id)) is { } meant ? meant + " " : "") + "Deployments wait for an acceptance. Known ones: GET /licences.");
            }
        }

        var model = report.Entry.Spec;
        foreach (var other in BuiltInEntries.OfRepo(model.Repo).Where(other => other.Id != model.Id))
        {
            if (KnownLicences.Of(other.Spec).Where(licence => !names.Exists(name => KnownLicences.AreSame(name, licence))).ToList() is { Count: > 0 } missing)
            {
                report.Warn(
                    "licence", "licence", model.Licence, $"{string.Join(" and ", missing)}, which the Catalogue's entry '{other.Id}' has for the same repository",
                    "The gate looks at both, and the stricter counts.");
            }
        }
    }

    /// <summary>Parameters times bytes, within what embeddings in another type, shared layers and bundled parts make of it.</summary>
    private static void CheckWeights(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model is not { Parameters: { } parameters, Weights: { } weights } || BytesEach(model.Dtype) is not { } bytes || model.ModelType is not (ModelTypes.Chat or ModelTypes.Multimodal or ModelTypes.Embedding))
        {
            return;
        }

        var reckoned = parameters.Value * bytes;
        if (weights.Bytes < reckoned * 0.8 || weights.Bytes > reckoned * 1.3)
        {
            report.Error(
                Weights, "weights", $"{weights}",
                $"about {new ByteSize((long)reckoned).Gigabytes.ToString("0.##", CultureInfo.InvariantCulture)}GB: {parameters} parameters of {bytes.ToString(CultureInfo.InvariantCulture)} bytes ({model.Dtype})",
                "One of parameters, weights and dtype is another one.");
        }

        if (model.ActiveParameters is { } active && active.Value > parameters.Value)
        {
            report.Error(Weights, "activeParameters", $"{active}", $"at most the {parameters} that there are");
        }
    }

    private static double? BytesEach(string? dtype) => dtype switch
    {
        WeightTypes.Bf16 or WeightTypes.Fp16 => 2,
        WeightTypes.Fp32 => 4,
        WeightTypes.Fp8 or "int8" => 1,
        _ => null, // Of 4 bits and less, not all weights are.
    };

    private static void CheckSureness(EntryReport report)
    {
        var model = report.Entry.Spec;
        var said = JsonSerializer.SerializeToElement(model, ContractsJson.Default.ModelSpec);
        foreach (var (list, names) in new[] { ("verified", model.Verified), ("guess", model.Guess) })
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < names?.Count; i++)
            {
                if (!said.TryGetProperty(names[i], out _))
                {
                    report.Error(Sureness, $"{list}[{i}]", names[i], "the name of a field that this entry has");
                }
                else if (!seen.Add(names[i]))
                {
                    report.Error(Sureness, $"{list}[{i}]", names[i], "a field that is named once");
                }
            }
        }

        foreach (var both in (model.Verified ?? []).Intersect(model.Guess ?? []))
        {
            report.Error(Sureness, "guess", both, "a field that is not in verified as well");
        }

        if (model.Verified is { Count: > 0 } && model.Sources is not { Count: > 0 })
        {
            report.Error(Sureness, "sources", null, "required with verified: where the values were seen");
        }
    }

    private static void CheckKinds(EntryReport report)
    {
        var model = report.Entry.Spec;
        CheckOnce(report, "servers", model.Servers);
        CheckOnce(report, "languages", model.Languages);
        if (model.Servers is { Count: > 0 } && model.Engine is { } own && ServingEngines.All.Contains(own) && own is not (Engines.Vllm or Engines.Transformers))
        {
            report.Error("engine", "servers", string.Join(", ", model.Servers), $"no servers beside engine {own}: they stand in for vLLM and transformers");
        }

        if (ModelTypes.All.Contains(model.ModelType) && model.Engine is { } engine && Serves(engine) is { } types && !types.Contains(model.ModelType))
        {
            report.Error("engine", "engine", engine, $"an engine that serves models of type {model.ModelType}; {engine} serves {string.Join(", ", types)}");
        }

        if (ModelTypes.All.Contains(model.ModelType) && model.Category is { } category && category != ModelCategories.Of(model.ModelType) && category != ModelCategories.Nlp)
        {
            report.Error("category", "category", category, $"{ModelCategories.Of(model.ModelType)}, which models of type {model.ModelType} are (or nlp)", "Leave it out: it follows from modelType.");
        }

        if (ModelTypes.All.Contains(model.ModelType) && model.ModelType is not (ModelTypes.Chat or ModelTypes.Multimodal) && (model.ToolParser ?? model.ReasoningParser) is { } parser)
        {
            report.Error("parser", model.ToolParser is null ? "reasoningParser" : "toolParser", parser, $"no parser on a model of type {model.ModelType}");
        }

        for (var i = 0; i < model.Languages?.Count; i++)
        {
            if (!LanguageForm.IsMatch(model.Languages[i]))
            {
                report.Error("language", $"languages[{i}]", model.Languages[i], "an ISO 639 code of two or three letters, or multi at the end");
            }
        }
    }

    private static void CheckOnce(EntryReport report, string field, IReadOnlyList<string>? values)
    {
        for (var i = 1; i < values?.Count; i++)
        {
            if (values.Take(i).Contains(values[i]))
            {
                report.Error("twice", $"{field}[{i}]", values[i], "what is named once");
            }
        }
    }

    /// <summary>What starts in another way than its author may think: nobody refuses it, and it does not do what it is there for.</summary>
    private static void CheckStart(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model.Dockerfile is not null)
        {
            return;
        }

        if (model is { Engine: Engines.Vllm, ModelType: ModelTypes.Embedding } && model.Arguments?.ContainsKey("--runner") != true)
        {
            report.Warn("runner", "arguments", null, "--runner: pooling on an embedding model", "Without it vLLM starts a generator's architecture as a generator, which has no embeddings.");
        }

        if (model.Tags?.Contains("cpu") == true && model.DefaultResources?.Gpu != 0)
        {
            report.Warn("cpu", "tags", "cpu", "defaultResources: { gpu: 0 }, which is what makes a model run on the CPU");
        }

        if (model.Packages is null && LibrariesOf(model) is (var kind, { } other))
        {
            report.Warn("packages", "packages", null, $"the library of {kind}: {string.Join(", ", other.Spec.Packages!)}, as the Catalogue's entry '{other.Id}' has it", "The server brings none of these libraries.");
        }

        if (model.Revision is "main" or "master" or "HEAD" || model.Revision?.StartsWith("refs/", StringComparison.Ordinal) == true)
        {
            report.Warn("revision", "revision", model.Revision, "a commit or a tag: a branch is another one tomorrow", "Leave it out: the first fetch resolves a commit.");
        }
    }

    /// <summary>Our own servers take one of several libraries, by a flag: an entry that comes with the service and has the same flag shows which.</summary>
    private static (string Kind, Entry? Of) LibrariesOf(ModelSpec model)
    {
        foreach (var name in (string[])["--family", "--kind", "--pipeline"])
        {
            if (model.Arguments?.GetValueOrDefault(name).ToString() is { Length: > 0 } kind)
            {
                var alike = BuiltInEntries.All.Where(entry => entry.Id != model.Id && entry.Spec.Engine == model.Engine && entry.Spec.Arguments?.GetValueOrDefault(name).ToString() == kind).ToList();
                return ($"{name} {kind}", alike.TrueForAll(entry => entry.Spec.Packages is not null) ? alike.FirstOrDefault() : null);
            }
        }

        return ("", null);
    }

    private static IReadOnlyList<string>? Serves(string engine) => engine switch
    {
        Engines.Vllm => [ModelTypes.Chat, ModelTypes.Multimodal, ModelTypes.Embedding, ModelTypes.SpeechToText],
        Engines.Transformers => [ModelTypes.Chat, ModelTypes.Multimodal, ModelTypes.Embedding, ModelTypes.SpeechToText],
        Engines.Whisper => [ModelTypes.SpeechToText],
        Engines.TtsEngine => [ModelTypes.TextToSpeech],
        Engines.VideoEngine => [ModelTypes.VideoGeneration],
        _ => null,
    };

    private static void CheckTexts(EntryReport report)
    {
        var model = report.Entry.Spec;
        foreach (var (field, text) in new[] { ("documentation", model.Documentation), ("description", model.Description) }
            .Concat((model.Sources ?? []).Select((source, i) => ($"sources[{i}]", (string?)source))))
        {
            foreach (var link in Links.Matches(text ?? "").Select(match => match.Value.TrimEnd('.', ',', ';', ')', ':')))
            {
                if (!Uri.TryCreate(link, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || !url.Host.Contains('.', StringComparison.Ordinal) || url.UserInfo.Length > 0)
                {
                    report.Error("link", field, link, "a well-formed https:// link to a host");
                }
                else if (url.Scheme == "http")
                {
                    report.Warn("link", field, link, "https://");
                }
            }
        }
    }

    [GeneratedRegex(@"^([a-z]{2,3}|multi)\z")]
    private static partial Regex LanguageForm { get; }

    [GeneratedRegex(@"\bhttps?:[^\s<>""'`\])]*")]
    private static partial Regex Links { get; }
}
