using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>What answers in all clients' protocols are written with.</summary>
internal static class AnswerWords
{
    /// <summary>An id as a JSON string, the same for one request.</summary>
    /// <param name="prefix">What the protocol's ids of this kind begin with.</param>
    /// <param name="place">Which of several in one answer.</param>
    public static byte[] IdOf(Exchange exchange, string prefix, int? place = null)
    {
        var id = exchange.RequestId.StartsWith("req_", StringComparison.Ordinal) ? exchange.RequestId["req_".Length..] : exchange.RequestId;
        return ModelResolution.JsonText.Quote(prefix + id + (place is null ? "" : string.Create(CultureInfo.InvariantCulture, $"_{place}")));
    }

    public static void Put(long number, IBufferWriter<byte> output)
    {
        const int longest = 20;
        Utf8Formatter.TryFormat(number, output.GetSpan(longest), out var written);
        output.Advance(written);
    }
}
