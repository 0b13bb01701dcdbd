using System.Text.Json;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>Which files of an image say what is installed, and what they say.</summary>
internal static class PackageFile
{
    private const int LongestWord = 512;
    private const string DpkgStatus = "var/lib/dpkg/status";

    private static readonly string[] RpmFolders = ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];
    private static readonly string[] RpmDatabases = ["Packages", "Packages.db", "rpmdb.sqlite"];

    /// <summary>Reads one of these files; <c>null</c>: it is none.</summary>
    public static Func<string, FileFacts>? ReaderOf(string path)
    {
        var slash = path.LastIndexOf('/');
        var (folder, name) = (slash < 0 ? "" : path[..slash], path[(slash + 1)..]);
        return path switch
        {
            DpkgStatus => text => Of(path, Dpkg(text)),
            "lib/apk/db/installed" or "usr/lib/apk/db/installed" => text => Of(path, Apk(text)),
            "etc/os-release" or "usr/lib/os-release" => text => OsRelease(path, text),
            _ when folder == DpkgStatus + ".d" && !name.EndsWith(".md5sums", StringComparison.Ordinal) => text => Of(path, Dpkg(text)),
            _ when (name == "METADATA" && folder.EndsWith(".dist-info", StringComparison.Ordinal))
                || (name == "PKG-INFO" && folder.EndsWith(".egg-info", StringComparison.Ordinal))
                || (name.EndsWith(".egg-info", StringComparison.Ordinal) && name.Length > ".egg-info".Length) => text => Of(path, Python(text)),
            _ when name == "package.json" && IsModule(folder) => text => Of(path, Npm(text)),
            _ when RpmDatabases.Contains(name) && RpmFolders.Contains(folder) => _ => NotRead(path, "is an RPM database, which is not read"),
            _ => null,
        };
    }

    public static FileFacts NotRead(string path, string why) => new(path, [], null, null, why);

    private static FileFacts Of(string path, IEnumerable<Package?> packages) => new(
        path,
        [.. packages.OfType<Package>().Where(package => IsWord(package.Name) && IsWord(package.Version))],
        null, null, null);

    private static bool IsWord(string text) => text.Length is > 0 and <= LongestWord && !text.Any(char.IsControl);

    /// <summary><c>node_modules/NAME</c> or <c>node_modules/@SCOPE/NAME</c>: a package.json anywhere else says what a source is, not what is installed.</summary>
    private static bool IsModule(string folder) => folder.Split('/') switch
    {
        [.., "node_modules", var name] => !name.StartsWith('@'),
        [.., "node_modules", var scope, _] => scope.StartsWith('@'),
        _ => false,
    };

    private static IEnumerable<Package?> Dpkg(string text) => Paragraphs(text, ':').Select(fields =>
        fields.GetValueOrDefault("Status") is { } status && status.Split(' ') is not [_, _, "installed"]
            ? null
            : new Package("deb", fields.GetValueOrDefault("Package", ""), fields.GetValueOrDefault("Version", ""))
            {
                Architecture = Word(fields, "Architecture"),
                Source = Word(fields, "Source")?.Split(' ')[0],
            });

    private static IEnumerable<Package?> Apk(string text) => Paragraphs(text, ':').Select(fields =>
        new Package("apk", fields.GetValueOrDefault("P", ""), fields.GetValueOrDefault("V", ""))
        {
            Architecture = Word(fields, "A"),
            Source = Word(fields, "o") is { } origin && origin != fields.GetValueOrDefault("P") ? origin : null,
            Licence = Word(fields, "L"),
        });

    private static FileFacts OsRelease(string path, string text)
    {
        var fields = Paragraphs(text.Replace("\n\n", "\n", StringComparison.Ordinal), '=').FirstOrDefault() ?? [];
        return new FileFacts(path, [], Word(fields, "ID")?.Trim('"', '\''), Word(fields, "VERSION_ID")?.Trim('"', '\''), null);
    }

    /// <summary>The head of a mail: the rest is a description.</summary>
    private static IEnumerable<Package?> Python(string text)
    {
        var classifiers = new List<string>();
        var fields = Paragraphs(text, ':', (name, value) =>
        {
            if (name == "Classifier" && value.StartsWith("License ::", StringComparison.Ordinal))
            {
                classifiers.Add(value[(value.LastIndexOf("::", StringComparison.Ordinal) + 2)..].Trim());
            }
        }).FirstOrDefault() ?? [];
        var written = Word(fields, "License");
        yield return new Package("pypi", fields.GetValueOrDefault("Name", ""), fields.GetValueOrDefault("Version", ""))
        {
            Licence = Word(fields, "License-Expression") ?? (written is null or "UNKNOWN" || written.Length > 100 ? null : written) ?? (classifiers.Count > 0 ? string.Join(", ", classifiers) : null),
        };
    }

    private static IEnumerable<Package?> Npm(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            yield break;
        }

        using (document)
        {
            if (document.RootElement.ValueKind == JsonValueKind.Object && Text("name") is { } name && Text("version") is { } version)
            {
                yield return new Package("npm", name, version)
                {
                    Licence = Text("license") ?? (document.RootElement.TryGetProperty("license", out var licence) && licence.ValueKind == JsonValueKind.Object
                        && licence.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null),
                };
            }

            string? Text(string property) =>
                document.RootElement.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
    }

    private static string? Word(Dictionary<string, string> fields, string name) => fields.GetValueOrDefault(name) is { } text && IsWord(text) ? text : null;

    /// <summary>Fields a line each, empty lines between paragraphs; what a line that begins with a blank goes on with is not needed here.</summary>
    private static IEnumerable<Dictionary<string, string>> Paragraphs(string text, char separator, Action<string, string>? seen = null)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var written in Lines(text))
        {
            if (written.Length == 0)
            {
                if (fields.Count > 0)
                {
                    yield return fields;
                    fields = new Dictionary<string, string>(StringComparer.Ordinal);
                }

                continue;
            }

            if (written[0] is not (' ' or '\t') && written.IndexOf(separator, StringComparison.Ordinal) is > 0 and var at)
            {
                var (name, value) = (written[..at], written[(at + 1)..].Trim());
                seen?.Invoke(name, value);
                fields.TryAdd(name, value);
            }
        }

        if (fields.Count > 0)
        {
            yield return fields;
        }
    }

    private static IEnumerable<string> Lines(string text)
    {
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
