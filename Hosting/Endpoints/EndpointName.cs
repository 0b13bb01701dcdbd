namespace Aspire.Hosting.ApplicationModel;

internal static class EndpointName
{
    public static void Check(string name)
    {
        if (name.Length is 0 or > 64 || !char.IsAsciiLetter(name[0]) || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
        {
            throw new ArgumentException($"'{name}' cannot name an endpoint: expected a letter, then letters, digits, hyphens and underscores.", nameof(name));
        }
    }
}

internal static class PortNumber
{
    public static int? Check(int? port, string parameter) => port is null or (>= 1 and <= 65535)
        ? port
        : throw new ArgumentOutOfRangeException(parameter, port, $"{port} is not a port: expected 1 to 65535, or nothing for a free one.");
}
