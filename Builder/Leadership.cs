namespace Orrery.Builder;

/// <summary>Of several Builders one acts, the others wait to take over.</summary>
internal interface ILeadership
{
    /// <summary>
    /// Waits until it leads, then runs the work. When leadership is lost the work's token fires, in time: nobody else begins before it has
    /// fired; work has to stop at once then, and nothing of it may go on. Then it waits to lead again. It returns when the work ended by
    /// itself, with the work's exception where there is one, and gives leadership back whenever it is done.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    Task RunAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken);
}

/// <summary>The time in which somebody leads: it ends by itself unless it is renewed.</summary>
/// <param name="Every">How often it is renewed.</param>
/// <param name="Deadline">How long after the last renewal was begun the work's token fires. Less than others wait before they take over.</param>
internal sealed record LeadershipTerm(TimeSpan Every, TimeSpan Deadline)
{
    /// <param name="since">The timestamp before the request that won it was sent: what others reckon from is later.</param>
    /// <param name="renew">False: somebody else leads. An exception: it is tried again, while the term lasts.</param>
    /// <returns>Whether the work ended by itself.</returns>
    public async Task<bool> HoldAsync(
        Func<CancellationToken, Task> work, Func<CancellationToken, Task<bool>> renew, Func<Exception, bool> isPassing, long since, TimeProvider time, CancellationToken cancellationToken)
    {
        using var term = new CancellationTokenSource(Left(since, time), time);
        await using var stop = cancellationToken.Register(term.Cancel);
        // Not on this thread: work that begins with something long must not hold up the renewal.
        var working = Task.Run(() => work(term.Token), CancellationToken.None);
        while (!term.IsCancellationRequested && !working.IsCompleted)
        {
            await Task.WhenAny(working, Task.Delay(Every, time, term.Token));
            if (term.IsCancellationRequested || working.IsCompleted)
            {
                break;
            }

            var asked = time.GetTimestamp();
            try
            {
                if (!await renew(term.Token))
                {
                    await term.CancelAsync();
                }
                else if (!term.IsCancellationRequested)
                {
                    term.CancelAfter(Left(asked, time));
                }
            }
            catch (Exception error) when (isPassing(error) || (error is OperationCanceledException && term.IsCancellationRequested))
            {
                // The term goes on until its deadline, and the next renewal may succeed.
            }
            catch
            {
                await term.CancelAsync();
                await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }
        }

        try
        {
            await working;
            return !term.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            return false;
        }
    }

    private TimeSpan Left(long since, TimeProvider time) => Deadline - time.GetElapsedTime(since) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
