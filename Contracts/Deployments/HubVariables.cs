namespace Orrery.Contracts;

/// <summary>What a server's environment says of the hub that weights come from.</summary>
public static class HubVariables
{
    private static readonly string[] Offline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"];

    /// <summary>Whether nothing is fetched, as the hub's own client reads its variables.</summary>
    public static bool AreOffline(IReadOnlyDictionary<string, string> environment) =>
        Offline.Any(name => environment.TryGetValue(name, out var value) && value.ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON");
}
