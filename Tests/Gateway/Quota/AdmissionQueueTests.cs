using FsCheck;
using FsCheck.Fluent;
using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

public sealed class AdmissionQueueTests
{
    [Fact]
    public void Keys_take_turns_whoever_came_first_with_more()
    {
        var queue = new AdmissionQueue(100);
        Enter(queue, "a", 1, 4);
        Enter(queue, "b", 1, 2);
        Enter(queue, "c", 1, 1);
        Assert.Equal("a b c a b a a", string.Join(' ', Drain(queue)));
    }

    [Fact]
    public void A_key_of_priority_3_gets_three_turns_for_one()
    {
        var queue = new AdmissionQueue(100);
        Enter(queue, "batch", 1, 20);
        Enter(queue, "chat", 3, 30);
        var first = Drain(queue).Take(16).ToList();
        Assert.Equal(12, first.Count(key => key == "chat"), 1.0);
        Assert.Contains("batch", first.Take(5));
    }

    [Fact]
    public void Who_leaves_the_line_is_not_counted_and_not_called()
    {
        var queue = new AdmissionQueue(3);
        var waiters = Enter(queue, "a", 1, 3);
        Assert.Null(queue.TryEnter("b", 1));
        queue.Leave(waiters[1]);
        queue.Leave(waiters[1]);
        Assert.Equal(2, queue.Length);
        Assert.NotNull(queue.TryEnter("b", 1));
        queue.Leave(waiters[0]);
        Assert.False(waiters[1].Turn.Task.IsCompleted);
        Assert.Equal("b a", string.Join(' ', Drain(queue))); // a's turn has just been.
    }

    [Fact]
    public void Only_the_first_in_line_is_called()
    {
        var queue = new AdmissionQueue(100);
        var waiters = Enter(queue, "a", 1, 5);
        queue.Freed();
        queue.Freed();
        Assert.Equal([true, false, false, false, false], waiters.Select(waiter => waiter.Turn.Task.IsCompleted));
    }

    [Fact]
    public void Whatever_comes_and_goes_one_is_first_and_everybody_gets_a_turn()
    {
        var steps = Gen.Choose(0, 3).SelectMany(key => Gen.Choose(0, 9).Select(what => (Key: $"k{key}", What: what))).ListOf();
        Prop.ForAll(steps.ToArbitrary(), all =>
        {
            var queue = new AdmissionQueue(1_000);
            var inLine = new List<AdmissionQueue.Waiter>();
            foreach (var (key, what) in all)
            {
                if (what < 6 || inLine.Count == 0)
                {
                    inLine.Add(queue.TryEnter(key, 1)!);
                }
                else
                {
                    var gone = what < 8 ? inLine.Single(waiter => waiter.Turn.Task.IsCompleted) : inLine[what % inLine.Count];
                    queue.Leave(gone);
                    inLine.Remove(gone);
                }

                Assert.Equal(inLine.Count, queue.Length);
                Assert.Equal(inLine.Count == 0 ? 0 : 1, inLine.Count(waiter => waiter.Turn.Task.IsCompleted));
            }

            // From here on nobody comes: everybody who waits is called, once.
            Assert.Equal(inLine.Select(waiter => waiter.Key).Order(), Drain(queue).Order());
        }).QuickCheckThrowOnFailure();
    }

    private static List<AdmissionQueue.Waiter> Enter(AdmissionQueue queue, string key, int priority, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => queue.TryEnter(key, priority)!)];

    /// <summary>Admits one after the other, and says whose turn it was.</summary>
    private static IEnumerable<string> Drain(AdmissionQueue queue)
    {
        while (queue.Length > 0)
        {
            var first = queue.First!;
            Assert.True(first.Turn.Task.IsCompleted);
            queue.Leave(first);
            yield return first.Key;
        }
    }
}
