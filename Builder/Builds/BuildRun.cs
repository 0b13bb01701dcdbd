using System.Globalization;
using Npgsql;
using Orrery.Builder.SupplyChain;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>One attempt at one build.</summary>
internal sealed partial class BuildRun(
    BuildRecord build, BuildStore store, IImageBuilder builder, ImageEvidence evidence, ImageCredentials credentials, BuildOptions options, TimeProvider time, ILogger<BuildRun> logger) : IBuildProgress
{
    public delegate BuildRun Factory(BuildRecord build);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan KeepPause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan StorePause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, double> _timings = new(StringComparer.Ordinal);
    private string _state = BuildStates.Building;
    private long _since = time.GetTimestamp();
    private BuildLog _log = null!;
    private string? _progress;
    private string? _told;

    /// <param name="cancelled">Somebody does not want it any more.</param>
    /// <param name="ended">This Builder leads no longer: the row stays as it is, for the next.</param>
    public async Task RunAsync(CancellationToken cancelled, CancellationToken ended)
    {
        using var late = new CancellationTokenSource(options.Within, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancelled, ended, late.Token);
        _log = new BuildLog(store, build.Id, await store.LastLineAsync(build.Id, ended), options.LogMegabytes, time);
        using var keeping = CancellationTokenSource.CreateLinkedTokenSource(ended);
        var keeper = KeepAsync(keeping.Token);
        Func<CancellationToken, Task> outcome;
        try
        {
            var (built, kept) = await BuildAsync(limit.Token);
            Enter(BuildStates.Done);
            Write($"Done: {built.Image}");
            Log.Built(logger, build.Model, build.Namespace, built.Image);
            outcome = token => store.FinishAsync(build.Id, built, kept, _timings, token);
        }
        catch (Exception) when (!ended.IsCancellationRequested && cancelled.IsCancellationRequested)
        {
            Write("Cancelled");
            await GiveUpAsync(ended);
            outcome = token => store.CancelledAsync(build.Id, token);
        }
        catch (Exception error) when (!ended.IsCancellationRequested)
        {
            if (late.IsCancellationRequested)
            {
                await GiveUpAsync(ended);
            }

            outcome = Failed(Explain(error, isLate: late.IsCancellationRequested));
        }

        await keeping.CancelAsync();
        await keeper.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await InsistAsync(_log.EndAsync, ended);
        await InsistAsync(outcome, ended);
    }

    private async Task<(BuiltImage Image, Evidence? Evidence)> BuildAsync(CancellationToken cancellationToken)
    {
        var (pulls, pushes, secrets) = await credentials.OfAsync(build, cancellationToken);
        _log.Hide(secrets);
        var tool = await builder.DescribeAsync(cancellationToken);
        Write(build.Attempt == 1 ? $"Building {build.Model} of namespace {build.Namespace} with {tool}" : $"Attempt {build.Attempt}");
        var target = build.Repository.Length == 0 ? null : ImageReference.Parse($"{build.Repository}:{build.Tag}")!;
        var image = await builder.BuildAsync(new BuildOrder(build.Id, build.Key, build.Recipe, target, pulls, pushes), this, cancellationToken);
        return (image, image.Digest is null ? null : await evidence.KeepAsync(build, image, tool, pushes, this, cancellationToken));
    }

    /// <summary>What cannot be ended now is ended when a Builder looks for what is left.</summary>
    private async Task GiveUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await builder.EndAsync(build.Id, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            Write($"What was begun could not be ended: {error.Message}");
        }
    }

    private BuildException Explain(Exception error, bool isLate) => isLate
        ? new BuildException(
            BuildReasons.TookTooLong,
            $"It was {_state} after {options.Within} and was ended{(_progress is null ? "" : $" ({_progress})")}. Raise {BuildOptions.Section}:Within, or look in its log for what takes so long.")
        : error as BuildException ?? new BuildException(BuildReasons.Other, $"While it was {_state}: {error.Message}", mayPass: true, error);

    public async Task EnterAsync(string state, CancellationToken cancellationToken)
    {
        Enter(state);
        await InsistAsync(token => store.EnterAsync(build.Id, state, _timings, token), cancellationToken);
    }

    public void Tell(string progress) => Volatile.Write(ref _progress, progress);

    public void Write(string line) => _log.Write(line);

    private void Enter(string state)
    {
        _timings[_state] = Math.Round(time.GetElapsedTime(_since).TotalSeconds, 3);
        (_state, _since) = (state, time.GetTimestamp());
    }

    private Func<CancellationToken, Task> Failed(BuildException error)
    {
        Enter(BuildStates.Failed);
        var next = error.MayPass && build.Attempt < options.Attempts ? time.GetUtcNow() + Pause() : (DateTimeOffset?)null;
        Write($"Failed: {error.Message}");
        Log.Failed(logger, build.Model, build.Namespace, error.Reason, error.Message, next?.ToString("O", CultureInfo.InvariantCulture) ?? "never");
        return token => store.FailAsync(build.Id, error.Reason, error.Message, next, _timings, token);
    }

    private TimeSpan Pause()
    {
        var pause = options.FirstPause * Math.Pow(2, Math.Min(build.Attempt - 1, 10));
        return pause < LongestPause ? pause : LongestPause;
    }

    /// <summary>Stores lines and progress as they come.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(KeepPause, time, cancellationToken);
            await InsistAsync(_log.FlushAsync, cancellationToken);
            if (Volatile.Read(ref _progress) is { } progress && progress != _told)
            {
                await InsistAsync(token => store.TellAsync(build.Id, progress, token), cancellationToken);
                _told = progress;
            }
        }
    }

    /// <summary>A database that is away for a while makes nobody build anew.</summary>
    private async Task InsistAsync(Func<CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await write(cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is NpgsqlException or IOException or TimeoutException)
            {
                Log.NotStored(logger, build.Model, build.Namespace, error.Message);
                await Task.Delay(StorePause, time, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3411, LogLevel.Information, "The image of {Model} in namespace {Namespace} is built: {Image}", EventName = "ImageBuilt")]
        public static partial void Built(ILogger logger, string model, string @namespace, string image);

        [LoggerMessage(3412, LogLevel.Warning, "The image of {Model} in namespace {Namespace} was not built ({Reason}): {Message} Next attempt: {Next}", EventName = "ImageNotBuilt")]
        public static partial void Failed(ILogger logger, string model, string @namespace, string reason, string message, string next);

        [LoggerMessage(3413, LogLevel.Warning, "How far the image of {Model} in namespace {Namespace} is cannot be stored: {Reason}", EventName = "BuildNotStored")]
        public static partial void NotStored(ILogger logger, string model, string @namespace, string reason);
    }
}
