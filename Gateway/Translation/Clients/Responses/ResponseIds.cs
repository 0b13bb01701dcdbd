using System.Globalization;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>The ids of a response and of its items: each item's names the response.</summary>
/// <param name="stem">What they have in common; no underscores.</param>
internal sealed class ResponseIds(string stem)
{
    public string Response { get; } = "resp_" + stem;

    /// <summary>An item of the answer, as JSON.</summary>
    public byte[] OfOutput(string prefix, int place) => Quote(prefix, place.ToString(CultureInfo.InvariantCulture));

    /// <summary>An item of the request, as JSON.</summary>
    public byte[] OfInput(string prefix, int place) => Quote(prefix, string.Create(CultureInfo.InvariantCulture, $"i{place}"));

    private byte[] Quote(string prefix, string place) => ModelResolution.JsonText.Quote($"{prefix}{stem}_{place}");
}
