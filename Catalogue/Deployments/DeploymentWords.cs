using System.Globalization;
using System.Text.Json;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Deployments;

/// <summary>Flags of a deployment that would go behind what is decided elsewhere: which weights are loaded, over how many GPUs, under which name and port.</summary>
internal static class DeploymentWords
{
    /// <summary>Each with its remedy. A command of one's own is started as it is; only of a server that is known it is looked at what it loads.</summary>
    public static IEnumerable<string> Faults(ModelDeploymentSpec spec, ModelSpec model, ServerTable table)
    {
        if (spec.Command is { } command)
        {
            foreach (var fault in CommandWords.Faults(command, spec.Environment ?? new Dictionary<string, string>(), text => IsUnknown(spec, model, text)))
            {
                yield return fault;
            }

            yield break;
        }

        foreach (var (path, name, value) in Said(spec, model, table))
        {
            if (OwnWords.OfBuilder(table.Server, name) is { } instead)
            {
                yield return $"{path}: expected {(path.StartsWith(InArguments, StringComparison.Ordinal) ? "no flag" : "no variable")} for what is decided elsewhere. Say it in {instead}.";
            }
            else if (!path.StartsWith(InArguments, StringComparison.Ordinal) && IsReckoned(table, name))
            {
                yield return $"{path}: expected no variable for what memory is reckoned from. Say it in spec.arguments.{name}.";
            }
            else if (value is null && IsOfWeights(table, name))
            {
                yield return $"{path}: expected no variable that decides which weights are loaded: of a Secret nobody sees what it decides. Say it in spec.arguments.{name}.";
            }
            else if (value is { } seen && !path.StartsWith(OfModel, StringComparison.Ordinal) && UnknownIn(spec, model, table.Find(name)?.Name ?? name, seen) is var (repo, remedy))
            {
                yield return $"{path} names {repo}, of whose licence the catalogue knows nothing. {remedy}";
            }
        }
    }

    private const string InArguments = "spec.arguments.";

    private const string OfModel = "The model's ";

    /// <summary>Flags, and variables that are flags to this server, each with the field that says it; of a Secret's the value is not seen.</summary>
    private static IEnumerable<(string Path, string Flag, JsonElement? Value)> Said(ModelDeploymentSpec spec, ModelSpec model, ServerTable table) =>
    [
        .. (spec.Arguments ?? new Dictionary<string, JsonElement>()).Select(pair => (InArguments + pair.Key, pair.Key, (JsonElement?)pair.Value)),
        .. OfVariables(OfModel, (model.Environment ?? new Dictionary<string, string>()).Where(pair => spec.Environment?.ContainsKey(pair.Key) != true), table),
        .. OfVariables("spec.", spec.Environment ?? new Dictionary<string, string>(), table),
        .. (spec.Secrets?.Keys ?? []).Where(name => ServerVariables.FlagOf(table, name) is not null).Select(name => ($"spec.secrets.{name}", ServerVariables.FlagOf(table, name)!, (JsonElement?)null)),
    ];

    private static IEnumerable<(string Path, string Flag, JsonElement? Value)> OfVariables(string of, IEnumerable<KeyValuePair<string, string>> environment, ServerTable table) =>
        from pair in environment
        let flag = ServerVariables.FlagOf(table, pair.Key)
        where flag is not null
        select ($"{of}environment.{pair.Key}", flag, (JsonElement?)JsonSerializer.SerializeToElement(pair.Value, CatalogueJson.Default.String));

    /// <summary>Whether the arithmetic reads it, which looks at flags alone.</summary>
    private static bool IsReckoned(ServerTable table, string flag) =>
        (table.Find(flag)?.Name ?? flag) is var name && (name == table.Spelling.Memory || name == table.Spelling.MaxRequests || name is "--dtype" or "--kv-cache-dtype");

    private static bool IsOfWeights(ServerTable table, string flag) => (table.Find(flag)?.Name ?? flag) is var name && (ServedWeights.IsOfWeights(name) || ServedWeights.IsOfAdapters(name));

    /// <summary>The catalogue's own repositories are held against their licences by the gate; of another one, or of what is none and no folder, nobody has said under which it is.</summary>
    private static (string Name, string Remedy)? UnknownIn(ModelDeploymentSpec spec, ModelSpec model, string flag, JsonElement value)
    {
        var (names, remedy) = ServedWeights.IsOfAdapters(flag) ? (AdaptersIn(value), "Name it in spec.adapters.")
            : flag.Replace('_', '-') == "--speculative-config" ? (DraftsIn(value), InEntry)
            : ServedWeights.IsOfWeights(flag) ? (ServedWeights.Texts(value), InEntry)
            : ([], "");
        return names.FirstOrDefault(text => IsUnknown(spec, model, text)) is { } unknown ? (unknown, remedy) : null;
    }

    private static bool IsUnknown(ModelDeploymentSpec spec, ModelSpec model, string text)
    {
        var said = (spec.Adapters ?? []).Select(adapter => adapter.Repo).Append(model.Repo).Append(spec.Weights?.Repo).ToList();
        return text.Length > 0 && !NoWeights.Contains(text) && !IsFolder(text) && !BuiltInEntries.OfRepo(text).Any() && !said.Contains(text, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Words that stand where a repository may.</summary>
    private static readonly string[] NoWeights = ["auto", "vllm", "ngram", "[ngram]", "suffix", "deepseek_v32"];

    private static bool IsFolder(string text) => text.StartsWith('/') && !text.Split('/').Contains("..");

    private const string InEntry = "Declare it with the model, in spec.entry.arguments or in a Model of the namespace, and its licence in alsoLicensed; or put it into the cache and name its folder, /models/….";

    /// <summary><c>name=owner/repo</c>, JSON with a path, or a mapping of names to repositories.</summary>
    private static IEnumerable<string> AdaptersIn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when ServedWeights.InText(value.GetString()!) is { } json => AdaptersIn(json),
        JsonValueKind.String => value.GetString()!.Split(',').Select(text => text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..]),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(AdaptersIn),
        JsonValueKind.Object => value.EnumerateObject().Where(member => member.Name is not ("name" or "lora_name" or "base_model_name")).SelectMany(member => AdaptersIn(member.Value)),
        _ => [],
    };

    public static IEnumerable<string> DraftsIn(JsonElement value)
    {
        var config = value.ValueKind == JsonValueKind.String ? ServedWeights.InText(value.GetString()!) : value;
        return config is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().SelectMany(DraftsIn)
            : config is not { ValueKind: JsonValueKind.Object } mapping ? []
            : mapping.EnumerateObject().Where(member => member.Name is "model" or "tokenizer" && member.Value.ValueKind == JsonValueKind.String).Select(member => member.Value.GetString()!);
    }

    /// <summary>The share of a GPU's memory that the server is told to take, where the deployment says one.</summary>
    public static double? Utilization(ModelDeploymentSpec spec, ServerTable table) =>
        Number(spec.Arguments, table, table.Spelling.Memory) is > 0 and <= 1 and var share ? share : null;

    /// <summary>A share that is none, with its flag; <c>null</c>: there is none.</summary>
    public static (string Flag, JsonElement Value)? WrongShare(ModelDeploymentSpec spec, ServerTable table) =>
        table.Spelling.Memory is { } flag && Said(spec.Arguments, table, flag) is { Value.ValueKind: not JsonValueKind.Undefined } said && Utilization(spec, table) is null ? (said.Key, said.Value) : null;

    /// <summary>How many requests the server is told to run at once.</summary>
    public static double? Requests(ModelSpec model, ServerTable table) => Number(model.Arguments, table, table.Spelling.MaxRequests);

    /// <summary>Of several spellings the last counts, as for the server.</summary>
    private static KeyValuePair<string, JsonElement> Said(IReadOnlyDictionary<string, JsonElement>? arguments, ServerTable table, string flag) =>
        (arguments ?? new Dictionary<string, JsonElement>()).LastOrDefault(argument => table.Find(argument.Key)?.Name is { } name && name == (table.Find(flag)?.Name ?? flag));

    private static double? Number(IReadOnlyDictionary<string, JsonElement>? arguments, ServerTable table, string? flag)
    {
        var value = flag is null ? default : Said(arguments, table, flag).Value;
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble()
            : value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : null;
    }
}
