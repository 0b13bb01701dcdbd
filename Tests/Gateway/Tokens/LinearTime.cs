using System.Diagnostics;

namespace Orrery.Tests.Gateway.Tokens;

/// <summary>Whether work takes time in proportion to its size. One attempt that does is enough, for whatever else runs can only slow it down; work that grows by the square takes as many times longer in every attempt.</summary>
internal static class LinearTime
{
    private const int Attempts = 40;
    private const int Margin = 6;

    public static void Assert(Action small, Action large, int times)
    {
        var (shortest, longest) = (double.MaxValue, double.MaxValue);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            shortest = Math.Min(shortest, TimeOf(small));
            longest = Math.Min(longest, TimeOf(large));
            if (attempt >= 2 && longest <= shortest * times * Margin)
            {
                return;
            }
        }

        Xunit.Assert.Fail($"{times} times the size took {longest / shortest:F0} times as long in the best of {Attempts} attempts.");
    }

    private static double TimeOf(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetTimestamp() - start;
    }
}
