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

    public HostProcess(string state, params string[] more)
    {
        State = state;
        var program = Path.Combine(AppContext.BaseDirectory, "Orrery.Tests.Hosting.Host");
        _process = Process.Start(new ProcessStartInfo(program, [$"--AppHost:StateDirectory={state}", "--DcpPublisher:RandomizePorts=true", .. more])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

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
        return Path.GetFileName(Directory.GetDirectories(Path.Combine(State, "run")).Single(path => !path.EndsWith(".closing", StringComparison.Ordinal)));
    }

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
