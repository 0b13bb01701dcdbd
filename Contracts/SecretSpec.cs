namespace Orrery.Contracts;

/// <summary>Values that are written once, sealed at rest and never returned.</summary>
public sealed record SecretSpec
{
    /// <summary>Name to value. In answers each value is the empty string: that it exists is all that is told.</summary>
    public required IReadOnlyDictionary<string, string> Data { get; init; }

    public void Validate(FieldErrors errors)
    {
        if (Data.Count == 0)
        {
            errors.Add("spec.data", "{}", "at least one key with its value");
        }

        foreach (var (key, value) in Data)
        {
            if (key.Length is 0 or > 253 || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                errors.Add("spec.data", key, "keys of 1 to 253 letters, digits, '-', '_' and '.'");
            }

            if (value.Length == 0)
            {
                errors.Add($"spec.data.{key}", "", "a value that is not empty");
            }
        }
    }
}

/// <summary>A value under AES-256-GCM, as it travels and rests.</summary>
/// <param name="KeyId">Which key sealed it, so that keys can be rotated.</param>
/// <param name="Nonce">12 bytes, different for every sealing.</param>
/// <param name="Ciphertext">The sealed bytes followed by the 16-byte tag.</param>
public sealed record SealedSecret(string KeyId, byte[] Nonce, byte[] Ciphertext);
