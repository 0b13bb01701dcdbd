namespace Orrery.Gateway.Quota;

/// <summary>When a model's own limits are asked.</summary>
internal static class ModelLimits
{
    /// <summary>
    /// Only one model may answer, so its limits are asked once for the request, together with its key's. Where several may, each is asked for its own when its turn
    /// comes, together with its provider's: one that has had its share lets the next serve.
    /// </summary>
    public static bool AreOfRequest(Exchange exchange)
    {
        var wanted = exchange.Wanted;
        for (var i = 0; i < wanted.Count; i++)
        {
            if (!ReferenceEquals(wanted[i].Model, exchange.Model))
            {
                return false;
            }
        }

        return true;
    }
}
