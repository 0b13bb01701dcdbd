using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orrery.Tests;

/// <summary>A real redis-server of one test, which may be stopped, continued, killed and started again; gone when the test is, however it ends.</summary>
/// <remarks>A shell holds the server and a pipe from us: when the pipe closes, because we say so or because we died, it ends the server.</remarks>
internal sealed class RedisInstance : IAsyncDisposable
{
    private const string Script =
        """
        trap '' INT TERM HUP
        dir=$(mktemp -d) || exit 1
        launch() { redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir "$dir" --daemonize no >"$dir/log" 2>&1 & pid=$!; }
        launch "$1"
        echo ready
        while read -r command; do
            case $command in
                kill) kill -KILL "$pid"; wait "$pid" 2>/dev/null ;;
                start) launch "$1" ;;
                *) kill "-$command" "$pid" ;;
            esac
            echo "$command done"
        done
        kill -KILL "$pid"; wait "$pid" 2>/dev/null
        rm -rf "$dir"
        """;

    private readonly Process _shell;

    private RedisInstance(Process shell, int port) => (_shell, Port) = (shell, port);

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    public static async Task<RedisInstance> StartAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/redis-server"), "Redis is not installed.");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var shell = Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", $"{port}"]) { RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("sh did not start.");
        var redis = new RedisInstance(shell, port);
        await redis.ExpectAsync("ready");
        await redis.UntilAnswersAsync();
        return redis;
    }

    /// <summary>It takes connections and answers nothing.</summary>
    public Task HangAsync() => TellAsync("STOP");

    public Task GoOnAsync() => TellAsync("CONT");

    public Task KillAsync() => TellAsync("kill");

    /// <summary>A new server on the old port; it remembers nothing.</summary>
    public async Task RestartAsync()
    {
        await TellAsync("start");
        await UntilAnswersAsync();
    }

    /// <summary>One command over a connection of its own, and its answer: the text of a bulk string, else the first line.</summary>
    public async Task<string> AskAsync(params string[] words)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        var text = $"*{words.Length}\r\n" + string.Concat(words.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"));
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));
        using var reader = new StreamReader(client.GetStream());
        var line = await reader.ReadLineAsync() ?? "";
        if (!line.StartsWith('$'))
        {
            return line;
        }

        var bulk = new char[Math.Max(0, int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture))];
        return new string(bulk, 0, await reader.ReadBlockAsync(bulk));
    }

    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
    }

    private Task UntilAnswersAsync() => Eventually.Holds(
        async () =>
        {
            try
            {
                return await AskAsync("PING");
            }
            catch (SocketException error)
            {
                throw new IOException(error.Message, error);
            }
        },
        answer => answer == "+PONG");

    private async Task TellAsync(string command)
    {
        await _shell.StandardInput.WriteLineAsync(command);
        await _shell.StandardInput.FlushAsync();
        await ExpectAsync(command + " done");
    }

    private async Task ExpectAsync(string line)
    {
        var seen = await _shell.StandardOutput.ReadLineAsync();
        if (seen != line)
        {
            throw new InvalidOperationException($"redis-server answered '{seen}' instead of '{line}'.");
        }
    }
}
