using System.Globalization;
using System.Text.RegularExpressions;

namespace Orrery.Tests.Kubernetes;

/// <summary>The notations that the Kubernetes API defines once and uses everywhere.</summary>
internal static partial class Formats
{
    /// <summary>DNS-1123 label, at most 63 characters.</summary>
    public static bool IsLabel(string text) => text.Length <= 63 && Label().IsMatch(text);

    /// <summary>DNS-1035 label: as DNS-1123, but begins with a letter.</summary>
    public static bool IsServiceName(string text) => IsLabel(text) && char.IsAsciiLetterLower(text[0]);

    /// <summary>DNS-1123 subdomain, at most 253 characters.</summary>
    public static bool IsSubdomain(string text) => text.Length <= 253 && Subdomain().IsMatch(text);

    /// <summary>A path segment: what the names of roles and their bindings may be.</summary>
    public static bool IsPathSegment(string text) => text.Length > 0 && text is not ("." or "..") && !text.Contains('/', StringComparison.Ordinal) && !text.Contains('%', StringComparison.Ordinal);

    /// <summary>A label's or annotation's key: an optional DNS prefix and a name of at most 63 characters.</summary>
    public static bool IsQualifiedName(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var name = text[(slash + 1)..];
        return name.Length <= 63 && QualifiedPart().IsMatch(name) && (slash < 0 || IsSubdomain(text[..slash]));
    }

    public static bool IsLabelValue(string text) => text.Length == 0 || (text.Length <= 63 && QualifiedPart().IsMatch(text));

    /// <summary>IANA service name: at most 15 characters, at least one letter, no doubled hyphens.</summary>
    public static bool IsPortName(string text) =>
        text.Length <= 15 && Label().IsMatch(text) && text.Any(char.IsAsciiLetterLower) && !text.Contains("--", StringComparison.Ordinal);

    public static bool IsPortNumber(long? number) => number is >= 1 and <= 65535;

    public static bool IsEnvironmentName(string text) => EnvironmentName().IsMatch(text);

    /// <summary>A key of a ConfigMap or Secret.</summary>
    public static bool IsDataKey(string text) => text.Length <= 253 && text is not ("." or "..") && DataKey().IsMatch(text);

    public static bool IsBase64(string text) => Convert.TryFromBase64String(text, new byte[text.Length], out _);

    public static bool IsDateTime(string text) =>
        DateTime3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _);

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")]
    private static partial Regex Subdomain();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")]
    private static partial Regex QualifiedPart();

    [GeneratedRegex("^[-._a-zA-Z][-._a-zA-Z0-9]*$")]
    private static partial Regex EnvironmentName();

    [GeneratedRegex("^[-._a-zA-Z0-9]+$")]
    private static partial Regex DataKey();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)$")]
    private static partial Regex DateTime3339();
}
