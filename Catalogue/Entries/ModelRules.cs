using System.Text.Json;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Entries;

/// <summary>What holds for every Model and needs the servers' tables: nothing of its flags and variables goes behind its fields, and none is a secret.</summary>
internal static class ModelRules
{
    public static void Check(ModelSpec model, FieldErrors errors)
    {
        model.Validate(errors);
        CheckStart(model, errors);
    }

    /// <summary>What the shape alone does not show.</summary>
    public static void CheckStart(ModelSpec model, FieldErrors errors)
    {
        if (model.Licence is { } licence && !KnownLicences.IsName(licence))
        {
            errors.Add("spec.licence", licence, "a licence's name: an SPDX identifier, or your own name for it", "Leave it out where it is not known.");
        }

        if (model is { Dockerfile: not null, Repo: null } && ModelSpec.IsRepo(model.Id))
        {
            errors.Add("spec.id", model.Id, "an id that is no repository's name, where the Model has no repo: what is accepted of the one would be taken for the other", "Name the repo, or choose an id without a slash.");
        }

        CheckTwice(model, errors);

        // Of more than there may be, the first are looked at: each is held against all flags of its server.
        foreach (var (name, value) in (model.Arguments ?? new Dictionary<string, JsonElement>()).Take(ModelSpec.MostInAList))
        {
            CheckFlag(model, name, value, errors);
        }

        foreach (var (name, value) in model.Environment ?? new Dictionary<string, string>())
        {
            CheckVariable(name, value, errors);
        }
    }

    /// <summary>One flag in two spellings: what is reckoned would be the one, and the server takes the other.</summary>
    private static void CheckTwice(ModelSpec model, FieldErrors errors)
    {
        if (model.Engine is not { } engine || ServerTables.Current(engine) is not { } table)
        {
            return;
        }

        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in (model.Arguments?.Keys ?? []).Take(ModelSpec.MostInAList))
        {
            if (table.Find(name)?.Name is { } flag)
            {
                if (!seen.TryAdd(flag, name))
                {
                    errors.Add($"spec.arguments.{name}", null, "a flag that is given once", $"It is there as {seen[flag]} already: keep one.");
                }
            }
            else if (OwnWords.CutShort(table, name) is { } whole && OwnWords.Instead(engine, name) is null)
            {
                errors.Add($"spec.arguments.{name}", null, "a flag's whole name: the server takes its beginning for it, and nothing here does", $"Write {whole}.");
            }
        }
    }

    private static void CheckFlag(ModelSpec model, string name, JsonElement value, FieldErrors errors)
    {
        var path = $"spec.arguments.{name}";
        if (model.Engine is { } engine && OwnWords.Instead(engine, name) is { } instead)
        {
            errors.Add(path, null, "no flag for what the entry says in a field of its own", $"Say it in {instead}.");
        }
        else if (IsSecretFlag(name, value))
        {
            errors.Add(path, null, "no secret in an entry: everybody who lists models reads it", "The deployment gives it, from a Secret.");
        }
    }

    public static bool IsSecretFlag(string name, JsonElement value) => IsSecret(name.TrimStart('-').Replace('-', '_').Replace('.', '_'), value);

    public static bool IsSecretVariable(string name, string value) => (value.Length > 0 && SecretSigns.IsName(name)) || SecretSigns.IsValue(value);

    /// <summary>A number or a switch is none, whatever its name.</summary>
    private static bool IsSecret(string name, JsonElement value) =>
        (value.ValueKind is JsonValueKind.String or JsonValueKind.Array && SecretSigns.IsName(name) && Texts(value).Any(text => text.Length > 0)) || Texts(value).Any(SecretSigns.IsValue);

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(property => Texts(property.Value)),
        _ => [],
    };

    private static void CheckVariable(string name, string value, FieldErrors errors)
    {
        var path = $"spec.environment.{name}";
        if (ServerVariables.IsReserved(name))
        {
            errors.Add(path, null, "no variable that the image rests upon: " + string.Join(", ", ServerVariables.Reserved), "Leave it out, or bring a whole dockerfile.");
        }
        else if (ServerVariables.IsRemoteCode(name))
        {
            errors.Add(path, null, "no variable for what the entry says in a field of its own", "Say it in remoteCode.");
        }
        else if (IsSecretVariable(name, value))
        {
            errors.Add(path, null, "no secret in an entry: everybody who lists models reads it", "The deployment gives it, from a Secret.");
        }
    }
}
