namespace Orrery.Builder.Bundles;

/// <summary>Which paths a bundle may have: from its own directory downwards, and such that every tool reads them alike.</summary>
internal static class BundlePaths
{
    private const int Longest = 1024;

    /// <returns>What is wrong, as a sentence's end; <c>null</c>: nothing.</returns>
    public static string? FaultOf(string path) =>
        path.Length is 0 or > Longest ? $"it has {path.Length} characters; expected 1 to {Longest}"
        : path.Any(sign => char.IsControl(sign) || char.IsSurrogate(sign) || sign is '\\' or '\uFFFD') ? "it has a backslash or signs that are no letters"
        : path[0] == '/' || path.Split('/').Any(part => part is "" or "." or "..") ? "it leads out of the bundle, or is not written plainly"
        : null;

    /// <summary>For people: what is read from a bundle may hold anything, and a terminal obeys.</summary>
    public static string Shown(string text) => new([.. text.Take(200).Select(sign => char.IsControl(sign) || char.IsSurrogate(sign) ? '?' : sign), .. text.Length > 200 ? "…" : ""]);
}
