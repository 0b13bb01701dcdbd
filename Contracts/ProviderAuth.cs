using System.Text;

namespace Orrery.Contracts;

/// <summary>How a provider's servers are told who asks.</summary>
public sealed record ProviderAuth
{
    /// <summary>One of <see cref="AuthTypes.All"/>; what the engine expects where absent.</summary>
    public string? Type { get; init; }

    /// <summary>With <c>header</c>: which one holds the credential. Default x-api-key for anthropic, else api-key.</summary>
    public string? Header { get; init; }

    /// <summary>With <c>basic</c>: the user; the credential is the password.</summary>
    public string? Username { get; init; }

    internal void Validate(FieldErrors errors, string engine, bool hasCredential)
    {
        if (Type is not null)
        {
            errors.RequireOneOf("spec.auth.type", Type, AuthTypes.All);
        }

        var type = Type ?? AuthTypes.Of(engine);
        if (Header is not null && type != AuthTypes.Header)
        {
            errors.Add("spec.auth.header", Header, $"no header with auth.type {type}", "Set auth.type to header, or leave the field out.");
        }
        else if (Header is not null && RequestHeaders.CheckName(Header) is { } expected)
        {
            errors.Add("spec.auth.header", Header, expected);
        }

        if (Username is not null && type != AuthTypes.Basic)
        {
            errors.Add("spec.auth.username", Username, $"no user with auth.type {type}", "Set auth.type to basic, or leave the field out.");
        }
        else if (type == AuthTypes.Basic && (string.IsNullOrEmpty(Username) || Username.Contains(':') || Username.Any(char.IsControl)))
        {
            errors.Add("spec.auth.username", Username, "the user's name, without ':' and control characters");
        }

        if (Type == AuthTypes.None && hasCredential)
        {
            errors.Add("spec.auth.type", Type, "bearer, header or basic where a credential is named", "Leave apiKeySecretRef and apiKeySecretRefs out, or change the type.");
        }
        else if (Type is AuthTypes.Bearer or AuthTypes.Header or AuthTypes.Basic && !hasCredential)
        {
            errors.Add("spec.auth.type", Type, "none, or a credential", "Name the credential in apiKeySecretRef.");
        }
    }
}

/// <summary>The values of <see cref="ProviderAuth.Type"/>.</summary>
public static class AuthTypes
{
    /// <summary><c>Authorization: Bearer</c>.</summary>
    public const string Bearer = "bearer";

    /// <summary>A header of its own that holds the credential and nothing else.</summary>
    public const string Header = "header";

    /// <summary><c>Authorization: Basic</c>.</summary>
    public const string Basic = "basic";

    public const string None = "none";

    public static readonly IReadOnlyList<string> All = [Bearer, Header, Basic, None];

    /// <summary>What <paramref name="engine"/> expects where nothing is said.</summary>
    public static string Of(string engine) => engine is Engines.Anthropic or Engines.AzureOpenAi ? Header : Bearer;

    /// <summary>The header that <paramref name="engine"/> expects the credential in where none is named.</summary>
    public static string HeaderOf(string engine) => engine == Engines.Anthropic ? "x-api-key" : "api-key";

    /// <summary>The header that holds the credential of a provider, and its value.</summary>
    public static (string Name, string Value) Sent(string engine, ProviderAuth? auth, string credential) => (auth?.Type ?? Of(engine)) switch
    {
        Header => (auth?.Header ?? HeaderOf(engine), credential),
        Basic => ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth?.Username}:{credential}"))),
        _ => ("Authorization", "Bearer " + credential),
    };
}
