using System.Text.RegularExpressions;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Linting;
using Orrery.Catalogue.Servers;

namespace Orrery.Catalogue.Deployments;

/// <summary>A deployment's own command, where it starts a server that is known: which weights that is told to load.</summary>
internal static partial class CommandWords
{
    /// <summary>Each with its remedy.</summary>
    /// <param name="isUnknown">Whether nobody has said under which licence such weights are.</param>
    public static IEnumerable<string> Faults(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, Func<string, bool> isUnknown)
    {
        if (ServerStart.Of(command) is not { } start || ServerTables.Current(start.Server) is not { } table)
        {
            yield break;
        }

        var words = start.Arguments.SelectMany(argument => argument.Word is "$@" or "$*" ? command.Skip(ScriptWords) : [argument.Word]).Select(argument => Expanded(argument, environment)).ToList();
        for (var i = 0; i < words.Count; i++)
        {
            var (flag, value) = Read(words, i);
            var isWeights = flag.Length == 0 ? i == 0 : (table.Find(flag)?.Name ?? flag) is var name && (name == table.Spelling.Model || name == "--model" || ServedWeights.IsOfWeights(name));
            if (Hidden.Match(value) is { Success: true } hidden && (isWeights || flag.Length == 0))
            {
                yield return $"spec.command: expected words that can be read; {hidden.Value} is not set in spec.environment, and may be the model or any flag. Write it out, or set it there.";
            }
            else if (isWeights && Named(value).FirstOrDefault(isUnknown) is { } unknown)
            {
                yield return $"spec.command names {unknown}, of whose licence the catalogue knows nothing. Declare it in spec.entry or in a Model of the namespace, with its licence, or name it in spec.weights.";
            }
        }
    }

    /// <summary>With the values of the variables that are set: a shell puts them in, and a cluster those in round brackets.</summary>
    public static string Expanded(string word, IReadOnlyDictionary<string, string> environment) => Variable.Replace(word, match => environment.GetValueOrDefault(match.Groups["name"].Value) ?? match.Value);

    /// <summary>The shell, its <c>-c</c>, the script and the script's name: what follows are the script's own words.</summary>
    private const int ScriptWords = 4;

    /// <summary>A draft model stands in JSON.</summary>
    private static IEnumerable<string> Named(string value) => ServedWeights.InText(value) is { } json ? DeploymentWords.DraftsIn(json) : [value];

    /// <summary>A word with the flag that it is a value of; none where it stands alone.</summary>
    private static (string Flag, string Value) Read(List<string> words, int i)
    {
        var equals = words[i].IndexOf('=', StringComparison.Ordinal);
        return ServerCommand.IsFlag(words[i]) ? (equals > 0 && !Hidden.IsMatch(words[i][..equals]) ? (words[i][..equals], words[i][(equals + 1)..]) : ("", Hidden.IsMatch(words[i]) ? words[i] : ""))
            : i > 0 && ServerCommand.IsFlag(words[i - 1]) && !words[i - 1].Contains('=', StringComparison.Ordinal) ? (words[i - 1], words[i])
            : ("", words[i]);
    }

    [GeneratedRegex(@"\$(?:\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|\((?<name>[A-Za-z_][A-Za-z0-9_]*)\)|(?<name>[A-Za-z_][A-Za-z0-9_]*))")]
    private static partial Regex Variable { get; }

    /// <summary>What the shell puts in later.</summary>
    [GeneratedRegex(@"\$[^\s]*|`")]
    private static partial Regex Hidden { get; }
}
