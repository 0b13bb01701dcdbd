using System.CommandLine;
using System.IO.Enumeration;
using System.Text;
using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Linting;

namespace Orrery.Catalogue.Commands;

/// <summary><c>lint</c>: looks through entries of files, folders or the built-in ones; 1 where one has an error.</summary>
internal static class LintCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("paths") { Arity = ArgumentArity.ZeroOrMore, Description = "Files of entries (.yaml, .yml, .json, .js, .ts) or folders with such; without any: the entries that come with the Catalogue" };
        var format = new Option<string>("--format") { Description = "How findings are written", DefaultValueFactory = _ => "text" }.AcceptOnlyFromAmong("text", "json", "github");
        var strict = new Option<bool>("--strict") { Description = "Warnings count as errors" };
        var command = new Command("lint", "Looks through entries of the catalogue without a GPU and without a network, and names every fault (docs/catalogue.md)") { paths, format, strict };
        command.SetAction(result => Run(result.GetValue(paths) ?? [], result.GetValue(format)!, result.GetValue(strict)));
        return command;
    }

    private static int Run(string[] paths, string format, bool strict)
    {
        var missing = paths.Where(path => !File.Exists(path) && !Directory.Exists(path)).ToList();
        if (missing.Count > 0)
        {
            Console.Error.WriteLine($"There is no file and no folder {string.Join(", ", missing.Select(path => $"'{path}'"))}.");
            return 2;
        }

        if (Files(paths).Select(path => (Path: path, Fault: FaultOf(path))).FirstOrDefault(file => file.Fault is not null) is { Fault: { } fault } unread)
        {
            Console.Error.WriteLine($"'{unread.Path}' is not read: {fault}.");
            return 2;
        }

        var (entries, findings) = LintFiles(paths);
        if (entries == 0 && findings.Count == 0)
        {
            Console.Error.WriteLine($"There is no entry in {string.Join(", ", paths.Select(path => $"'{path}'"))}: no file that ends in .yaml, .yml, .json, .js or .ts.");
            return 2;
        }

        Write(findings, entries, format);
        return findings.Any(finding => strict || finding.Severity == Severities.Error) ? 1 : 0;
    }

    private static (int Entries, IReadOnlyList<LintFinding> Findings) LintFiles(string[] paths)
    {
        var files = paths.Length == 0 ? [.. BuiltInEntries.Texts().Select(file => (file.Path, Text: Encoding.UTF8.GetBytes(file.Text)))] : Files(paths).Select(path => (Path: path, Text: Read(path))).ToList();
        var results = files.Select(file => EntryLinter.Lint(file.Text, file.Path)).ToList();
        var entries = results.SelectMany(result => result.Entries).ToList();
        return (entries.Count, [.. results.SelectMany(result => result.Findings), .. EntryLinter.LintTogether(entries)]);
    }

    /// <summary>Nothing is opened that may have no end: a pipe, a device, a socket. All of these have no length, and what has none is not opened.</summary>
    private static string? FaultOf(string path)
    {
        try
        {
            var file = Target(path);
            return !file.Exists ? "it leads to nothing"
                : file.Length > DocumentLimits.MaxBytes ? $"it has {file.Length} bytes; expected at most {DocumentLimits.MaxBytes / 1024 / 1024} MiB, as the service takes"
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message.TrimEnd('.');
        }
    }

    private static byte[] Read(string path)
    {
        var file = Target(path);
        if (file.Length == 0)
        {
            return [];
        }

        using var stream = file.OpenRead();
        var text = new byte[Math.Min(file.Length, DocumentLimits.MaxBytes)];
        return text[..stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
    }

    /// <summary>What a link leads to in the end.</summary>
    private static FileInfo Target(string path) => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? new FileInfo(path);

    private static IEnumerable<string> Files(string[] paths) => paths.SelectMany(path =>
        Directory.Exists(path) ? Within(path).Where(IsEntry).Order(StringComparer.Ordinal) : Enumerable.Repeat(path, 1));

    /// <summary>Links to folders are not followed: one may lead to a folder above.</summary>
    private static FileSystemEnumerable<string> Within(string folder) =>
        new(folder, (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };

    private static bool IsEntry(string path) => Path.GetExtension(path) is ".yaml" or ".yml" or ".json" or ".js" or ".ts";

    private static void Write(IReadOnlyList<LintFinding> findings, int entries, string format)
    {
        if (format == "json")
        {
            Console.WriteLine(JsonSerializer.Serialize(new LintAnswer(entries, findings), CatalogueJson.Default.LintAnswer));
            return;
        }

        foreach (var finding in findings)
        {
            Console.WriteLine(format == "github" ? Annotation(finding) : finding.ToString());
        }

        var errors = findings.Count(finding => finding.Severity == Severities.Error);
        Console.WriteLine($"entries: {entries}, errors: {errors}, warnings: {findings.Count - errors}");
    }

    internal static string Annotation(LintFinding finding) =>
        $"::{finding.Severity} file={Property(finding.File)},line={finding.Line ?? 1},col={finding.Column ?? 1},title={Property(finding.Rule)}::{Data(finding.ToString())}";

    private static string Data(string text) =>
        text.Replace("%", "%25", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Data(text).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);
}
