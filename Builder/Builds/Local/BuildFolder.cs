using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds.Local;

/// <summary>What one build has on this machine's disk: the context as it is declared, and what its tool is told. Readable for nobody else, and removed with it.</summary>
internal sealed class BuildFolder : IDisposable
{
    private BuildFolder(string path) => Path = path;

    public string Path { get; }

    public string Dockerfile => In("Dockerfile");

    public string Context => In("context");

    /// <summary>The tool's temporary files: what it mounts into steps lies here.</summary>
    public string Temporary => In("tmp");

    public string ImageId => In("image-id");

    public string Digest => In("digest");

    /// <summary>Credentials for fetching bases, as every tool reads them from a folder of its own.</summary>
    public string Pulls => In("pulls");

    public string Pushes => In("pushes");

    /// <summary>Authorities that registries are trusted by, beside the machine's own.</summary>
    public string Authorities => In("authorities");

    /// <summary>Who is asked in registries' places, as podman and buildah read it.</summary>
    public string Mirrors => In("registries.conf");

    public static BuildFolder Create(string root, BuildOrder order, RegistryOptions registries)
    {
        Make(root);
        var folder = new BuildFolder(System.IO.Path.Combine(root, $"{order.Id:N}"));
        folder.Dispose();
        foreach (var path in (string[])[folder.Path, folder.Context, folder.Temporary, folder.Pulls, folder.Pushes, folder.Authorities])
        {
            Make(path);
        }

        File.WriteAllText(folder.Dockerfile, order.Recipe.Dockerfile);
        foreach (var (name, text) in order.Recipe.Files)
        {
            var path = System.IO.Path.Combine(folder.Context, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Open(folder.Context);
        Write(folder.Pulls, order.Pulls);
        Write(folder.Pushes, order.Pushes);
        if (registries.CaFile is { Length: > 0 } authorities)
        {
            File.Copy(authorities, System.IO.Path.Combine(folder.Authorities, "ca.crt"));
        }

        File.WriteAllText(folder.Mirrors, MirrorsOf(registries));
        return folder;
    }

    /// <summary>The credentials' file in one of these folders.</summary>
    public static string AuthFile(string folder) => System.IO.Path.Combine(folder, "config.json");

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>What is copied into an image has the same modes wherever it is built: everybody may read, and scripts may be run.</summary>
    private static void Open(string context)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode Read = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode Run = Read | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        foreach (var folder in Directory.EnumerateDirectories(context, "*", SearchOption.AllDirectories).Append(context))
        {
            File.SetUnixFileMode(folder, Run);
        }

        foreach (var file in Directory.EnumerateFiles(context, "*", SearchOption.AllDirectories))
        {
            File.SetUnixFileMode(file, File.ReadLines(file).FirstOrDefault()?.StartsWith("#!", StringComparison.Ordinal) == true ? Run : Read);
        }
    }

    /// <summary>What the settings were checked for before: registries and beginnings of names, without quotation marks.</summary>
    private static string MirrorsOf(RegistryOptions registries) => string.Concat(registries.Mirrors.Select(pair => $"""
        [[registry]]
        prefix = "{pair.Key}"
        location = "{pair.Key}"
        [[registry.mirror]]
        location = "{pair.Value.TrimEnd('/')}"
        insecure = {(registries.IsPlain(pair.Value.Split('/')[0]) ? "true" : "false")}

        """));

    private static void Write(string folder, RegistryCredentials? credentials) => File.WriteAllText(AuthFile(folder), DockerConfig.Of(credentials));
}
