namespace Orrery.Contracts;

/// <summary>Files that a Dockerfile copies, declared with it: paths below the build context, and what stands in them.</summary>
public static class BuildContext
{
    public const int MostFiles = 64;

    /// <summary>In all, in UTF-8: a resource is no place for weights.</summary>
    public const int MostBytes = 512 << 10;

    private const string Form = "a path below the build context, such as app/server.py: parts of letters, digits, '.', '_', '-' and '+', none of them '.' or '..'";

    public static void Validate(FieldErrors errors, string path, IReadOnlyDictionary<string, string> files)
    {
        if (files.Count > MostFiles)
        {
            errors.Add(path, $"{files.Count} of them", $"at most {MostFiles} files");
        }

        if (files.Sum(file => (long)System.Text.Encoding.UTF8.GetByteCount(file.Value)) is > MostBytes and var bytes)
        {
            errors.Add(path, $"{bytes} bytes", $"at most {MostBytes} bytes in all", "Have the Dockerfile fetch what is larger, with its checksum.");
        }

        foreach (var name in files.Keys.Take(MostFiles))
        {
            if (name.Length > 255 || !name.Split('/').All(IsPart) || name is "Dockerfile" or ".dockerignore" or ".containerignore")
            {
                errors.Add(path, name, Form, name.EndsWith("ignore", StringComparison.Ordinal) || name == "Dockerfile" ? "The Dockerfile stands in spec.dockerfile, and all files of the context are sent." : null);
            }
            else if (files.Keys.Any(other => other.StartsWith(name + "/", StringComparison.Ordinal)))
            {
                errors.Add(path, name, "a file that is no folder of another");
            }
        }
    }

    private static bool IsPart(string part) => part is not ("" or "." or "..") && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+');
}
