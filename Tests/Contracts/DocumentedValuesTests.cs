using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

/// <summary>What a field may hold stands in the documentation, all of it in one table.</summary>
public sealed class DocumentedValuesTests
{
    [Fact]
    public void Each_engine_stands_in_the_table_of_engines() => AllIn("providers.md", "| `engine` | the server speaks |", Engines.All);

    [Fact]
    public void Each_model_type_stands_in_the_table_of_model_types() => AllIn("resources.md", "| `modelType` | is asked at |", ModelTypes.All);

    private static void AllIn(string page, string head, IEnumerable<string> values)
    {
        var table = File.ReadLines(Path.Combine(Repository.Root, "docs", page))
            .SkipWhile(line => line != head)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|')[1])
            .ToList();
        Assert.All(values, value => Assert.Contains(table, cell => cell.Contains($"`{value}`", StringComparison.Ordinal)));
    }
}
