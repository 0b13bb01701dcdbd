using System.Diagnostics;

namespace Orrery.Tests.Images;

/// <summary>A line of the table that <c>eng/images.sh</c> prints.</summary>
internal sealed record BuiltImage(string Name, string Digest)
{
    /// <summary>The service: <c>gateway</c> in <c>localhost/x/gateway:1</c>.</summary>
    public string Service => Name[(Name.LastIndexOf('/') + 1)..Name.LastIndexOf(':')];
}

/// <summary>This checkout's <c>eng/images.sh</c>.</summary>
internal static class ImageScript
{
    private static readonly string Script = Path.Combine(Repository.Root, "eng/images.sh");

    public static Task<Answer> RunAsync(params string[] arguments) => Command.RunAsync(Script, arguments);

    /// <summary>With other programs than this process finds.</summary>
    public static Task<Answer> RunOnPathAsync(string path, params string[] arguments)
    {
        var start = new ProcessStartInfo(Script, arguments);
        start.Environment["PATH"] = path;
        return Command.RunAsync(start);
    }

    /// <summary>The rows of the table; fails with what the script said where it failed.</summary>
    public static IReadOnlyList<BuiltImage> Table(Answer answer) =>
    [
        .. answer.Text.Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > 1 && columns[1].StartsWith("sha256:", StringComparison.Ordinal))
            .Select(columns => new BuiltImage(columns[0], columns[1])),
    ];
}
