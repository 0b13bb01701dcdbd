using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orrery.ServiceDefaults;

/// <summary>Makes and checks the tokens that services show each other: JSON Web Tokens (RFC 7519), HS256, valid for a minute.</summary>
public sealed class InternalTokens
{
    /// <summary>How long a token is good for; clocks of one installation may differ by as much.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private const int MinKeyCharacters = 32;
    private const string Audience = "orrery-internal";
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    private readonly byte[] _key;
    private readonly TimeProvider _time;

    /// <exception cref="InvalidOperationException"><paramref name="key"/> is shorter than 32 characters.</exception>
    public InternalTokens(string key, TimeProvider time)
    {
        if (key.Length < MinKeyCharacters)
        {
            throw new InvalidOperationException($"Internal:Key has {key.Length} characters; expected at least {MinKeyCharacters} random ones.");
        }

        _key = SHA256.HashData(Encoding.UTF8.GetBytes("orrery/internal/" + key));
        _time = time;
    }

    /// <summary>A token that names <paramref name="caller"/>.</summary>
    public string Create(string caller)
    {
        var expires = (_time.GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        var claims = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            $$"""{"iss":"{{JsonEncodedText.Encode(caller)}}","aud":"{{Audience}}","exp":{{expires}}}"""));
        return $"{Header}.{claims}.{Sign($"{Header}.{claims}")}";
    }

    /// <summary>Whether <paramref name="token"/> is ours and still good, and who made it.</summary>
    public bool TryVerify(string? token, [NotNullWhen(true)] out string? caller)
    {
        caller = null;
        if (token?.Split('.') is not [var header, var claims, var signature] || header != Header)
        {
            return false;
        }

        var expected = Encoding.ASCII.GetBytes(Sign($"{header}.{claims}"));
        if (!CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(signature)))
        {
            return false;
        }

        using var body = JsonDocument.Parse(Base64Url.DecodeFromChars(claims));
        var expires = DateTimeOffset.FromUnixTimeSeconds(body.RootElement.GetProperty("exp").GetInt64());
        if (body.RootElement.GetProperty("aud").GetString() != Audience || expires < _time.GetUtcNow())
        {
            return false;
        }

        caller = body.RootElement.GetProperty("iss").GetString();
        return caller is not null;
    }

    private string Sign(string content) => Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(content)));
}
