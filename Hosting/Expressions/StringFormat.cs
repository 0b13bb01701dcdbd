namespace Aspire.Hosting.ApplicationModel;

internal static class StringFormat
{
    public const string Uri = "uri";

    /// <exception cref="FormatException">The format is not known.</exception>
    public static string? Apply(string? value, string format) => format.ToLowerInvariant() switch
    {
        Uri => value is null ? null : System.Uri.EscapeDataString(value),
        _ => throw new FormatException($"'{format}' is not a format of a reference expression; expected \"uri\"."),
    };
}
