using System.Text;
using System.Text.Json;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>
/// Credentials as Docker and Kubernetes keep them (<c>.dockerconfigjson</c>): <c>{"auths": {"ghcr.io": {"auth": "…"}}}</c>, or with
/// <c>username</c> and <c>password</c>. A key is a host, a host with the beginning of a repository, or either as a URL.
/// </summary>
public sealed class RegistryCredentials
{
    private const string Expectation = """expected {"auths": {"HOST": {"username": "…", "password": "…"}}}, or "auth" with both in base64""";

    private readonly Dictionary<string, RegistryCredential> _byPlace = new(StringComparer.Ordinal);

    /// <param name="fault">What is wrong, without anything of the text: it holds passwords.</param>
    public static RegistryCredentials? TryRead(string json, out string? fault)
    {
        fault = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("auths", out var auths) && auths.ValueKind == JsonValueKind.Object)
            {
                var read = new RegistryCredentials();
                fault = auths.EnumerateObject().All(entry => read.Add(entry.Name, entry.Value)) ? null : $"auths has an entry without a credential; {Expectation}";
                return fault is null ? read : null;
            }

            fault = $"it has no object 'auths'; {Expectation}";
        }
        catch (JsonException)
        {
            fault = $"it is no JSON; {Expectation}";
        }

        return null;
    }

    /// <summary>These, and one for all of an image's registry.</summary>
    public RegistryCredentials With(ImageReference image, RegistryCredential credential)
    {
        var all = new RegistryCredentials();
        foreach (var (place, known) in _byPlace)
        {
            all._byPlace[place] = known;
        }

        all._byPlace[PlaceOf(image.Normalised.Registry!)] = credential;
        return all;
    }

    /// <summary>By host, or by a host and the beginning of a repository.</summary>
    public IReadOnlyDictionary<string, RegistryCredential> ByPlace => _byPlace.ToDictionary(pair => pair.Key.TrimEnd('/'), pair => pair.Value, StringComparer.Ordinal);

    /// <summary>The one for the longest beginning of the image's name.</summary>
    public RegistryCredential? For(ImageReference image)
    {
        var named = image.Normalised;
        var place = $"{named.Registry}/{named.Repository}/";
        return _byPlace.Where(pair => place.StartsWith(pair.Key, StringComparison.OrdinalIgnoreCase)).OrderByDescending(pair => pair.Key.Length).Select(pair => pair.Value).FirstOrDefault();
    }

    private bool Add(string written, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        var (user, password) = (Text(value, "username"), Text(value, "password"));
        if (Text(value, "auth") is { Length: > 0 } both)
        {
            var buffer = new byte[both.Length];
            if (!Convert.TryFromBase64String(both, buffer, out var length) || Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2) is not [var before, var after])
            {
                return false;
            }

            (user, password) = (before, after);
        }

        if (user is not { Length: > 0 } || password is not { Length: > 0 })
        {
            return false;
        }

        _byPlace[PlaceOf(written)] = new RegistryCredential(user, password);
        return true;
    }

    /// <summary>Docker's own key for its hub is <c>https://index.docker.io/v1/</c>; others are written with and without scheme and version.</summary>
    private static string PlaceOf(string written)
    {
        var place = written[(written.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? scheme + 3 : 0)..].TrimEnd('/');
        foreach (var version in (string[])["/v1", "/v2"])
        {
            place = place.EndsWith(version, StringComparison.Ordinal) ? place[..^version.Length] : place;
        }

        return (place is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : place) + "/";
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
