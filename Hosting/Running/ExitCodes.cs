using System.Globalization;

namespace Aspire.Hosting;

internal static class ExitCodes
{
    /// <summary>An end in words; codes above 128 are signals, as a shell reports them.</summary>
    public static string Explain(int code, bool wasStopped)
    {
        var how = code switch
        {
            130 => "was interrupted (SIGINT)",
            134 => "aborted (SIGABRT)",
            137 => "was killed (SIGKILL; by hand, or for want of memory)",
            139 => "crashed (SIGSEGV)",
            143 => "was terminated (SIGTERM)",
            _ => string.Create(CultureInfo.InvariantCulture, $"ended with exit code {code}"),
        };
        return wasStopped ? $"Stopped: {how}." : $"Ended by itself: {how}.";
    }
}
