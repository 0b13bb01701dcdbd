using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>What is known of a model that can be served here: an entry of the catalogue. A Model without an engine has none of it.</summary>
public sealed partial record ModelSpec
{
    /// <summary>One of <see cref="ModelCategories.All"/>; follows from the model type where absent.</summary>
    public string? Category { get; init; }

    /// <summary>Who made the model: <c>Mistral AI</c>.</summary>
    public string? Vendor { get; init; }

    /// <summary>What serves it. One of <see cref="ServingEngines.All"/>; absent: it is not served here.</summary>
    public string? Engine { get; init; }

    /// <summary>Other servers that can stand in for vLLM: <c>sglang</c>, <c>tgi</c>, <c>trt-llm</c>.</summary>
    public IReadOnlyList<string>? Servers { get; init; }

    /// <summary>Where the weights are on Hugging Face: <c>Qwen/Qwen3-8B</c>.</summary>
    public string? Repo { get; init; }

    /// <summary>The repository's commit or tag. Absent: resolved to a commit when it is first fetched, and kept.</summary>
    public string? Revision { get; init; }

    /// <summary>Whether the repository wants its terms accepted before anything is downloaded.</summary>
    public bool? Gated { get; init; }

    /// <summary>Whether it runs Python code out of its repository.</summary>
    public bool? RemoteCode { get; init; }

    /// <summary>The weights' licence: an SPDX identifier, or the vendor's name of it.</summary>
    public string? Licence { get; init; }

    /// <summary>Further licences that hold as well, a base model's above all.</summary>
    public IReadOnlyList<string>? AlsoLicensed { get; init; }

    public ParameterCount? Parameters { get; init; }

    /// <summary>Parameters that take part in a token, where not all do (mixture of experts).</summary>
    public ParameterCount? ActiveParameters { get; init; }

    /// <summary>What the weights take on disk and in memory, in the form that is served.</summary>
    public ByteSize? Weights { get; init; }

    /// <summary>What a weight is stored as. One of <see cref="WeightTypes.All"/>.</summary>
    public string? Dtype { get; init; }

    public ModelArchitecture? Architecture { get; init; }

    /// <summary>Tokens of prompt and answer that are served unless a deployment asks otherwise; the context window where absent.</summary>
    public int? MaxModelLength { get; init; }

    /// <summary>The most GPUs over which one copy can be split, where the weights' form bounds it.</summary>
    public int? MaxTensorParallel { get; init; }

    /// <summary>The only GPUs that it runs on, where its weights' kind alone does not say it: <c>h100-80</c>.</summary>
    public IReadOnlyList<string>? Gpus { get; init; }

    /// <summary>Whether several GPUs share the experts and hold all else each (data parallel), instead of sharing every layer.</summary>
    public bool? ExpertParallel { get; init; }

    /// <summary>What it takes. Each one of <see cref="ModalityNames.All"/>; follows from the model type where absent.</summary>
    public IReadOnlyList<string>? Inputs { get; init; }

    /// <summary>What it gives.</summary>
    public IReadOnlyList<string>? Outputs { get; init; }

    /// <summary>ISO 639-1 codes; <c>multi</c> at the end: and more.</summary>
    public IReadOnlyList<string>? Languages { get; init; }

    /// <summary>How the server reads calls of tools out of the model's text.</summary>
    public string? ToolParser { get; init; }

    /// <summary>How the server tells thinking from the answer.</summary>
    public string? ReasoningParser { get; init; }

    /// <summary>A file of the server's image with the template to use instead of the model's own.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Further flags of the server: name with dashes, and <c>true</c>, a number, a text, or a mapping for JSON.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Arguments { get; init; }

    /// <summary>Environment variables of the server. No secrets.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Python packages that the image needs besides its base's, with versions.</summary>
    public IReadOnlyList<string>? Packages { get; init; }

    /// <summary>Debian packages that the image needs besides its base's.</summary>
    public IReadOnlyList<string>? SystemPackages { get; init; }

    /// <summary>The port that the server listens on; 8000 where absent.</summary>
    public int? DefaultPort { get; init; }

    /// <summary>What a replica asks of its node; reckoned where absent.</summary>
    public ModelResources? DefaultResources { get; init; }

    /// <summary>An instance type, where the reckoned one is not the right one.</summary>
    public string? RecommendedInstance { get; init; }

    /// <summary>A whole Dockerfile, instead of the one that follows from the engine.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>What that Dockerfile copies: paths below the build context, and the files' text.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    /// <summary>Markdown, for people.</summary>
    public string? Documentation { get; init; }

    /// <summary>Fields whose value was seen in one of <see cref="Sources"/>.</summary>
    public IReadOnlyList<string>? Verified { get; init; }

    /// <summary>Fields whose value is rough. All that is in neither list is general knowledge.</summary>
    public IReadOnlyList<string>? Guess { get; init; }

    /// <summary>Where the facts are from.</summary>
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>Whether it says how it is served, so that it can be deployed.</summary>
    [JsonIgnore]
    public bool IsEntry => Engine is not null;

    [JsonIgnore]
    public string EffectiveCategory => Category ?? ModelCategories.Of(ModelType);

    [JsonIgnore]
    public int EffectivePort => DefaultPort ?? 8000;

    /// <summary>More than any model has; what looks through an entry looks at each.</summary>
    public const int MostInAList = 200;

    private void ValidateEntry(FieldErrors errors)
    {
        RequireOneOf(errors, "spec.category", Category, ModelCategories.All);
        RequireOneOf(errors, "spec.engine", Engine, ServingEngines.All);
        RequireOneOf(errors, "spec.dtype", Dtype, WeightTypes.All);
        RequireEach(errors, "spec.servers", Servers, ServingEngines.Alternatives);
        RequireEach(errors, "spec.inputs", Inputs, ModalityNames.All);
        RequireEach(errors, "spec.outputs", Outputs, ModalityNames.All);
        RequirePositive(errors, "spec.maxModelLength", MaxModelLength, "a number of tokens above 0");
        RequirePositive(errors, "spec.maxTensorParallel", MaxTensorParallel, "a number of GPUs above 0");
        if (MaxModelLength > ContextWindow)
        {
            errors.Add("spec.maxModelLength", $"{MaxModelLength}", $"at most contextWindow, which is {ContextWindow}");
        }

        if (Repo is not null && !IsRepo(Repo))
        {
            errors.Add("spec.repo", Repo, "a repository as owner/name");
        }

        if (Revision is not null && !RevisionForm.IsMatch(Revision))
        {
            errors.Add("spec.revision", Revision, "a commit (40 hexadecimal digits) or a tag");
        }

        if (DefaultPort is < 1 or > 65535)
        {
            errors.Add("spec.defaultPort", $"{DefaultPort}", "a port from 1 to 65535");
        }

        foreach (var (path, count) in new (string, int?)[]
        {
            ("spec.arguments", Arguments?.Count), ("spec.environment", Environment?.Count), ("spec.packages", Packages?.Count), ("spec.systemPackages", SystemPackages?.Count),
            ("spec.languages", Languages?.Count), ("spec.tags", Tags?.Count), ("spec.sources", Sources?.Count), ("spec.verified", Verified?.Count), ("spec.guess", Guess?.Count),
            ("spec.alsoLicensed", AlsoLicensed?.Count), ("spec.gpus", Gpus?.Count),
            ("spec.aliases", Aliases?.Count), ("spec.servers", Servers?.Count), ("spec.inputs", Inputs?.Count), ("spec.outputs", Outputs?.Count),
        })
        {
            RequireFew(errors, path, count);
        }

        RequireForm(errors, "spec.packages", Packages, PackageForm, "a package as pip takes it, with its version: name==1.2.3 or name[extra]==1.2.3");
        RequireForm(errors, "spec.systemPackages", SystemPackages, SystemPackageForm, "a Debian package: its name in small letters, with =VERSION or without; a dash at the end would remove it");
        RequireForm(errors, "spec.environment", Environment?.Keys, VariableForm, "names of letters, digits and underscores, not beginning with a digit");
        RequireForm(errors, "spec.arguments", Arguments?.Keys, FlagForm, "flags with their dashes, such as --enable-prefix-caching");
        RequireForm(errors, "spec.toolParser", ToolParser, ParserForm, "the name of a parser: letters, digits, '_', '.' and '-', beginning with a letter or digit");
        RequireForm(errors, "spec.reasoningParser", ReasoningParser, ParserForm, "the name of a parser: letters, digits, '_', '.' and '-', beginning with a letter or digit");
        RequireForm(errors, "spec.chatTemplate", ChatTemplate, TemplateForm, "the path of a file in the server's image, without '..' and without a dash before it");
        RequirePackagesOnce(errors);
        RequireArguments(errors);
        if (Weights is { Bytes: 0 })
        {
            errors.Add("spec.weights", $"{Weights}", "a size above 0");
        }

        if (Dockerfile is not null && string.IsNullOrWhiteSpace(Dockerfile))
        {
            errors.Add("spec.dockerfile", null, "a whole Dockerfile, or none");
        }

        if (Files is not null)
        {
            BuildContext.Validate(errors, "spec.files", Files);
            if (Dockerfile is null)
            {
                errors.Add("spec.files", $"{Files.Count} of them", "none without a dockerfile that copies them");
            }
        }

        Architecture?.Validate(errors, "spec.architecture");
        DefaultResources?.Validate(errors, "spec.defaultResources");
        RequireEngineForFacts(errors);
    }

    /// <summary>Whether a text names a repository: <c>owner/name</c>.</summary>
    public static bool IsRepo(string text) => RepoForm.IsMatch(text);

    /// <summary>What only a server needs, without a server, is a slip: the model would be listed and could not be deployed.</summary>
    private void RequireEngineForFacts(FieldErrors errors)
    {
        if (Engine is null && (Dockerfile ?? Repo) is not null)
        {
            errors.Add("spec.engine", null, "required with repo and with dockerfile: one of " + string.Join(", ", ServingEngines.All));
        }
    }

    private static void RequireOneOf(FieldErrors errors, string path, string? value, IReadOnlyList<string> allowed)
    {
        if (value is not null)
        {
            errors.RequireOneOf(path, value, allowed);
        }
    }

    private static void RequireEach(FieldErrors errors, string path, IReadOnlyList<string>? values, IReadOnlyList<string> allowed)
    {
        for (var i = 0; i < values?.Count && i < MostInAList; i++)
        {
            errors.RequireOneOf($"{path}[{i}]", values[i], allowed);
        }
    }

    private static void RequireFew(FieldErrors errors, string path, int? count)
    {
        if (count > MostInAList)
        {
            errors.Add(path, $"{count} of them", $"at most {MostInAList}");
        }
    }

    /// <summary>These stand as they are in a Dockerfile and on a command line: what they may be made of keeps everything else out.</summary>
    private static void RequireForm(FieldErrors errors, string path, IEnumerable<string>? values, Regex form, string expectation)
    {
        foreach (var (value, i) in (values ?? []).Take(MostInAList).Select((value, i) => (value, i)).Where(entry => !form.IsMatch(entry.value)))
        {
            errors.Add(values is IReadOnlyList<string> ? $"{path}[{i}]" : path, value, expectation);
        }
    }

    private static void RequireForm(FieldErrors errors, string path, string? value, Regex form, string expectation)
    {
        if (value is not null && !form.IsMatch(value))
        {
            errors.Add(path, value, expectation);
        }
    }

    private void RequirePackagesOnce(FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Packages?.Count; i++)
        {
            // As pip compares names: small letters, and all of '-', '_' and '.' are one.
            var name = Separators.Replace(Packages[i].Split(['=', '[', '~'], 2)[0], "-").ToLowerInvariant();
            if (!seen.Add(name))
            {
                errors.Add($"spec.packages[{i}]", Packages[i], "a package that is named once", "Keep one version of it.");
            }
        }
    }

    /// <summary>A value must not become a flag of its own, and <c>false</c> needs a flag that can be negated.</summary>
    private void RequireArguments(FieldErrors errors)
    {
        foreach (var (name, value) in (Arguments ?? new Dictionary<string, JsonElement>()).Where(argument => FlagForm.IsMatch(argument.Key)))
        {
            var path = $"spec.arguments.{name}";
            if (value.ValueKind == JsonValueKind.False && (!name.StartsWith("--", StringComparison.Ordinal) || name.StartsWith("--no-", StringComparison.Ordinal)))
            {
                errors.Add(path, "false", "true, or the flag left out: false writes --no-NAME for --NAME");
            }
            else if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0)
            {
                errors.Add(path, "[]", "at least one value", "true is the flag alone.");
            }
            else if (ValuesOf(value).Any(item => item.ValueKind == JsonValueKind.Null))
            {
                errors.Add(path, null, "values, each a text or a number");
            }
            else if (ValuesOf(value).FirstOrDefault(text => text.ValueKind == JsonValueKind.String && text.GetString() is ['-', ..] and var written && !NumberForm.IsMatch(written)) is { ValueKind: JsonValueKind.String } flag)
            {
                errors.Add(path, flag.GetString(), "a value that begins with no dash: the server would take it for a flag", "Another flag is another name in arguments.");
            }
        }
    }

    private static IEnumerable<JsonElement> ValuesOf(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];

    private static void RequirePositive(FieldErrors errors, string path, int? value, string expectation)
    {
        if (value is < 1)
        {
            errors.Add(path, $"{value}", expectation);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex RepoForm { get; }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}\z")]
    private static partial Regex RevisionForm { get; }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\[[A-Za-z0-9._,-]{1,99}\])?(===?|~=)[A-Za-z0-9][A-Za-z0-9.+!-]{0,63}\z")]
    private static partial Regex PackageForm { get; }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9+.-]{1,99}(=[A-Za-z0-9][A-Za-z0-9.+:~-]{0,99})?(?<!-)\z")]
    private static partial Regex SystemPackageForm { get; }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,127}\z")]
    private static partial Regex VariableForm { get; }

    [GeneratedRegex(@"^--?[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex FlagForm { get; }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\z")]
    private static partial Regex ParserForm { get; }

    [GeneratedRegex(@"^(?!.*\.\.)[A-Za-z0-9_./][A-Za-z0-9_./+@-]{0,254}\z")]
    private static partial Regex TemplateForm { get; }

    [GeneratedRegex(@"^-[0-9]+(\.[0-9]+)?\z")]
    private static partial Regex NumberForm { get; }

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators { get; }
}
