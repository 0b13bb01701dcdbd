using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Aspire.Hosting;

/// <summary>A program in a session of its own, known to the reaper before it begins.</summary>
internal sealed class ChildProcess
{
    private static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    // Registers its id and start time, then becomes the program. It cannot begin unregistered: once the reaper has closed
    // the run directory by renaming it, the registration fails and the program is not executed.
    // In bash, since other shells drop variables with a hyphen (services__my-api__http__0) on the way; -p keeps it from reading BASH_ENV.
    private const string Register =
        """t() { shift 19; echo "$1"; }; read -r s </proc/$$/stat || exit 126; echo "$$ $(t ${s##*) }) $2" >"$1.$$.child" || exit 126; shift 2; exec "$@" """;

    private static readonly string[] Shell = Programs.Find("bash") is { } bash ? [bash, "-p", "-c", Register] : ["/bin/sh", "-c", Register];

    private readonly Process _process;
    private readonly LaunchPlan _plan;
    private readonly TimeProvider _time;
    private readonly string _registration;
    private readonly CancellationTokenSource _reading = new();

    private ChildProcess(Process process, LaunchPlan plan, string registration, Action<string, bool> onLine, TimeProvider time)
    {
        _process = process;
        _plan = plan;
        _time = time;
        _registration = string.Create(CultureInfo.InvariantCulture, $"{registration}.{process.Id}.child");
        Id = process.Id;
        var reading = Task.WhenAll(
            LineReader.ReadAsync(process.StandardOutput, line => onLine(line, false), _reading.Token),
            LineReader.ReadAsync(process.StandardError, line => onLine(line, true), _reading.Token));
        Exited = WatchAsync(reading);
    }

    /// <summary>The process, which is the leader of its session and group.</summary>
    public int Id { get; }

    /// <summary>Completes with the exit code (128 + signal when killed) when the program and all of its group have ended.</summary>
    public Task<int> Exited { get; }

    /// <exception cref="DistributedApplicationException">There is no such program or folder.</exception>
    public static async Task<ChildProcess> StartAsync(string name, LaunchPlan plan, RunDirectory run, Action<string, bool> onLine, TimeProvider time)
    {
        if (!Directory.Exists(plan.WorkingDirectory))
        {
            throw new DistributedApplicationException($"'{name}' cannot start: its folder {plan.WorkingDirectory} does not exist.");
        }

        var program = Programs.Find(plan.FileName, plan.WorkingDirectory) ?? throw new DistributedApplicationException(
            $"'{name}' cannot start: there is no program '{plan.FileName}'{(plan.FileName.Contains('/', StringComparison.Ordinal) ? "" : " on PATH")}.");
        var registration = Path.Combine(run.Path, name);
        var process = Process.Start(StartInfo(plan, program, registration, run)) ?? throw new UnreachableException();
        if (plan.StandardInput is { } input)
        {
            await WriteInputAsync(process, input);
        }

        process.StandardInput.Close();
        return new ChildProcess(process, plan, registration, onLine, time);
    }

    /// <summary>Asks the whole group to end and kills what is left after the plan's time, or at once when <paramref name="atOnce"/> fires.</summary>
    public async Task StopAsync(CancellationToken atOnce)
    {
        Send(_plan.StopSignal);
        try
        {
            await Exited.WaitAsync(_plan.StopTimeout, _time, atOnce);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            Send(Signal.Kill);
            await Exited;
        }
    }

    private static ProcessStartInfo StartInfo(LaunchPlan plan, string program, string registration, RunDirectory run)
    {
        var signal = ((int)plan.StopSignal).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("setsid", [.. Shell, "register", registration, signal, program, .. plan.Arguments])
        {
            WorkingDirectory = plan.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment.Clear();
        foreach (var (name, value) in ChildEnvironment.Of(Environment.GetEnvironmentVariables(), plan.Environment, run.Id))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static async Task WriteInputAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input);
        }
        catch (IOException)
        {
            // It ended before it read: its exit code and its log tell more than the broken pipe.
        }
    }

    // A program that leaves children behind would keep its port from its successor: they end with it.
    private async Task<int> WatchAsync(Task reading)
    {
        await _process.WaitForExitAsync();
        if (ProcessTable.GroupIsAlive(Id))
        {
            Signals.Send(-Id, Signal.Terminate);
            await EndGroupAsync();
        }

        await Task.WhenAny(reading, Task.Delay(Drain, _time, CancellationToken.None));
        await _reading.CancelAsync();
        await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        File.Delete(_registration);
        var code = _process.ExitCode;
        _process.Dispose();
        return code;
    }

    private async Task EndGroupAsync()
    {
        var begun = _time.GetTimestamp();
        while (ProcessTable.GroupIsAlive(Id))
        {
            await Task.Delay(Poll, _time, CancellationToken.None);
            if (_time.GetElapsedTime(begun) > TimeSpan.FromSeconds(3))
            {
                Signals.Send(-Id, Signal.Kill);
            }
        }
    }

    // Until setsid has run there is no group of this id yet.
    private void Send(Signal signal)
    {
        if (!Signals.Send(-Id, signal) && !Exited.IsCompleted)
        {
            Signals.Send(Id, signal);
        }
    }
}
