using System.Security.Cryptography;
using System.Text;

namespace Orrery.Contracts;

/// <summary>Who may call, and what. The token itself is known to its holder only.</summary>
public sealed record AccessKeySpec
{
    public string? Description { get; init; }

    /// <summary>Lower-case hex SHA-256 of the token. Absent in a create call: a token is made and returned once.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The token's first characters, for people to recognise it. Filled in by the Catalogue where it makes the token.</summary>
    public string? Prefix { get; init; }

    /// <summary><see cref="AccessRoles.User"/> (data plane; the default), <see cref="AccessRoles.Viewer"/>, <see cref="AccessRoles.Publisher"/> or <see cref="AccessRoles.Administrator"/>.</summary>
    public string Role { get; init => field = value ?? AccessRoles.User; } = AccessRoles.User;

    /// <summary>The model ids this key may call; absent or empty: all of its namespace.</summary>
    public IReadOnlyList<string>? AllowedModels { get; init; }

    /// <summary>What routes may ask for, such as <c>regulated</c>.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>May call the paths that providers let through (<see cref="ModelProviderSpec.PassThrough"/>). Default: it may not.</summary>
    public bool PassThrough { get; init; }

    /// <summary>A disabled key is refused as if it did not exist.</summary>
    public bool Disabled { get; init; }

    /// <summary>From this moment on the key is refused. Absent: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The Team whose limits hold for this key as well. Absent: none.</summary>
    public string? Team { get; init; }

    /// <summary>What this key may use.</summary>
    public Limits? Limits { get; init; }

    /// <summary>Its weight, 1 to 100, where requests of several keys wait for a saturated model or provider: 10 is admitted ten times as often as 1. Default 1.</summary>
    public int? Priority { get; init; }

    public void Validate(FieldErrors errors)
    {
        if (Sha256 is not null && (Sha256.Length != 64 || !Sha256.All(char.IsAsciiHexDigitLower)))
        {
            errors.Add("spec.sha256", null, "64 lower-case hex digits: the SHA-256 of the token", "printf %s \"$TOKEN\" | sha256sum");
        }

        errors.RequireOneOf("spec.role", Role, AccessRoles.All);
        for (var i = 0; i < AllowedModels?.Count; i++)
        {
            ModelSpec.RequireModelId(errors, $"spec.allowedModels[{i}]", AllowedModels[i]);
        }

        if (Team is not null)
        {
            errors.RequireName("spec.team", Team);
        }

        if (Priority is < 1 or > 100)
        {
            errors.Add("spec.priority", $"{Priority}", "a whole number from 1 to 100");
        }

        Limits?.Validate(errors, "spec.limits");
    }
}

/// <summary>What an access key opens.</summary>
public static class AccessRoles
{
    /// <summary>Calls models.</summary>
    public const string User = "user";

    /// <summary>Reads the control plane and looks at the Console; changes nothing and calls no model.</summary>
    public const string Viewer = "viewer";

    /// <summary>What a viewer may, and besides: writes models and has images built of them. What is deployed, and to whom it is open, is not its to say.</summary>
    public const string Publisher = "publisher";

    /// <summary>Everything in its namespace.</summary>
    public const string Administrator = "administrator";

    public static readonly IReadOnlyList<string> All = [User, Viewer, Publisher, Administrator];
}

/// <summary>An access key's token: <c>ork_</c> and 40 base62 characters (238 bits).</summary>
public static class AccessToken
{
    public const string Prefix = "ork_";

    private const int RandomCharacters = 40;
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string Create() => Prefix + RandomNumberGenerator.GetString(Base62, RandomCharacters);

    /// <summary>What is stored instead of the token: lower-case hex SHA-256 of its UTF-8 bytes.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>What may be shown of a token: prefix and four characters.</summary>
    public static string ShownPrefix(string token) => token.Length <= Prefix.Length + 4 ? Prefix : token[..(Prefix.Length + 4)];
}

/// <summary>A service asks whose key it was shown, by the token's hash.</summary>
public sealed record AccessKeyQuestion(string Sha256);

/// <summary>The key in force under a hash.</summary>
/// <param name="Role">One of <see cref="AccessRoles.All"/>.</param>
public sealed record AccessKeyIdentity(string Namespace, string Name, string Role);
