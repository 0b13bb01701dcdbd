namespace Orrery.WebConsole.Stores;

/// <summary>What a store holds and what it has had to let go, for people to see.</summary>
/// <param name="Held">Items in memory now.</param>
/// <param name="Limit">Items at most.</param>
/// <param name="Bytes">What they take, estimated.</param>
/// <param name="Received">Items taken since the start.</param>
/// <param name="Evicted">Oldest items that made room for newer ones.</param>
/// <param name="Dropped">Items that could not be kept: one too many of a trace, a series too many.</param>
/// <param name="Oldest">The oldest item's time; <c>null</c> when the store is empty.</param>
internal readonly record struct StoreCounts(long Held, long Limit, long Bytes, long Received, long Evicted, long Dropped, DateTimeOffset? Oldest);
