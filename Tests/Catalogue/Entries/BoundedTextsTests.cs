using System.Diagnostics;
using System.Text;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Linting;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>What a text of a few hundred kilobytes may cost: time in its length, and an answer that somebody can read.</summary>
public sealed class BoundedTextsTests
{
    private const string Start = "{\"id\":\"x\",\"modelType\":\"chat\",";

    public static TheoryData<string, string> Texts => new()
    {
        { "a list of wrong scalars", $"{Start}\"aliases\":[{Many("1", 250_000)}]}}" },
        { "a list of the same", $"{Start}\"aliases\":[{Many("\"a\"", 250_000)}]}}" },
        { "wrong values of wrong names", $"{Start}\"environment\":{{{Many(i => $"\"-a{i}\":1", 80_000)}}}}}" },
        { "flags that nobody has", $"{Start}\"engine\":\"vllm\",\"arguments\":{{{Many(i => $"\"--a{i}\":1", 80_000)}}}}}" },
        { "fields that nobody has", $"{Start}{Many(i => $"\"a{i}\":1", 80_000)}}}" },
        { "a field of many dots", $"{Start}\"{new string('.', 500_000)}\":1}}" },
        { "a flag of many dots", $"{Start}\"arguments\":{{\"{new string('.', 500_000)}\":1}}}}" },
        { "lists of wrong things", $"{Start}\"verified\":[{Many("1", 250_000)}],\"languages\":[{Many("\"german\"", 50_000)}]}}" },
        { "entries with flags that nobody has", $"[{Many(entry => $"{Start}\"engine\":\"vllm\",\"arguments\":{{{Many(i => $"\"--a{i}-{entry}\":1", 50)}}}}}", 500)}]" },
        { "entries that are none", $"[{Many("1", 900)}]" },
        { "a script's long names", $"{{ '{new string('a', 500_000)}': [{Many("b", 500)}] }}" },
        { "options of a mount", $"{Start}\"engine\":\"vllm\",\"dockerfile\":\"FROM a:1\\nRUN --mount={Many("a=b", 60_000)} a\"}}" },
        { "round brackets", $"[{Many("(]", 250_000)})=>1]" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_is_looked_through_in_the_time_of_its_length(string what, string text)
    {
        var clock = Stopwatch.GetTimestamp();
        var (entries, findings) = EntryLinter.Lint(Encoding.UTF8.GetBytes(text), null);
        var all = findings.Concat(EntryLinter.LintTogether(entries)).ToList();
        var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        Assert.NotEmpty(all);
        Assert.True(seconds < 10, $"{what}: {seconds} s");
        Assert.InRange(all.Count, 1, EntryLinter.MostFindings + (3 * DocumentLimits.MaxErrors));
        Assert.InRange(all.Sum(finding => finding.ToString().Length), 1, 4_000_000);
    }

    [Fact]
    public void Options_of_a_mount_take_memory_once()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Dockerfile.Parse($"FROM a:1\nRUN --mount={Many("a=b", 50_000)} a", new FieldErrorList());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000_000);
    }

    [Fact]
    public void After_the_last_finding_that_is_told_the_rest_is_said_not_to_be_looked_at()
    {
        var (_, findings) = EntryLinter.Lint(Encoding.UTF8.GetBytes($"[{Many(i => $"{Start.Replace("x", $"x{i}", StringComparison.Ordinal)}\"engine\":\"vllm\",\"arguments\":{{{Many(k => $"\"--a{k}\":1", 50)}}}}}", 100)}]"), null);
        Assert.Contains(findings, finding => finding.Rule == "limit");
    }

    [Fact]
    public void Aliases_count_what_they_repeat()
    {
        var errors = new FieldErrorList();
        var text = $"id: x\nname: &a {new string('y', 40_000)}\naliases: [{Many("*a", 9_000)}]\n";
        YamlDocuments.Read(text, errors);
        Assert.Contains("aliases that repeat at most 1000000 characters in all", Assert.Single(errors.All).Expectation, StringComparison.Ordinal);

        var few = new FieldErrorList();
        Assert.Single(YamlDocuments.Read("a: &a yyyy\nb: [*a, *a]\n", few));
        Assert.Empty(few.All);
    }

    [Fact]
    public void A_fault_within_a_list_is_told_once_although_others_were_found_in_it()
    {
        var (_, findings) = EntryLinter.Lint("{id: x, modelType: chat, servers: [1, ollama]}"u8, null);
        Assert.Equal(["servers[0]", "servers[1]"], findings.Where(finding => finding.Rule == "schema").Select(finding => finding.Field));
    }

    private static string Many(string piece, int count) => Many(_ => piece, count);

    private static string Many(Func<int, string> piece, int count) => string.Join(',', Enumerable.Range(0, count).Select(piece));
}
