using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Orrery.Builder.Targets.Container;

/// <summary>Which of the two it is, where, and what it says of itself.</summary>
internal sealed record FoundTool(string Path, bool IsPodman, string Version, bool IsBuildah = false)
{
    public string Name => IsPodman ? "podman" : IsBuildah ? "buildah" : "docker";

    /// <summary>Whether it takes podman's words: buildah's are the same, and so is its store.</summary>
    public bool IsLikePodman => IsPodman || IsBuildah;
}

/// <summary>What a call of the tool came to.</summary>
internal sealed record ToolAnswer(int Code, string Output, string Error)
{
    public bool IsSuccess => Code == 0;

    /// <summary>What it complained of, on one line and not too long.</summary>
    public string Complaint
    {
        get
        {
            const int Most = 600;
            var text = string.Join(' ', (Error.Length > 0 ? Error : Output).Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            text = text.StartsWith("Error: ", StringComparison.Ordinal) ? text["Error: ".Length..] : text;
            return text.Length > Most ? "…" + text[^Most..] : text.Length > 0 ? text : $"it ended with {Code} and said nothing";
        }
    }
}

/// <summary>One line of a call that is read while it runs.</summary>
internal sealed record ToolLine(string Text, bool IsError);

/// <summary>podman or docker as a program: started without a shell, read to the end, and never waited for without a limit.</summary>
/// <param name="named">The one to use; <c>null</c>: the first of <paramref name="candidates"/> that works.</param>
/// <param name="candidates">What is looked for, the best first.</param>
/// <param name="section">Where it is named in the configuration.</param>
/// <param name="environment">Variables that every call gets beside this process's own.</param>
internal sealed partial class ContainerTool(
    string? named, IReadOnlyList<string> candidates, string section, TimeProvider time, ILogger logger, IReadOnlyDictionary<string, string>? environment = null) : IDisposable
{
    /// <summary>The tool that runs replicas.</summary>
    public ContainerTool(ContainerOptions options, TimeProvider time, ILogger logger, IReadOnlyDictionary<string, string>? environment = null)
        : this(options.Tool, ["podman", "docker"], ContainerOptions.Section, time, logger, environment)
    {
    }

    public const string Unavailable = "ContainerToolUnavailable";

    /// <summary>How long an ordinary call may take; podman waits for others' locks.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Each is a process of tens of megabytes; more at once only stand in each other's way.
    private readonly SemaphoreSlim _atOnce = new(8);
    private readonly SemaphoreSlim _finding = new(1);
    private FoundTool? _found;

    /// <summary>The tool; looked for again until one works, since people start it when they see that it is missing. Once found it stays the one.</summary>
    /// <exception cref="TargetException">None works; says of each why.</exception>
    public async Task<FoundTool> FindAsync(CancellationToken cancellationToken)
    {
        if (_found is { } known)
        {
            return known;
        }

        await _finding.WaitAsync(cancellationToken);
        try
        {
            if (_found is null)
            {
                _found = await SearchAsync(cancellationToken);
                Log.Found(logger, _found.Name, _found.Version, _found.Path);
            }

            return _found;
        }
        finally
        {
            _finding.Release();
        }
    }

    /// <summary>Runs the tool to its end; what it answers is the caller's to judge.</summary>
    /// <param name="variables">Given to it in its environment, where no list of processes shows them.</param>
    /// <exception cref="TargetException">There is no tool, or it did not answer in time.</exception>
    public async Task<ToolAnswer> RunAsync(
        IEnumerable<string> arguments, CancellationToken cancellationToken, TimeSpan? within = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        var tool = await FindAsync(cancellationToken);
        await _atOnce.WaitAsync(cancellationToken);
        try
        {
            return await CallAsync(tool.Path, [.. arguments], within ?? Patience, variables, cancellationToken);
        }
        finally
        {
            _atOnce.Release();
        }
    }

    /// <summary>Runs the tool and gives its lines as they come; the call is ended with the enumeration.</summary>
    /// <param name="stop">Has it end by itself where the enumeration is cut off; what has not ended then is killed. Absent: it is killed at once.</param>
    /// <returns>The lines; the exit code is in <paramref name="ended"/> when they are over.</returns>
    public async IAsyncEnumerable<ToolLine> StreamAsync(
        IEnumerable<string> arguments, Action<int>? ended, [EnumeratorCancellation] CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? variables = null, Func<Process, Task>? stop = null)
    {
        var tool = await FindAsync(cancellationToken);
        using var process = Start(tool.Path, [.. arguments], variables);
        await using var killed = cancellationToken.UnsafeRegister(static state => Kill((Process?)state), stop is null ? process : null);
        // Bounded: a reader that is slow holds the tool back instead of filling the memory.
        var lines = Channel.CreateBounded<ToolLine>(1_000);
        try
        {
            var reading = Task.WhenAll(PumpAsync(process.StandardOutput, false, lines.Writer), PumpAsync(process.StandardError, true, lines.Writer));
            _ = reading.ContinueWith(
                static (done, state) => ((ChannelWriter<ToolLine>)state!).TryComplete(done.Exception), lines.Writer, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken))
            {
                yield return line;
            }

            await process.WaitForExitAsync(cancellationToken);
            ended?.Invoke(process.ExitCode);
        }
        finally
        {
            lines.Writer.TryComplete();
            if (stop is not null && !process.HasExited)
            {
                await stop(process);
            }

            Kill(process);
        }
    }

    public void Dispose()
    {
        _atOnce.Dispose();
        _finding.Dispose();
    }

    private static async Task PumpAsync(StreamReader reader, bool isError, ChannelWriter<ToolLine> lines)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                await lines.WriteAsync(new ToolLine(line, isError));
            }
        }
        catch (Exception error) when (error is IOException or ChannelClosedException or ObjectDisposedException)
        {
            // The process was ended with its reader.
        }
    }

    private async Task<FoundTool> SearchAsync(CancellationToken cancellationToken)
    {
        var tried = new List<string>();
        foreach (var name in named is { Length: > 0 } ? [named] : candidates)
        {
            if (PathOf(name) is not { } path)
            {
                tried.Add($"{name} is not installed");
                continue;
            }

            var version = await CallAsync(path, ["--version"], Patience, null, cancellationToken);
            var isBuildah = version.Output.Contains("buildah", StringComparison.OrdinalIgnoreCase);
            var works = await CallAsync(path, isBuildah ? ["images", "--quiet", "--filter", "label=none=none"] : ["ps", "--quiet", "--last", "1"], Patience, null, cancellationToken);
            if (version.IsSuccess && works.IsSuccess)
            {
                // By what it says and not by its name: 'docker' may be podman's stand-in.
                return new FoundTool(
                    path, version.Output.Contains("podman", StringComparison.OrdinalIgnoreCase),
                    version.Output.Trim().Split(' ', ',').FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0])) ?? "", isBuildah);
            }

            tried.Add($"{name} does not work ({(version.IsSuccess ? works : version).Complaint})");
        }

        throw new TargetException(Unavailable, $"Containers cannot run on this machine: {string.Join("; ", tried)}. "
            + $"Install podman (on Debian and Ubuntu: apt-get install podman) or start docker{(named is null ? "" : $", or take {section}:Tool away")}; it is looked for again.");
    }

    private async Task<ToolAnswer> CallAsync(
        string path, IReadOnlyList<string> arguments, TimeSpan within, IReadOnlyDictionary<string, string>? variables, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(within, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        Process process;
        try
        {
            process = Start(path, arguments, variables);
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return new ToolAnswer(-1, "", $"{path} cannot be started: {error.Message}");
        }

        using (process)
        {
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var error = await process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                return new ToolAnswer(process.ExitCode, await output, error.Trim());
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Kill(process);
                throw new TargetException(Unavailable, $"{Path.GetFileName(path)} {arguments[0]} gave no answer within {within.TotalSeconds:0} s. Look whether '{Path.GetFileName(path)} ps' answers on this machine; it is tried again.");
            }
            catch (OperationCanceledException)
            {
                Kill(process);
                throw;
            }
        }
    }

    private Process Start(string path, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? variables)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in (environment ?? new Dictionary<string, string>()).Concat(variables ?? new Dictionary<string, string>()))
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new UnreachableException();
        process.StandardInput.Close();
        return process;
    }

    private static void Kill(Process? process)
    {
        try
        {
            process?.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            // It has ended by itself.
        }
    }

    private static string? PathOf(string name) => Path.IsPathRooted(name)
        ? File.Exists(name) ? name : null
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => OperatingSystem.IsWindows() ? (string[])[Path.Combine(folder, name + ".exe")] : [Path.Combine(folder, name)])
            .FirstOrDefault(File.Exists);

    private static partial class Log
    {
        [LoggerMessage(3301, LogLevel.Information, "Containers run in {Name} {Version} ({Path})", EventName = "ContainerToolFound")]
        public static partial void Found(ILogger logger, string name, string version, string path);
    }
}
