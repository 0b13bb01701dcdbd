using System.Diagnostics;

namespace Orrery.Tests;

/// <summary>Waits for a condition instead of for time, and says what it saw when the condition never came.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Polls <paramref name="read"/> until <paramref name="holds"/> is true of what it returns.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">Not within <paramref name="within"/> (default 30 s); the message holds the last value or error.</exception>
    public static async Task<T> Holds<T>(Func<Task<T>> read, Func<T, bool> holds, TimeSpan? within = null)
    {
        var clock = Stopwatch.StartNew();
        object? last = null;
        do
        {
            try
            {
                var value = await read();
                if (holds(value))
                {
                    return value;
                }

                last = value;
            }
            catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
            {
                last = error;
            }

            await Task.Delay(Pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
        while (clock.Elapsed < (within ?? TimeSpan.FromSeconds(30)));

        Assert.Fail($"The condition did not hold within {within ?? TimeSpan.FromSeconds(30)}. Last seen: {last}");
        throw new UnreachableException();
    }

    public static Task<bool> Holds(Func<bool> condition, TimeSpan? within = null) =>
        Holds(() => Task.FromResult(condition()), value => value, within);
}
