using System.Runtime.InteropServices;

namespace Aspire.Hosting;

/// <summary>The signals that the host sends, by their numbers on Linux.</summary>
internal enum Signal
{
    Probe = 0,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}

internal static class Signals
{
    /// <summary>Sends a signal to a process, or with a negative id to a process group. False: there is none.</summary>
    public static bool Send(int id, Signal signal) => Kill(id, (int)signal) == 0;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int id, int signal);
}
