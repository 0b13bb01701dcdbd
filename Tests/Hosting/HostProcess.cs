using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Aspire.Hosting;

namespace Orrery.Tests.Hosting;

/// <summary>The test host as a process of its own, with state of its own.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    public HostProcess(string state)
        : this(state, new ProcessStartInfo(Program, Arguments(state)))
    {
    }

    private HostProcess(string state, ProcessStartInfo start)
    {
        State = state;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Orrery.Tests.Hosting.Host");

    public string State { get; }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public int Id => _process.Id;

    /// <summary>The host with a container in its graph, in a network namespace of its own: the container's network is then none of this machine's.</summary>
    public static HostProcess WithContainer(string state, string containersConf)
    {
        string[] inside = ["--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "host", Program, .. Arguments(state), "--graph=container"];
        var start = new ProcessStartInfo("unshare", inside);
        start.Environment["CONTAINERS_CONF"] = containersConf;
        return new HostProcess(state, start);
    }

    /// <summary>The processes of the run that are alive, wherever their groups are.</summary>
    public static List<string> Marked(string run) =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])).Where(path =>
        {
            try
            {
                return File.ReadAllText(Path.Combine(path, "environ")).Contains($"{ChildEnvironment.RunMark}={run}\0", StringComparison.Ordinal);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }),
    ];

    public async Task<string> UntilStartedAsync()
    {
        await Eventually.Holds(() => Task.FromResult(Output), text => text.Contains("stubborn   Running", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        return Run();
    }

    /// <summary>The run's own name.</summary>
    public string Run() => Path.GetFileName(Directory.GetDirectories(Path.Combine(State, "run")).Single(path => !path.EndsWith(".closing", StringComparison.Ordinal)));

    public List<int> Ports() => [.. Port().Matches(Output).Select(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).Distinct()];

    public void Send(Signal signal) => Signals.Send(_process.Id, signal);

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync(Graph.Soon());
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(Graph.Soon());
        await Eventually.Holds(() => !Directory.Exists(Path.Combine(State, "run")) || Directory.GetDirectories(Path.Combine(State, "run")).Length == 0);
        _process.Dispose();
    }

    private static string[] Arguments(string state) => [$"--AppHost:StateDirectory={state}", "--DcpPublisher:RandomizePorts=true"];

    private void Add(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    [GeneratedRegex(@"://localhost:(\d+)")]
    private static partial Regex Port();
}
