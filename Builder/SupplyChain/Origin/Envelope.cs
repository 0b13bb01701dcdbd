using System.Text;
using System.Text.Json;
using Orrery.Builder.SupplyChain.Signing;

namespace Orrery.Builder.SupplyChain.Origin;

/// <summary>A signed statement (DSSE v1): what is signed is the content together with its type, so that it cannot be taken for another.</summary>
internal sealed record Envelope(string PayloadType, byte[]? Payload, IReadOnlyList<Envelope.Signature>? Signatures)
{
    public const string MediaType = "application/vnd.dsse.envelope.v1+json";

    public static Envelope Sign(string payloadType, byte[] payload, SigningKey key) => new(payloadType, payload, [new Signature(key.Id, key.Sign(Signed(payloadType, payload)))]);

    /// <summary><c>null</c> where it is none.</summary>
    public static Envelope? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Provenance.Json.Envelope) is { PayloadType: not null, Payload: not null, Signatures: not null } envelope ? envelope : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Provenance.Json.Envelope);

    /// <summary>The key that signed it; <c>null</c>: none of them. The ids that it names are hints and nothing more.</summary>
    public VerificationKey? SignerAmong(IReadOnlyList<VerificationKey> keys)
    {
        var signed = Signed(PayloadType, Payload!);
        return keys.FirstOrDefault(key => Signatures!.Any(signature => signature.Sig is { } bytes && key.Verifies(signed, bytes)));
    }

    /// <summary>DSSE's PAE: <c>DSSEv1 LENGTH TYPE LENGTH CONTENT</c>.</summary>
    internal static byte[] Signed(string payloadType, byte[] payload) =>
        [.. Encoding.UTF8.GetBytes(FormattableString.Invariant($"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} ")), .. payload];

    internal sealed record Signature(string? Keyid, byte[]? Sig);
}
