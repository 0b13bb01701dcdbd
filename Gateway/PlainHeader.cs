namespace Orrery.Gateway;

/// <summary>What every server takes as a header's value: visible ASCII and blanks.</summary>
internal static class PlainHeader
{
    /// <summary>Whether <paramref name="value"/> may be handed on. .NET refuses to send others, which would look like an engine's failure.</summary>
    public static bool IsPlain(string? value) => value is { Length: > 0 } && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
