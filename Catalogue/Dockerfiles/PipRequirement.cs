namespace Orrery.Catalogue.Dockerfiles;

/// <summary>What <c>pip install</c> is given, and whether the same comes with the next build.</summary>
internal static class PipRequirement
{
    private static readonly string[] Archives = [".whl", ".tar.gz", ".zip"];

    /// <summary>Options whose value is the next word.</summary>
    private static readonly HashSet<string> WithValue = new(StringComparer.Ordinal)
    {
        "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root",
        "--platform",
        "--python-version", "--implementation", "--abi", "--cache-dir", "--timeout", "--retries", "--proxy", "--trusted-host", "--cert", "--client-cert", "--log",
        "--progress-bar", "--only-binary", "--no-binary", "--upgrade-strategy", "--src", "--build-option", "--global-option", "-C", "--config-settings",
        "--report",
        "-p", "--python", "--exists-action", "--torch-backend", "--index-strategy", "--index", "--default-index", "--link-mode", "--prerelease", "--resolution",
        "--overrides", "--group",
    };

    /// <summary>The words after <c>install</c>; <c>null</c> where the command is none of pip's.</summary>
    public static IReadOnlyList<string>? Installed(ShellCommand command)
    {
        var words = command.Bare;
        var program = command.Program;
        var rest = program switch
        {
            _ when program.StartsWith("pip", StringComparison.Ordinal) && program[3..].All(sign => char.IsAsciiDigit(sign) || sign == '.') => words.Skip(1),
            "uv" when words is [_, "pip", ..] => words.Skip(2),
            _ when program.StartsWith("python", StringComparison.Ordinal) && words is [_, "-m", "pip", ..] => words.Skip(3),
            _ => null,
        };
        var found = rest?.SkipWhile(word => word.StartsWith('-')).ToList();
        return found is ["install", ..] ? found[1..] : null;
    }

    /// <summary>Those that leave the version to the day of the build.</summary>
    public static IEnumerable<string> Unpinned(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (WithValue.Contains(word))
            {
                i++;
            }
            else if (word is "-e" or "--editable")
            {
                i++;
                if (i < words.Count && !IsPinned(words[i]))
                {
                    yield return words[i];
                }
            }
            else if (IsRedirection(word))
            {
                i += word.TrimStart("0123456789&".ToCharArray()) is ">" or ">>" or "<" ? 1 : 0;
            }
            else if (i + 2 < words.Count && words[i + 1] == "@")
            {
                if (!IsPinnedAddress(words[i + 2]))
                {
                    yield return $"{word} @ {words[i + 2]}";
                }

                i += 2;
            }
            else if (!word.StartsWith('-') && !IsPinned(word))
            {
                yield return word;
            }
        }
    }

    private static bool IsRedirection(string word) => word.TrimStart("0123456789&".ToCharArray()) is ['>' or '<', ..];

    private static bool IsPinned(string word)
    {
        var at = word.IndexOf('@', StringComparison.Ordinal);
        return word.Length == 0 || word[0] == '$' || (word.Contains("==", StringComparison.Ordinal) && !word.Contains('*'))
            || (word.Contains("://", StringComparison.Ordinal) ? IsPinnedAddress(at > 0 && !word[..at].Contains(':') ? word[(at + 1)..] : word) : IsLocal(word));
    }

    private static bool IsLocal(string word) =>
        word[0] is '.' or '~' || word.Contains('/') || IsArchive(word);

    private static bool IsArchive(string file) => Archives.Any(ending => file.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>A repository with a tag or a commit, a file with a hash, or a file whose path names a version.</summary>
    private static bool IsPinnedAddress(string address)
    {
        var path = address.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme ? address[(scheme + 3)..] : address;
        path = path.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? path[slash..] : "";
        var file = path.Split('#', '?')[0];
        return file.StartsWith('$') || path.Contains('$') || IsVersion(file)
            || path.Contains("#sha256=", StringComparison.Ordinal) || (IsArchive(file) && file.Any(char.IsAsciiDigit));
    }

    /// <summary>What stands after the last @: a tag has a digit, a commit many; main and its like have none.</summary>
    private static bool IsVersion(string file) => file.LastIndexOf('@') is >= 0 and var at && file[at..].Any(char.IsAsciiDigit);
}
