namespace Orrery.AppHost;

/// <summary>What this machine has, as far as the graph depends on it.</summary>
internal static class LocalMachine
{
    public static bool HasNvidiaGpu => File.Exists("/dev/nvidia0") && IsOnPath("nvidia-smi");

    public static bool HasContainerTool => IsOnPath("podman") || IsOnPath("docker");

    private static bool IsOnPath(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command)));
}
