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
        .Where(pair => (ServerVariables.IsRemoteCode(pair.Key) && !Off.Contains(pair.Value, StringComparer.OrdinalIgnoreCase)) || IsSaid(pair.Value)).Select(pair => pair.Key).FirstOrDefault();

    private static readonly string[] Off = ["", "0", "false", "no", "off"];

    /// <summary>However it is written: over several lines, in quotes, with escapes of JSON, in a comment, or cut short.</summary>
    private static bool IsSaid(string text) => Sign.IsMatch(PlainText.Of(text));

    /// <summary>The name, or its beginning as a flag of its own, which servers take for it; where it is said to be off, it is not said.</summary>
    [GeneratedRegex(@"(?<!--no[-_])trust[-_]remote[-_]code(?!=(?:0|false|no|off)\b)|--tr(?:u(?:s(?:t(?:[-_](?:r(?:e(?:m(?:o(?:t(?:e(?:[-_](?:c(?:o(?:d(?:e)?)?)?)?)?)?)?)?)?)?)?)?)?)?)?(?![\w-]|=(?:0|false|no|off)\b)", RegexOptions.IgnoreCase)]
    private static partial Regex Sign { get; }
}
