using System.Diagnostics;

namespace Aspire.Hosting;

/// <summary>
/// Who runs PostgreSQL, which refuses to run as root: the present user, or in root's case the user <c>postgres</c>. Where that user cannot
/// pass the folders above the data (a checkout under a home directory, the state directory itself), it is given the one capability for it.
/// </summary>
internal sealed class PostgresAccount
{
    private const string User = "postgres";

    private readonly string[] _switch;

    private PostgresAccount(string[] @switch) => _switch = @switch;

    /// <exception cref="DistributedApplicationException">Root has nobody to switch to.</exception>
    public static PostgresAccount Choose(string data)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new([]);
        }

        if (!File.ReadLines("/etc/passwd").Any(line => line.StartsWith(User + ":", StringComparison.Ordinal)))
        {
            throw new DistributedApplicationException(
                "PostgreSQL does not run as root, and this machine has no user 'postgres' to run it as. Create one (useradd --system postgres) or start as another user.");
        }

        if (Programs.Find("setpriv") is not { } setpriv)
        {
            throw new DistributedApplicationException("PostgreSQL does not run as root, and there is no 'setpriv' to switch to user 'postgres': install util-linux.");
        }

        string[] plain = [setpriv, $"--reuid={User}", $"--regid={User}", "--init-groups"];
        return CanPass(plain, data) ? new(plain) : new([.. plain, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]);
    }

    public string FileName(string program) => _switch.Length == 0 ? program : _switch[0];

    public IEnumerable<string> Arguments(string program) => _switch.Length == 0 ? [] : [.. _switch[1..], program];

    /// <summary>Gives a file or folder to whoever runs PostgreSQL.</summary>
    public Task OwnAsync(string path, CancellationToken cancellationToken) => _switch.Length == 0
        ? Task.CompletedTask
        : RunAsync("chown", ["-R", $"{User}:{User}", path], [], _ => { }, cancellationToken);

    /// <summary>Runs a program as that user.</summary>
    /// <exception cref="DistributedApplicationException">It failed; the message holds what it wrote.</exception>
    public Task RunAsync(string program, IReadOnlyList<string> arguments, Action<string> log, CancellationToken cancellationToken) =>
        RunAsync(FileName(program), [.. Arguments(program), .. arguments], arguments, log, cancellationToken);

    private static async Task RunAsync(string file, IEnumerable<string> arguments, IReadOnlyList<string> shown, Action<string> log, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })
            ?? throw new UnreachableException();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        foreach (var line in (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            log(line);
        }

        if (process.ExitCode != 0)
        {
            throw new DistributedApplicationException($"{file} {string.Join(' ', shown)} failed with exit code {process.ExitCode}: {error.Trim()}");
        }
    }

    private static bool CanPass(string[] asUser, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(asUser[0], [.. asUser[1..], "test", "-x", Path.GetDirectoryName(folder)!]) { WorkingDirectory = "/" })
            ?? throw new UnreachableException();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
