using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>Rules that several kinds share.</summary>
public static partial class FieldRules
{
    public const string NameExpectation = "1 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit (a DNS-1123 label)";

    public static bool IsName(string? value) => value is not null && Name.IsMatch(value);

    /// <summary>Adds an error unless <paramref name="value"/> is a DNS-1123 label.</summary>
    public static void RequireName(this FieldErrors errors, string path, string? value)
    {
        if (!IsName(value))
        {
            errors.Add(path, value, NameExpectation);
        }
    }

    /// <summary>Adds an error unless <paramref name="value"/> is among <paramref name="allowed"/>.</summary>
    public static void RequireOneOf(this FieldErrors errors, string path, string? value, IReadOnlyCollection<string> allowed)
    {
        if (value is null || !allowed.Contains(value))
        {
            errors.Add(path, value, "one of " + string.Join(", ", allowed), value is null ? null : Spelling.Remedy(value, allowed));
        }
    }

    /// <summary>Adds an error unless <paramref name="value"/> is an absolute http or https URL without credentials, query and fragment.</summary>
    public static void RequireHttpUrl(this FieldErrors errors, string path, string? value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url) || (url.Scheme != "http" && url.Scheme != "https"))
        {
            errors.Add(path, value, "an absolute http:// or https:// URL");
        }
        else if (url.UserInfo.Length > 0)
        {
            errors.Add(path, null, "a URL without user and password", "Put the credential into a Secret and name it in apiKeySecretRef.");
        }
        else if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            // A query often holds a credential (?api_key=…), so it is not repeated.
            errors.Add(path, null, "a URL without query and fragment", "Put a credential into a Secret and name it in apiKeySecretRef.");
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Name { get; }
}
