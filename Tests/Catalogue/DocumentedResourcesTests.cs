using System.Text.RegularExpressions;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>Whatever is declared on a page is taken as it stands there, but for the Secrets, models and teams that a reader has himself.</summary>
public sealed partial class DocumentedResourcesTests(PostgresServer postgres)
{
    [Fact]
    public async Task Every_document_of_every_page_is_taken()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var wrong = new List<string>();
        var count = 0;
        foreach (var page in Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md")).Order(StringComparer.Ordinal))
        {
            var text = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
            foreach (var block in Blocks().Matches(text).Select(match => match.Groups["text"]).Where(block => block.Value.Contains("kind:", StringComparison.Ordinal)))
            {
                count++;
                var answer = await catalogue.Apply(block.Value, "?dryRun=true");
                var line = text[..block.Index].Count(letter => letter == '\n') + 1;
                wrong.AddRange(answer.Json["errors"]?.AsArray().Where(error => !IsOfAnother((string?)error!["expectation"])).Select(error => $"{Path.GetFileName(page)}:{line}: {error!.ToJsonString()}") ?? []);
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.True(count > 20, $"Only {count} documents were found.");
    }

    /// <summary>What is missing is another resource.</summary>
    private static bool IsOfAnother(string? expectation) =>
        expectation?.Contains(" of namespace '", StringComparison.Ordinal) is true && !expectation.Contains("that no other", StringComparison.Ordinal);

    /// <summary>With <c>yaml</c> after the backticks, or handed to the shell.</summary>
    [GeneratedRegex(@"^```yaml\n(?<text>.*?)^```|<<'YAML'\n(?<text>.*?)^YAML$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
