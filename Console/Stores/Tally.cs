namespace Orrery.WebConsole.Stores;

/// <summary>Names and how often each is here; a name nobody has any more is forgotten.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public void Add(string? name)
    {
        if (name is not null)
        {
            _counts[name] = _counts.GetValueOrDefault(name) + 1;
        }
    }

    public void Remove(string? name)
    {
        if (name is not null && _counts.TryGetValue(name, out var count))
        {
            if (count > 1)
            {
                _counts[name] = count - 1;
            }
            else
            {
                _counts.Remove(name);
            }
        }
    }

    public IReadOnlyList<string> Names() => [.. _counts.Keys];
}
