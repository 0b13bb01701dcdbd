using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orrery.WebConsole.SignIn;

/// <summary>Sessions as a cookie carries them: signed, so that every replica knows them and none has to keep them.</summary>
internal sealed class SessionTokens
{
    private readonly byte[] _key;
    private readonly TimeProvider _time;

    /// <param name="internalKey">The key that all services share; the sessions' own is derived from it.</param>
    /// <param name="time">Decides when a session ends.</param>
    public SessionTokens(string internalKey, TimeProvider time)
    {
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(internalKey), 32, info: "orrery/console/sessions"u8.ToArray());
        _time = time;
    }

    public string Write(Session session)
    {
        var content = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(session));
        return $"{content}.{Base64Url.EncodeToString(Sign(content))}";
    }

    /// <summary>The session, when the token is ours and has not expired.</summary>
    public Session? Read(string? token)
    {
        if (token?.Split('.') is not [var content, var signature]
            || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(Sign(content))), Encoding.UTF8.GetBytes(signature)))
        {
            return null;
        }

        var session = JsonSerializer.Deserialize<Session>(Base64Url.DecodeFromChars(content));
        return session?.ExpiresAt > _time.GetUtcNow() ? session : null;
    }

    private byte[] Sign(string content) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(content));
}
