namespace Orrery.Gateway.Routing;

/// <summary>
/// The share of failures in the last while. Begins with the first failure in it, so that successes cost one addition and
/// no look at the clock.
/// </summary>
internal struct ErrorWindow
{
    private const int Slots = 10;
    private SlotArray _slots;

    /// <summary>Counts a failure at <paramref name="now"/>, a time since whenever.</summary>
    /// <param name="successes">All that the endpoint ever had.</param>
    public void Add(TimeSpan now, TimeSpan window, long successes)
    {
        var number = NumberOf(now, window);
        ref var slot = ref _slots[(int)(number % Slots)];
        if (slot.Number != number)
        {
            slot = new Slot { Number = number, Successes = successes };
        }

        slot.Errors++;
    }

    public readonly (long Errors, long Requests) Read(TimeSpan now, TimeSpan window, long successes)
    {
        var newest = NumberOf(now, window);
        var errors = 0L;
        var before = successes;
        for (var i = 0; i < Slots; i++)
        {
            var slot = _slots[i];
            if (slot.Errors > 0 && slot.Number > newest - Slots)
            {
                errors += slot.Errors;
                before = Math.Min(before, slot.Successes);
            }
        }

        return (errors, errors + successes - before);
    }

    public void Clear() => _slots = default;

    private static long NumberOf(TimeSpan now, TimeSpan window) => now.Ticks / (window.Ticks / Slots);

    private struct Slot
    {
        public long Number;
        public long Errors;

        /// <summary>All successes up to the slot's first failure.</summary>
        public long Successes;
    }

    [System.Runtime.CompilerServices.InlineArray(Slots)]
    private struct SlotArray
    {
        private Slot _first;
    }
}
