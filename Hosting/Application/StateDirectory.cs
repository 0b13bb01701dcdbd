using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Where the bundled host keeps what must outlive a run (generated secrets, data volumes) and what must be found by its successor (run directories).</summary>
/// <remarks>
/// <c>AppHost:StateDirectory</c> when configured; else <c>.orrery</c> beside the nearest solution file above the AppHost, or in the AppHost's
/// folder. Always readable by its owner alone.
/// </remarks>
internal sealed class StateDirectory(string path)
{
    public const string ConfigurationKey = "AppHost:StateDirectory";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Path { get; } = path;

    public string Volumes => System.IO.Path.Combine(Path, "volumes");

    public string Runs => System.IO.Path.Combine(Path, "run");

    public static StateDirectory Of(IDistributedApplicationBuilder builder) => Of(builder.Configuration, builder.AppHostDirectory);

    public static StateDirectory Of(IConfiguration configuration, string appHostDirectory)
    {
        var configured = configuration[ConfigurationKey];
        return new(string.IsNullOrEmpty(configured)
            ? System.IO.Path.Combine(SolutionAbove(appHostDirectory) ?? appHostDirectory, ".orrery")
            : System.IO.Path.GetFullPath(configured, appHostDirectory));
    }

    public void Ensure() => Ensure(Path);

    public static void Ensure(string directory)
    {
        Directory.CreateDirectory(directory, OwnerOnly);
        File.SetUnixFileMode(directory, OwnerOnly);
    }

    private static string? SolutionAbove(string directory)
    {
        for (var one = new DirectoryInfo(directory); one is { Exists: true }; one = one.Parent)
        {
            if (one.EnumerateFiles("*.sln").Any() || one.EnumerateFiles("*.slnx").Any())
            {
                return one.FullName;
            }
        }

        return null;
    }
}
