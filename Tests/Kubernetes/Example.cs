namespace Orrery.Tests.Kubernetes;

/// <summary>A small chart's documents in which nothing is wrong, and the same with one thing wrong.</summary>
internal static class Example
{
    private static readonly string Good = File.ReadAllText(Path.Combine(Repository.Root, "Tests", "Kubernetes", "Examples", "good.yaml")).ReplaceLineEndings("\n");

    public static JudgeOptions Options { get; } = new() { External = ["Secret/registry", "Secret/api-tls"] };

    public static IReadOnlyList<Document> Documents => Document.ParseAll("good.yaml", Good);

    /// <summary>The documents, with the first <paramref name="from"/> of one object replaced.</summary>
    public static IReadOnlyList<Document> With(string target, string from, string to) => Document.ParseAll("good.yaml", Change(target, from, to));

    /// <summary>The documents and one more.</summary>
    public static IReadOnlyList<Document> And(string document) => Document.ParseAll("good.yaml", $"{Good}\n---\n{document}");

    private static string Change(string target, string from, string to)
    {
        var parts = Good.Split("\n---\n");
        var index = Array.FindIndex(parts, part => Document.Parse("good.yaml", part).Id == target);
        Assert.True(index >= 0, $"The example has no {target}.");
        var at = parts[index].IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, $"The example's {target} has no '{from}'.");
        parts[index] = string.Concat(parts[index].AsSpan(0, at), to, parts[index].AsSpan(at + from.Length));
        return string.Join("\n---\n", parts);
    }
}

/// <summary>One change to the example and the finding that it must bring.</summary>
internal static class Broken
{
    /// <param name="sentence">The rule, as the test's name.</param>
    /// <param name="target"><c>Kind/name</c> of the object to change.</param>
    /// <param name="finding">A part of the finding as it is written.</param>
    public static TheoryDataRow<string, string, string, string> If(string sentence, string target, string from, string to, string finding) =>
        new(target, from, to, finding) { TestDisplayName = sentence };
}
