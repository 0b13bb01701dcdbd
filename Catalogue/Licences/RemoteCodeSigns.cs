using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>Whether a model's server runs code out of its repository: the entry says it, or its flags, variables or Dockerfile switch it on.</summary>
internal static partial class RemoteCodeSigns
{
    /// <summary>What says so; <c>null</c>: nothing that can be seen here.</summary>
    public static string? Of(ModelSpec model) =>
        model.RemoteCode == true ? "The model runs Python code out of its repository."
        : FlagOf(model) is { } flag ? $"Its arguments let the server run Python code out of its repository: {flag}."
        : VariableOf(model) is { } variable ? $"Its environment lets the server run Python code out of its repository: {variable}."
        : model.Dockerfile is { } file && IsIn(file) ? "Its Dockerfile lets the server run Python code out of its repository."
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

    private static string? VariableOf(ModelSpec model) =>
        (model.Environment ?? new Dictionary<string, string>()).Where(pair => ServerVariables.IsRemoteCode(pair.Key) && pair.Value is not ("" or "0" or "false" or "False")).Select(pair => pair.Key).FirstOrDefault();

    /// <summary>However it is written there: over several lines, in quotes, with escapes of JSON, or cut short. Comments do not count.</summary>
    public static bool IsIn(string dockerfile)
    {
        var lines = dockerfile.Split('\n').Where(line => !line.AsSpan().TrimStart().StartsWith("#"));
        return IsSaid(string.Join('\n', lines));
    }

    private static bool IsSaid(string text)
    {
        var joined = Continued.Replace(text, "");
        var plain = Escaped.Replace(joined, match => ((char)ushort.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
        return Sign.IsMatch(Quotes.Replace(plain, ""));
    }

    /// <summary>A Dockerfile may choose the backtick to continue lines with.</summary>
    [GeneratedRegex(@"[\\`][ \t]*\r?\n")]
    private static partial Regex Continued { get; }

    [GeneratedRegex(@"\\u([0-9A-Fa-f]{4})")]
    private static partial Regex Escaped { get; }

    [GeneratedRegex(@"[""'\\]")]
    private static partial Regex Quotes { get; }

    /// <summary>pip has a <c>--trusted-host</c>.</summary>
    [GeneratedRegex(@"trust[-_]remote[-_]code|--tru(?!sted[-_])|--tr(?![\w-])", RegexOptions.IgnoreCase)]
    private static partial Regex Sign { get; }
}
