namespace Orrery.Gateway.Routing;

/// <summary>What health checks found lately. Its owner locks.</summary>
internal sealed class FailedChecks
{
    /// <summary>In a row.</summary>
    public int Count { get; private set; }

    /// <summary>So many that the endpoint is out.</summary>
    public bool IsDown { get; private set; }

    /// <summary>What the check that took it out found.</summary>
    public string Reason { get; private set; } = "";

    /// <returns>Whether this one takes the endpoint out.</returns>
    public bool Add(string fault, int threshold)
    {
        Count++;
        if (IsDown || Count < threshold)
        {
            return false;
        }

        (IsDown, Reason) = (true, fault);
        return true;
    }

    public void Clear() => (Count, IsDown) = (0, false);
}
