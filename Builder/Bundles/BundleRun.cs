using Microsoft.Extensions.Options;
using Orrery.Builder.Commands;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>What the commands on bundles share: what they read, and how they end.</summary>
internal static class BundleRun
{
    /// <summary>As shells have it for what SIGINT ended.</summary>
    private const int Interrupted = 130;

    private const int LongestCredentials = 1 << 20;

    /// <summary>Errno: no space left on the device, and over the quota.</summary>
    private static readonly int[] Full = [28, 122];

    /// <summary>Every end that is no bug becomes a line that says what to do, and a code.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> run, TextWriter error)
    {
        try
        {
            return await run();
        }
        catch (BundleException fault)
        {
            await error.WriteLineAsync($"{fault.Message}. {fault.Remedy}");
            return fault.IsMisuse ? BuilderCommands.Misused : 1;
        }
        catch (RemoteFailure failure)
        {
            var fault = BundleException.Of(failure);
            await error.WriteLineAsync($"{fault.Message}. {fault.Remedy}");
            return 1;
        }
        catch (OptionsValidationException fault)
        {
            await error.WriteLineAsync(string.Join(Environment.NewLine, fault.Failures));
            return BuilderCommands.Misused;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or BlobSourceException)
        {
            await error.WriteLineAsync($"{fault.Message.TrimEnd('.')}. {RemedyOf(fault)}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Stopped. The same command goes on from here.");
            return Interrupted;
        }
    }

    public static BundleProgress ProgressTo(TextWriter error) => new(error, TimeProvider.System);

    public static async Task<BundleVerdict> CheckAsync(string directory, BundleProgress progress, CancellationToken cancellationToken) => Directory.Exists(directory)
        ? await new BundleCheck(new BundleFolder(directory), progress).RunAsync(cancellationToken)
        : throw BundleException.Misuse($"There is no directory '{directory}'", "Name the directory that 'bundle export' made.");

    public static RegistryCredentials? ReadCredentials(string? path)
    {
        if (path is null)
        {
            return null;
        }

        string text;
        try
        {
            text = new FileInfo(path).Length <= LongestCredentials ? File.ReadAllText(path) : throw new IOException($"it has more than {LongestCredentials} bytes");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw BundleException.Misuse($"--credentials '{path}' cannot be read: {error.Message.TrimEnd('.')}", "Name a file such as ~/.docker/config.json.");
        }

        return RegistryCredentials.TryRead(text, out var fault)
            ?? throw BundleException.Misuse($"--credentials '{path}' is not in Docker's form: {fault}", "'podman login --authfile FILE' writes such a file.");
    }

    private static string RemedyOf(Exception fault) => fault.InnerException is IOException inner ? RemedyOf(inner)
        : Full.Contains(fault.HResult) ? "The disk is full: make room and run the same command again, which goes on from here."
        : fault is UnauthorizedAccessException ? "May this user read and write there?"
        : "Is the directory still there and readable? Run the same command again, which goes on from here.";
}
