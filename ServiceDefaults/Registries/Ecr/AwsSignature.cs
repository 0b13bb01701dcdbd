using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orrery.ServiceDefaults.Registries.Ecr;

/// <summary>Who asks AWS. The secret is never shown.</summary>
/// <param name="expiresAt">When they end; <c>null</c>: nobody says.</param>
internal sealed class AwsKeys(string id, string secret, string? sessionToken, DateTimeOffset? expiresAt)
{
    public string Id { get; } = id;

    public string Secret { get; } = secret;

    public string? SessionToken { get; } = sessionToken;

    public DateTimeOffset? ExpiresAt { get; } = expiresAt;

    public override string ToString() => Id;
}

/// <summary>Signature version 4 of a request to AWS ("Signing AWS API requests" of the IAM user guide).</summary>
internal static class AwsSignature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <param name="headers">What is sent and signed beside the host, the date and the session's token.</param>
    /// <returns>The header Authorization, and all others that have to be sent.</returns>
    public static (string Authorization, IReadOnlyList<KeyValuePair<string, string>> Headers) Sign(
        HttpMethod method, Uri url, IReadOnlyList<KeyValuePair<string, string>> headers, byte[] body, AwsKeys keys, string region, string service, DateTimeOffset now)
    {
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        List<KeyValuePair<string, string>> sent = [.. headers, new("X-Amz-Date", time)];
        if (keys.SessionToken is { } token)
        {
            sent.Add(new("X-Amz-Security-Token", token));
        }

        var signed = sent.Append(new("Host", url.Authority)).OrderBy(header => header.Key.ToLowerInvariant(), StringComparer.Ordinal).ToList();
        var names = string.Join(';', signed.Select(header => header.Key.ToLowerInvariant()));
        var request = string.Join(
            '\n',
            [
                method.Method, Path(url), Query(url),
                .. signed.Select(header => $"{header.Key.ToLowerInvariant()}:{string.Join(' ', header.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))}"),
                "", names, Hash(body),
            ]);
        var scope = $"{time[..8]}/{region}/{service}/aws4_request";
        var key = new[] { time[..8], region, service, "aws4_request" }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + keys.Secret), (key, part) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part)));
        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{Algorithm}\n{time}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(request))}"));
        return ($"{Algorithm} Credential={keys.Id}/{scope}, SignedHeaders={names}, Signature={Convert.ToHexStringLower(signature)}", sent);
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Escaped twice, as all services but S3 want it.</summary>
    private static string Path(Uri url) => string.Join('/', url.AbsolutePath.Split('/').Select(Uri.EscapeDataString));

    private static string Query(Uri url) => string.Join('&', url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('=', 2))
        .Select(part => (Name: Again(part[0]), Value: part.Length > 1 ? Again(part[1]) : ""))
        .OrderBy(part => part.Name, StringComparer.Ordinal).ThenBy(part => part.Value, StringComparer.Ordinal)
        .Select(part => $"{part.Name}={part.Value}"));

    private static string Again(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));
}
