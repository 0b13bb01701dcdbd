using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A text of a pasted document once what stands in <c>${…}</c> is known.</summary>
/// <param name="Value">The text; empty where it is in a Secret.</param>
/// <param name="Secret">Where it is, for <c>${secrets.get('name', 'key')}</c>.</param>
/// <param name="IsFromEnvironment">Some of it came from the environment, where credentials live.</param>
internal sealed record PastedText(string Value, SecretKeyReference? Secret = null, bool IsFromEnvironment = false)
{
    /// <returns><c>null</c>: it cannot be read, and the document's errors say why.</returns>
    public static PastedText? Read(PastedDocument document, string path, string text, bool mayBeSecret = true)
    {
        if (!text.Contains("${", StringComparison.Ordinal))
        {
            return new PastedText(text);
        }

        if (PastedPatterns.Secret.Match(text) is { Success: true } secret)
        {
            if (mayBeSecret)
            {
                return new PastedText("", new SecretKeyReference(PastedNames.Of(secret.Groups["name"].Value), secret.Groups["key"].Value));
            }

            document.Refuse(path, text, "a text that is no secret", "What stands here can be read by everyone who may read the provider.");
            return null;
        }

        var (isRead, isFromEnvironment) = (true, false);
        var value = PastedPatterns.Expression.Replace(text, match =>
        {
            var name = match.Groups["name"];
            if (!name.Success)
            {
                isRead = false;
                document.Refuse(
                    path, match.Value, "${secrets.get('secret', 'key')} as the whole text, or ${NAME} of a variable",
                    "Expressions are not supported here yet: write the value itself.");
                return "";
            }

            if (!document.Environment.TryRead(name.Value, out var found, out var expectation, out var remedy))
            {
                isRead = false;
                document.Refuse(path, match.Value, expectation, remedy);
                return "";
            }

            isFromEnvironment = true;
            return found;
        });
        return isRead ? new PastedText(value, IsFromEnvironment: isFromEnvironment) : null;
    }
}

internal static partial class PastedPatterns
{
    [GeneratedRegex("""^\s*\$\{\s*secrets\.get\(\s*(?<q>['"])(?<name>[^'"]+)\k<q>\s*,\s*(?<r>['"])(?<key>[^'"]+)\k<r>\s*\)\s*\}\s*\z""")]
    public static partial Regex Secret { get; }

    /// <summary>A group <c>name</c> where it is a variable's.</summary>
    [GeneratedRegex("""\$\{(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|[^}]*\}?)""")]
    public static partial Regex Expression { get; }

    [GeneratedRegex("[^a-z0-9]+")]
    public static partial Regex NoName { get; }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    public static partial Regex Alias { get; }
}

/// <summary>What pasted things are called here.</summary>
internal static class PastedNames
{
    private const int Longest = 63;

    /// <summary>A DNS-1123 label: <c>My_Provider</c> → <c>my-provider</c>. Empty where nothing of it can stand in one.</summary>
    public static string Of(string id, string suffix = "")
    {
        var name = PastedPatterns.NoName.Replace(id.ToLowerInvariant(), "-").Trim('-');
        var most = Longest - suffix.Length;
        return (name.Length <= most ? name : name[..most].TrimEnd('-')) + suffix;
    }

    public static bool IsAlias(string id) => PastedPatterns.Alias.IsMatch(id);
}
