namespace Orrery.Builder.SupplyChain;

/// <summary>Why something cannot be said of an image, where no server is to blame.</summary>
/// <param name="message">A sentence without its dot.</param>
internal sealed class SupplyChainException(string message, string remedy) : Exception(message)
{
    public string Remedy { get; } = remedy;
}
