using System.Collections.Concurrent;
using System.Diagnostics;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>Why a server has ended, in a word and a sentence.</summary>
internal sealed record CauseOfDeath(string Reason, string Message);

/// <summary>Finds out why servers have ended: what the tool says, what the kernel says, what the server wrote last. Each end is looked into once.</summary>
internal sealed class Autopsy(Fleet fleet, TimeProvider time)
{
    public const string Exited = "Exited";
    public const string Killed = "Killed";

    private readonly ConcurrentDictionary<string, CauseOfDeath> _known = new();

    /// <summary>This process ends a server itself, for this reason.</summary>
    public void Note(SeenContainer container, CauseOfDeath cause) => _known[container.Incarnation] = cause;

    public async Task<CauseOfDeath> OfAsync(SeenContainer container, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(container.Incarnation, out var known))
        {
            return known;
        }

        var cause = await LookAsync(container, cancellationToken);
        return _known.GetOrAdd(container.Incarnation, cause);
    }

    public void Keep(IReadOnlyList<SeenContainer> containers)
    {
        foreach (var incarnation in _known.Keys.Except(containers.Select(one => one.Incarnation)))
        {
            _known.TryRemove(incarnation, out _);
        }
    }

    private async Task<CauseOfDeath> LookAsync(SeenContainer container, CancellationToken cancellationToken)
    {
        var limit = container.Labels.Memory > 0 ? $" of {new ByteSize(container.Labels.Memory)}" : "";
        if (container.OomKilled || (container.ExitCode == 137 && await KernelEndedAsync(container.Id, cancellationToken)))
        {
            return new CauseOfDeath(ReplicaReasons.OutOfMemory, $"The server used more than its memory{limit} and was ended by the kernel. Raise resources.memory, or lower what it loads (spec.context, spec.arguments).");
        }

        var lines = await fleet.TailAsync(container, LogDiagnosis.Lines, cancellationToken);
        if (LogDiagnosis.Find(lines) is { } finding)
        {
            return new CauseOfDeath(finding.Reason, $"The server ended with exit code {container.ExitCode}. {finding.MessageWithLine}");
        }

        var last = lines.Count == 0 ? "It wrote nothing." : $"It wrote last: {LogText.Shortened(lines[^1])}";
        return container.ExitCode switch
        {
            137 => new CauseOfDeath(Killed, $"The server was killed (SIGKILL, exit code 137), by somebody or by a machine that ran out of memory. Its own memory{limit} may be too small: see resources.memory. {last}"),
            126 or 127 => new CauseOfDeath(ReplicaReasons.Misconfigured, $"The server's program cannot be run (exit code {container.ExitCode}): check spec.command and the image. {last}"),
            0 => new CauseOfDeath(Exited, $"The server ended by itself, without an error: what the image starts does not stay. Check spec.command and spec.arguments. {last}"),
            var code when ExitSignals.NameOf(code) is { } signal => new CauseOfDeath(Exited, $"The server was ended by {signal} (exit code {code}). {last}"),
            _ => new CauseOfDeath(Exited, $"The server ended with exit code {container.ExitCode}. {last}"),
        };
    }

    /// <summary>Asks the kernel's log, where this user may read it: some set-ups of the tools never hear of it themselves.</summary>
    private async Task<bool> KernelEndedAsync(string id, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            using var process = Process.Start(new ProcessStartInfo("dmesg") { RedirectStandardOutput = true, RedirectStandardError = true }) ?? throw new UnreachableException();
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var log = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await errors;
            return log.Split('\n').Any(line => line.Contains("oom-kill:", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
