namespace Aspire.Hosting.ApplicationModel;

internal static class VariableName
{
    /// <summary>The name as an environment variable may be called: <c>my-db</c> becomes <c>MY_DB</c>.</summary>
    public static string Of(string name)
    {
        var encoded = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_' ? char.ToUpperInvariant(letter) : '_'));
        return encoded.Length > 0 && char.IsAsciiDigit(encoded[0]) ? "_" + encoded : encoded;
    }
}
