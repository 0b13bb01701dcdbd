using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dapper;
using Npgsql;

[assembly: AssemblyFixture(typeof(Orrery.Tests.PostgresServer))]

namespace Orrery.Tests;

/// <summary>A real PostgreSQL of this test run, started when the first test asks for a database and gone when the run is, however it ends.</summary>
/// <remarks>
/// A shell holds the server and a pipe from us: when the pipe closes, because we say so or because we died, the shell stops the
/// server and removes its directory. Tests that stop the server make one of their own.
/// </remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";

    /// <summary>Roles belong to the server and not to a database, so that services migrating side by side would all create theirs.</summary>
    private const string Roles = "builder catalogue console gateway";

    private const string Script =
        """
        trap '' INT TERM HUP
        bin=$1 port=$2
        dir=$(mktemp -d) || exit 1
        "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log"; rm -rf "$dir"; exit 1; }
        printf '%s\n' "port=$port" "listen_addresses='127.0.0.1'" "unix_socket_directories='$dir'" 'fsync=off' 'max_connections=200' 'shared_buffers=32MB' >>"$dir/data/postgresql.conf"
        "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" start >/dev/null 2>&1 || { cat "$dir/log"; rm -rf "$dir"; exit 1; }
        echo "ready"
        while read -r command; do
            case $command in
                stop) "$bin/pg_ctl" -D "$dir/data" -w -m fast stop >/dev/null 2>&1 ;;
                start) "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" start >/dev/null 2>&1 ;;
            esac
            echo "$command done"
        done
        "$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >/dev/null 2>&1
        rm -rf "$dir"
        """;

    private readonly SemaphoreSlim _starting = new(1);
    private Process? _shell;
    private string? _address;
    private int _databases;

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var address = await StartAsync();
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await using var source = NpgsqlDataSource.Create($"{address};Database=postgres;Pooling=false");
        await using var connection = await source.OpenConnectionAsync();
        await connection.ExecuteAsync($"CREATE DATABASE {name}");
        return $"{address};Database={name}";
    }

    public Task StopAsync() => TellAsync("stop");

    public Task StartAgainAsync() => TellAsync("start");

    public async ValueTask DisposeAsync()
    {
        if (_shell is { } shell)
        {
            shell.StandardInput.Close();
            await shell.WaitForExitAsync();
            shell.Dispose();
        }

        _starting.Dispose();
    }

    private async Task<string> StartAsync()
    {
        await _starting.WaitAsync();
        try
        {
            return _address ??= await LaunchAsync();
        }
        finally
        {
            _starting.Release();
        }
    }

    private async Task<string> LaunchAsync()
    {
        var port = FreePort();
        // PostgreSQL refuses to run as root; Debian's package brings the user.
        string[] command = Environment.UserName == "root"
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "sh", "-c", Script, "sh", Binaries, $"{port}"]
            : ["sh", "-c", Script, "sh", Binaries, $"{port}"];
        _shell = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        }) ?? throw new InvalidOperationException($"{command[0]} did not start.");
        await ExpectAsync("ready");

        var address = $"Host=127.0.0.1;Port={port};Username=postgres";
        await using var source = NpgsqlDataSource.Create($"{address};Database=postgres;Pooling=false");
        await using var connection = await source.OpenConnectionAsync();
        foreach (var role in Roles.Split(' '))
        {
            await connection.ExecuteAsync($"CREATE ROLE {role} NOLOGIN; GRANT {role} TO CURRENT_USER");
        }

        return address;
    }

    private async Task TellAsync(string command)
    {
        await StartAsync();
        await _shell!.StandardInput.WriteLineAsync(command);
        await _shell.StandardInput.FlushAsync();
        await ExpectAsync($"{command} done");
    }

    private async Task ExpectAsync(string line)
    {
        var seen = await _shell!.StandardOutput.ReadLineAsync();
        if (seen != line)
        {
            throw new InvalidOperationException($"PostgreSQL ({Binaries}) answered '{seen}' instead of '{line}': {await _shell.StandardOutput.ReadToEndAsync()}");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
