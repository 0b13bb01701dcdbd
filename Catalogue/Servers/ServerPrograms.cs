using System.Collections.Frozen;

namespace Orrery.Catalogue.Servers;

/// <summary>The programs of our own servers, as their images' Dockerfiles copy them: the folder <c>server/</c> of the build context.</summary>
internal static class ServerPrograms
{
    private const string Folder = "server/";

    /// <summary>Text by path below the build context. The same for all of them, since they share most of it.</summary>
    public static IReadOnlyDictionary<string, string> Files { get; } = typeof(ServerPrograms).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).ToFrozenDictionary(name => name.Replace('\\', '/'), Read, StringComparer.Ordinal);

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(ServerPrograms).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
