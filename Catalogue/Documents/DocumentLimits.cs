namespace Orrery.Catalogue.Documents;

/// <summary>How much a request may make us read; beyond it a document is refused before it costs memory.</summary>
internal static class DocumentLimits
{
    public const int MaxBytes = 4 * 1024 * 1024;
    public const int MaxDepth = 32;

    /// <summary>Nodes that YAML aliases may add by repeating what an anchor names: nested aliases grow without bound ("billion laughs").</summary>
    public const int MaxAliasedNodes = 10_000;

    /// <summary>Characters that they may add so: one long text repeated often is as much memory as nested ones.</summary>
    public const int MaxAliasedCharacters = 1_000_000;

    /// <summary>Of a mapping's keys that an author chooses. Each is part of a path, and paths are taken apart at their dots.</summary>
    public const int MaxNameLength = 1_024;

    /// <summary>After so many faults a list of them helps nobody.</summary>
    public const int MaxErrors = 200;

    public static readonly string DepthExpectation = $"at most {MaxDepth} levels of nesting";
}

/// <summary>A text that cannot be read at all from here on.</summary>
internal sealed class UnreadableDocumentException(string expectation, Position at, string? remedy = null) : Exception(expectation)
{
    public Position At => at;

    public string? Remedy => remedy;
}
