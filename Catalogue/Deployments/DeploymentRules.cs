using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Deployments;

/// <summary>What holds for every deployment and needs the catalogue's knowledge: an entry of its own is held to what Models are, and no secret stands where everybody reads it.</summary>
internal static partial class DeploymentRules
{
    public static void Check(ModelDeploymentSpec spec, FieldErrors errors)
    {
        spec.Validate(errors);
        CheckWords(spec, errors);
    }

    /// <summary>What the shape alone does not show.</summary>
    public static void CheckWords(ModelDeploymentSpec spec, FieldErrors errors)
    {
        if (spec.Entry is { } entry)
        {
            CheckEntry(entry, errors);
        }

        foreach (var (name, value) in spec.Arguments ?? new Dictionary<string, JsonElement>())
        {
            CheckFlag(name, value, errors);
        }

        if (spec.Command is { } command && (command.Count == 0 || string.IsNullOrWhiteSpace(command[0])))
        {
            errors.Add("spec.command", command.Count == 0 ? "[]" : command[0], "a program with its arguments", "Leave it out, so that the image's own command is started with what follows from the model.");
        }

        for (var i = 0; i < spec.Command?.Count; i++)
        {
            // What a command sets for itself, and what stands behind a flag.
            var words = spec.Command[i].Split([' ', '\t', '\r', '\n', ';', '"', '\''], StringSplitOptions.RemoveEmptyEntries);
            if (SecretSigns.IsValue(spec.Command[i]) || words.Any(IsSecretWord) || (i > 0 && IsSecretPair(spec.Command[i - 1], spec.Command[i])) || words.Zip(words.Skip(1)).Any(pair => IsSecretPair(pair.First, pair.Second)))
            {
                errors.Add($"spec.command[{i}]", null, "no secret in a deployment: everybody who looks at it reads it", "Put it into a Secret, name that in spec.secrets, and let the command read its variable.");
            }
        }

        foreach (var (name, value) in spec.Environment ?? new Dictionary<string, string>())
        {
            CheckVariable(spec, name, value, errors);
        }

        CheckSource(spec.Weights, "spec.weights", errors);
        for (var i = 0; i < spec.Adapters?.Count; i++)
        {
            CheckSource(spec.Adapters[i].Source, $"spec.adapters[{i}]", errors);
            if (BuiltInEntries.FindNamed(spec.Adapters[i].Id) is { } taken)
            {
                errors.Add($"spec.adapters[{i}].id", spec.Adapters[i].Id, $"an id or alias that no entry has which comes with the Catalogue; '{taken.Id}' has it", "It would be answered under that one's name and licence: choose another.");
            }
        }

        foreach (var name in (spec.Secrets?.Keys ?? []).Where(ServerVariables.Decides))
        {
            errors.Add($"spec.secrets.{name}", null, "no variable that decides which code is run or which weights are loaded: of a Secret nobody sees what it decides", $"Say it where everybody reads it: environment: {{ {name}: VALUE }}.");
        }
    }

    /// <summary>As an entry's: it stands on a command line, and in the addresses of the hub.</summary>
    private static void CheckSource(WeightsSource? source, string path, FieldErrors errors)
    {
        if (source?.Repo is { } repo && !ModelSpec.IsRepo(repo))
        {
            errors.Add($"{path}.repo", repo, "a repository as owner/name");
        }

        if (source?.Revision is { } revision && (!RevisionForm.IsMatch(revision) || revision.Split('/').Any(part => part is "." or "..")))
        {
            errors.Add($"{path}.revision", revision, "a commit (40 hexadecimal digits) or a tag");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}\z")]
    private static partial Regex RevisionForm { get; }

    /// <summary><c>HF_TOKEN=…</c> or <c>--api-key=…</c>.</summary>
    private static bool IsSecretWord(string word) => word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && IsSecretPair("--" + word[..equals], word[(equals + 1)..]);

    private static bool IsSecretPair(string flag, string value) =>
        flag.StartsWith("--", StringComparison.Ordinal) && value.Length > 0 && value[0] is not ('-' or '$') && SecretSigns.IsName(flag.TrimStart('-').Replace('-', '_'));

    private static void CheckFlag(string name, JsonElement value, FieldErrors errors)
    {
        var path = $"spec.arguments.{name}";
        if (ModelRules.IsSecretFlag(name, value))
        {
            errors.Add(path, null, "no secret in a deployment: everybody who looks at it reads it", "Put it into a Secret, and name that in spec.secrets as the server's variable.");
        }
        else if (ServerCommand.FlagAmongValues([[.. ServerCommand.Argument(name, value)]]) is var (_, flag))
        {
            errors.Add(path, flag, "a value that begins with no dash: the server would take it for a flag", "Another flag is another name in arguments.");
        }
        else if (value.ValueKind == JsonValueKind.False && name.StartsWith("--no-", StringComparison.Ordinal))
        {
            errors.Add(path, "false", "true, or the flag left out", $"Write --{name["--no-".Length..]}: true.");
        }
    }

    private static void CheckEntry(ModelSpec entry, FieldErrors errors)
    {
        var found = new FieldErrors();
        CheckDeployed(entry, found);
        foreach (var error in found.All)
        {
            errors.Add("spec.entry" + error.Path["spec".Length..], error.Value, error.Expectation, error.Remedy);
        }

        if (BuiltInEntries.FindNamed(entry.Id) is { } taken)
        {
            errors.Add(
                "spec.entry.id", entry.Id, $"an id or alias that no entry has which comes with the Catalogue; '{taken.Id}' has it",
                $"Choose another id, or deploy that one: model: {taken.Id}.");
        }
    }

    /// <summary>What is deployed says nothing of what the deployment decides, whether it is stored as a Model or stands within.</summary>
    public static void CheckDeployed(ModelSpec entry, FieldErrors errors)
    {
        ModelRules.CheckStart(entry, errors);
        foreach (var name in entry.Dockerfile is null ? entry.Arguments?.Keys.Take(ModelSpec.MostInAList) ?? [] : [])
        {
            if (OwnWords.OfDeployed(entry.Engine ?? Engines.Vllm, name) is { } instead)
            {
                errors.Add($"spec.arguments.{name}", null, "no flag for what is decided elsewhere", $"Say it in {instead}.");
            }
        }
    }

    private static void CheckVariable(ModelDeploymentSpec spec, string name, string value, FieldErrors errors)
    {
        var path = $"spec.environment.{name}";
        if (ModelRules.IsSecretVariable(name, value))
        {
            errors.Add(path, null, "no secret in a deployment: everybody who looks at it reads it", $"Put it into a Secret, and name that: secrets: {{ {name}: {{ name: SECRET, key: KEY }} }}.");
        }
        else if (spec.EffectiveCache == WeightCaches.SharedVolume && ServerVariables.IsCacheFolder(name) && !ServerVariables.IsOnVolume(value))
        {
            errors.Add(path, value, "a folder below /models, where the volume with the weights is, without '..' and without variables", "With cache: none each replica keeps them where it wants to.");
        }
        else if (ServerVariables.IsOtherHub(name))
        {
            errors.Add(path, value, "no other hub: licences, commits and pins are those of the repositories on Hugging Face", "Put the weights into the cache, and name their folder in spec.weights.path. A mirror of the hub goes into HF_ENDPOINT.");
        }
    }
}
