using System.Text.Json;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>The tables of flags agree with themselves and with the research.</summary>
public sealed class ServerTablesTests
{
    [Fact]
    public void Every_engine_and_every_alternative_has_one_current_table()
    {
        Assert.Equal(
            ServingEngines.All.Concat(ServingEngines.Alternatives).Order(StringComparer.Ordinal),
            ServerTables.All.Where(table => table.Current).Select(table => table.Server).Order(StringComparer.Ordinal));
        Assert.Equal(["0.16.0", "0.24.0"], ServerTables.All.Where(table => table.Server == "vllm").Select(table => table.Version));
    }

    [Fact]
    public void What_a_table_is_started_with_stands_among_its_flags()
    {
        foreach (var table in ServerTables.All)
        {
            var words = JsonSerializer.SerializeToElement(table.Spelling).EnumerateObject().Where(word => word.Value.ValueKind == JsonValueKind.String);
            Assert.All(words, word => Assert.True(table.Find(word.Value.GetString()!) is not null, $"{table.Server} {table.Version}: {word.Value}"));
            Assert.All(table.Flags.Values, flag => Assert.Contains(flag.Type, new[] { "boolean", "int", "float", "text", "choice", "json", "list", "size", "pairs" }));
            Assert.All(table.Flags.Values.Where(flag => flag.Type == FlagTypes.Choice), flag => Assert.NotEmpty(flag.Values!));
            Assert.All(table.Removed ?? new Dictionary<string, RemovedFlag>(), removed =>
            {
                Assert.False(table.Flags.ContainsKey(removed.Key), removed.Key);
                Assert.True(removed.Value.Use is null or { Length: > 0 });
            });
        }
    }

    [Fact]
    public void The_table_of_vllm_is_the_research()
    {
        using var flags = JsonDocument.Parse(File.ReadAllBytes(TestData.Require("catalogue/vllm-cli-flags.json")));
        var table = ServerTables.Current("vllm")!;
        foreach (var flag in flags.RootElement.GetProperty("flags").EnumerateArray())
        {
            var name = flag.GetProperty("flag").GetString()!;
            var known = table.Flags[name];
            Assert.Equal(flag.GetProperty("takes_value").GetBoolean(), known.Type != FlagTypes.Boolean);
            Assert.Equal(flag.TryGetProperty("negation", out _), known.Negated);
            if (flag.TryGetProperty("choices", out var choices))
            {
                Assert.Equal(choices.EnumerateArray().Select(choice => choice.ToString()).Order(StringComparer.Ordinal), known.Values!.Order(StringComparer.Ordinal));
            }
        }

        Assert.Equal(flags.RootElement.GetProperty("flags").GetArrayLength(), table.Flags.Count);
        Assert.Equal(flags.RootElement.GetProperty("removed_before_v0_16_0").GetArrayLength(), table.Removed!.Count);
        using var parsers = JsonDocument.Parse(File.ReadAllBytes(TestData.Require("catalogue/vllm-parsers.json")));
        Assert.Equal(Names("tool_call_parsers"), table.ToolParsers!.Order(StringComparer.Ordinal));
        Assert.Equal(Names("reasoning_parsers"), table.ReasoningParsers!.Order(StringComparer.Ordinal));

        IEnumerable<string> Names(string list) => parsers.RootElement.GetProperty(list).EnumerateArray().Select(parser => parser.GetProperty("name").GetString()!).Order(StringComparer.Ordinal);
    }
}
