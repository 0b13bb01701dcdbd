using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The machine's own PostgreSQL: one on PATH, else the newest that Debian's packages have installed.</summary>
internal static class PostgresServer
{
    /// <summary>Where initdb and postgres are; null when they are not installed.</summary>
    public static string? Folder { get; } = FindFolder();

    public static async Task<LaunchPlan> PlanAsync(PostgresServerResource server, LocalServerContext context)
    {
        var data = context.DataDirectory;
        var account = PostgresAccount.Choose(data);
        await account.OwnAsync(data, context.CancellationToken);
        if (!File.Exists(Path.Combine(data, "PG_VERSION")))
        {
            await InitialiseAsync(server, account, context);
        }

        await RefuseOtherVersionAsync(data, context.CancellationToken);
        var port = server.PrimaryEndpoint.Port.ToString(CultureInfo.InvariantCulture);
        return new LaunchPlan
        {
            FileName = account.FileName(Path.Combine(Folder!, "postgres")),
            Arguments =
            [
                .. account.Arguments(Path.Combine(Folder!, "postgres")),
                "-D", data,
                "-c", "listen_addresses=127.0.0.1",
                "-c", $"port={port}",
                "-c", "unix_socket_directories=",
            ],
            WorkingDirectory = "/",
            StopSignal = Signal.Interrupt, // a fast shutdown; what Terminate asks for would wait for every client to leave
            StopTimeout = TimeSpan.FromSeconds(30),
            Properties = [new("hosted.by", Path.Combine(Folder!, "postgres")), new("data.directory", data)],
        };
    }

    private static async Task InitialiseAsync(PostgresServerResource server, PostgresAccount account, LocalServerContext context)
    {
        context.Log($"Making a new database cluster in {context.DataDirectory}.");
        var user = await server.UserNameReference.GetValueAsync(context.CancellationToken);
        var password = await server.PasswordParameter.GetValueAsync(context.CancellationToken);
        var passwordFile = Path.Combine(context.Run.Path, $"{server.Name}.pw");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            await using (var writer = new StreamWriter(passwordFile, options))
            {
                await writer.WriteLineAsync(password.AsMemory(), context.CancellationToken);
            }

            await account.OwnAsync(passwordFile, context.CancellationToken);
            await account.RunAsync(
                Path.Combine(Folder!, "initdb"),
                ["-D", context.DataDirectory, "-U", user!, $"--pwfile={passwordFile}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"],
                context.Log,
                context.CancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    private static async Task RefuseOtherVersionAsync(string data, CancellationToken cancellationToken)
    {
        var made = (await File.ReadAllTextAsync(Path.Combine(data, "PG_VERSION"), cancellationToken)).Trim();
        var version = await VersionAsync(cancellationToken);
        if (made != version)
        {
            throw new DistributedApplicationException(
                $"The data in {data} was made by PostgreSQL {made}, and this machine has {version}. Install PostgreSQL {made}, or move the data away.");
        }
    }

    private static async Task<string> VersionAsync(CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Folder!, "postgres"), ["--version"]) { RedirectStandardOutput = true })
            ?? throw new UnreachableException();

        // postgres (PostgreSQL) 15.7 (Debian 15.7-0+deb12u1)
        var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return text.Split(' ').First(word => char.IsAsciiDigit(word[0])).Split('.')[0];
    }

    private static string? FindFolder()
    {
        if (Programs.Find("postgres") is { } onPath && File.Exists(Path.Combine(Path.GetDirectoryName(onPath)!, "initdb")))
        {
            return Path.GetDirectoryName(onPath);
        }

        const string packages = "/usr/lib/postgresql";
        return !Directory.Exists(packages) ? null : Directory.GetDirectories(packages)
            .Where(folder => File.Exists(Path.Combine(folder, "bin", "postgres")))
            .OrderByDescending(folder => double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(folder => Path.Combine(folder, "bin"))
            .FirstOrDefault();
    }
}
