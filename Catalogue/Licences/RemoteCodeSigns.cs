using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>Whether a model's server runs code out of its repository: the entry says it, or flags, variables, a command or a Dockerfile switch it on.</summary>
internal static partial class RemoteCodeSigns
{
    /// <summary>What says so; <c>null</c>: nothing that can be seen here.</summary>
    public static string? Of(StartedModel started) =>
        started.Model.RemoteCode == true ? "The model runs Python code out of its repository."
        : FlagOf(started.Model) is { } flag ? $"Its arguments let the server run Python code out of its repository: {flag}."
        : VariableOf(started.Model) is { } variable ? $"Its environment lets the server run Python code out of its repository: {variable}."
        : started.Command.Any(IsSaid) ? "Its command lets the server run Python code out of its repository."
        : started.Model.Dockerfile is { } file && Sign.IsMatch(PlainText.OfDockerfile(file)) ? "Its Dockerfile lets the server run Python code out of its repository."
        : started.Model.Files?.FirstOrDefault(file => IsSaid(file.Value)).Key is { } beside ? $"A file of its Dockerfile lets the server run Python code out of its repository: {beside}."
        : null;

    private static string? FlagOf(ModelSpec model)
    {
        foreach (var (name, value) in model.Arguments ?? new Dictionary<string, JsonElement>())
        {
            if (value.ValueKind != JsonValueKind.False && !name.StartsWith("--no-", StringComparison.Ordinal) && OwnWords.IsRemoteCode(model.Engine, name))
            {
                return name;
            }

            // A value that begins with dashes is a flag to the server.
            if (IsSaid(value.ToString()))
            {
                return $"{name}, with a value that is a flag of its own";
            }
        }

        return null;
    }

    /// <summary>A switch, or a text that a command may take for its flags.</summary>
    private static string? VariableOf(ModelSpec model) => (model.Environment ?? new Dictionary<string, string>())
        .Where(pair => (ServerVariables.IsRemoteCode(pair.Key) && pair.Value is not ("" or "0" or "false" or "False")) || IsSaid(pair.Value)).Select(pair => pair.Key).FirstOrDefault();

    /// <summary>However it is written: over several lines, in quotes, with escapes of JSON, in a comment, or cut short.</summary>
    private static bool IsSaid(string text) => Sign.IsMatch(PlainText.Of(text));

    /// <summary>pip has a <c>--trusted-host</c>.</summary>
    [GeneratedRegex(@"trust[-_]remote[-_]code|--tru(?!sted[-_])|--tr(?![\w-])", RegexOptions.IgnoreCase)]
    private static partial Regex Sign { get; }
}
