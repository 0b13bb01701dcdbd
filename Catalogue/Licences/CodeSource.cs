using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>Whose code a server runs, as an acceptance names it.</summary>
/// <param name="Name">A repository, a folder of the cache, or the id of a model that has neither.</param>
/// <param name="Revision">The commit or tag; of a Dockerfile its digest; <c>null</c>: whichever there is then.</param>
/// <param name="Kind">How far the name goes.</param>
internal sealed record CodeSource(string Name, string? Revision, CodeSourceKind Kind = CodeSourceKind.Weights)
{
    /// <summary>The model's own, and whatever else flags or a command have it load; what a Dockerfile loads cannot be seen, so that it is the Dockerfile's.</summary>
    public static IReadOnlyList<CodeSource> Of(StartedModel started)
    {
        var model = started.Model;
        var own = model.Dockerfile is not null ? new CodeSource(model.Repo ?? model.Id, DigestOf(model), CodeSourceKind.Dockerfile)
            : new CodeSource(model.Repo ?? model.Id, model.Revision, model.Repo is null ? CodeSourceKind.Nothing : CodeSourceKind.Weights);
        if (started.Command.Count == 0)
        {
            return model.Dockerfile is not null ? [own] : Distinct([own, .. OfArguments(model)]);
        }

        // At which commit a command takes its code is its own affair; what it starts lies in the image that the Dockerfile makes.
        var named = started.Command.SelectMany((word, i) => InWord(word, IsScript(started.Command, i))).Concat((model.Environment?.Values ?? []).SelectMany(text => InWord(text, isScript: true))).Select(name => new CodeSource(name, null)).ToList();
        return model.Dockerfile is not null ? Distinct([own, .. named]) : Distinct(named.Count > 0 ? named : [own with { Revision = null }]);
    }

    /// <summary>Of a Dockerfile alone its own; with files beside it, of a list of theirs as <c>sha256sum</c> writes it, the Dockerfile first and the files by their paths.</summary>
    private static string DigestOf(ModelSpec model)
    {
        var files = (model.Files ?? new Dictionary<string, string>()).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();
        return "sha256:" + (files.Count == 0 ? HexOf(model.Dockerfile!) : HexOf(string.Concat(files.Prepend(new("Dockerfile", model.Dockerfile!)).Select(file => $"{HexOf(file.Value)}  {file.Key}\n"))));
    }

    private static string HexOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Folders are told apart by case, repositories are not.</summary>
    public bool IsNamed(string? name) => string.Equals(name, Name, ModelSpec.IsRepo(Name) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static List<CodeSource> Distinct(IEnumerable<CodeSource> sources) =>
        [.. sources.DistinctBy(source => (ModelSpec.IsRepo(source.Name) ? source.Name.ToUpperInvariant() : source.Name, source.Revision))];

    private static IEnumerable<CodeSource> OfArguments(ModelSpec model)
    {
        foreach (var (name, value) in model.Arguments ?? new Dictionary<string, JsonElement>())
        {
            if (name.EndsWith("revision", StringComparison.Ordinal) && value.ToString() != model.Revision)
            {
                yield return new CodeSource(model.Repo ?? model.Id, value.ToString());
            }
            else if (!ServedWeights.IsOfAdapters(name))
            {
                foreach (var named in ServedWeights.Texts(value).SelectMany(text => NamesIn(text, ServedWeights.IsOfWeights(name) ? "/" : null, isWhole: true)).Where(named => !named.Equals(model.Repo, StringComparison.OrdinalIgnoreCase)))
                {
                    yield return new CodeSource(named, null);
                }
            }
        }
    }

    /// <summary>A shell's script is read word by word, any other word as it is, or what stands behind its flag.</summary>
    private static IEnumerable<string> InWord(string word, bool isScript)
    {
        var plain = PlainText.Of(word);
        return NamesIn(!isScript && plain.StartsWith('-') ? plain[(plain.IndexOf('=', StringComparison.Ordinal) + 1)..] : plain, Volume, isWhole: !isScript);
    }

    private static bool IsScript(IReadOnlyList<string> command, int i) => i > 0 && command[i - 1] is ['-', .., 'c'];

    /// <summary>Repositories by their names or addresses, folders of the hub's cache, and other folders where one may be meant.</summary>
    /// <param name="folders">Below which folders count; <c>null</c>: none, the text is no place for one.</param>
    /// <param name="isWhole">Whether the text is one value: a folder's name may have blanks and commas.</param>
    private static IEnumerable<string> NamesIn(string text, string? folders, bool isWhole)
    {
        var value = text.Trim();
        foreach (var word in isWhole && value.StartsWith('/') ? [value] : text.Split(Between, StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = Array.Find(CacheFolders, folder => word.StartsWith(folder, StringComparison.Ordinal)) is { } cached ? word[cached.Length..].Split('/')[0].Split("--")
                : word.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? word[(scheme + 3)..].Split('/')[1..]
                : word.StartsWith('/') ? []
                : word.Split('/');
            if (parts.Length > 1 && $"{parts[0]}/{parts[1].Split('@', ':')[0]}" is var repo && ModelSpec.IsRepo(repo) && !IsFile(repo))
            {
                yield return repo;
            }
            else if (folders is not null && word.StartsWith(folders, StringComparison.Ordinal))
            {
                yield return word;
            }
        }
    }

    /// <summary>In a command other paths are programs and files.</summary>
    private const string Volume = "/models/";

    /// <summary>Where the hub's library keeps repositories; elsewhere a folder of such a name is a folder.</summary>
    private static readonly string[] CacheFolders = ["models--", "hub/models--", "/models/models--", "/models/hub/models--"];

    private static readonly char[] Between = [' ', '\t', '\r', '\n', '=', ',', ';', '{', '}', '[', ']', '(', ')', '"', '\''];

    private static bool IsFile(string name) => Path.GetExtension(name) is ".py" or ".sh" or ".json" or ".yaml" or ".yml" or ".toml" or ".jinja" or ".txt";
}

internal enum CodeSourceKind
{
    /// <summary>A repository, or a folder of the cache.</summary>
    Weights,

    /// <summary>What a Dockerfile of the model's own starts.</summary>
    Dockerfile,

    /// <summary>Only an id, which another may have tomorrow.</summary>
    Nothing,
}
