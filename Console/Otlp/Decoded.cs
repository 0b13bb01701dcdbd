namespace Orrery.WebConsole.Otlp;

/// <summary>What one request brought.</summary>
internal sealed class Decoded<T>
{
    /// <summary>More than SDKs send by far; so that a short body of empty items cannot fill the memory.</summary>
    public const int MostItems = 100_000;

    public List<T> Items { get; } = [];

    /// <summary>Items that are well formed and make no sense, such as a span without an id.</summary>
    public int Rejected { get; private set; }

    /// <summary>Why the last of them was rejected.</summary>
    public string Reason { get; private set; } = "";

    public void Add(T item)
    {
        if (Items.Count == MostItems)
        {
            throw new MalformedOtlpException($"more than {MostItems} items in one request; send smaller batches");
        }

        Items.Add(item);
    }

    public void Reject(string reason, int items = 1)
    {
        Rejected += items;
        Reason = reason;
    }
}
