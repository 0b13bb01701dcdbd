using System.Diagnostics;
using System.Globalization;

namespace Orrery.Builder.Builds.Local;

/// <summary>Finds and ends what runs for a build, by the build's folder: everything that is started for it has that on its command line or mounted.</summary>
/// <remarks>
/// podman and buildah leave containers and a running step behind when they are killed, but tidy up when a step fails. So the step's processes are
/// killed and the tool is waited for; it is killed itself only if it does not end.
/// </remarks>
internal sealed class BuildProcesses(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a tool may tidy up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Ends a build's steps until its tool has ended.</summary>
    public async Task EndAsync(string folder, Func<bool> hasEnded)
    {
        var begun = time.GetTimestamp();
        while (!hasEnded() && time.GetElapsedTime(begun) < Patience)
        {
            foreach (var step in Find(folder, "mountinfo"))
            {
                Kill(step);
            }

            await Task.Delay(Pause, time, CancellationToken.None);
        }
    }

    /// <summary>Ends all that runs for a build whose Builder is no more.</summary>
    public async Task EndAsync(string folder)
    {
        await EndAsync(folder, () => Find(folder, "cmdline").Count == 0 && Find(folder, "mountinfo").Count == 0);
        foreach (var process in Find(folder, "cmdline").Concat(Find(folder, "mountinfo")))
        {
            Kill(process);
        }
    }

    /// <summary>Processes of this machine of which a file says the folder's path. None where there is no such file system.</summary>
    private static List<int> Find(string folder, string file)
    {
        var found = new List<int>();
        if (!OperatingSystem.IsLinux())
        {
            return found;
        }

        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId && Says(Path.Combine(process, file), folder))
            {
                found.Add(id);
            }
        }

        return found;
    }

    private static bool Says(string path, string folder)
    {
        try
        {
            return File.ReadAllText(path).Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is somebody else's.
        }
    }

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }
}
