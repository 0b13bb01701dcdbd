using System.Text;
using System.Text.Json;
using Orrery.Catalogue.Linting;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>Flags in a Dockerfile of somebody's own, by whatever form it starts its server.</summary>
public sealed class StartRulesTests
{
    [Theory]
    [InlineData("FROM vllm/vllm-openai:v0.16.0\nENTRYPOINT [\"vllm\", \"serve\"]\nCMD [{0}]", 3)]
    [InlineData("FROM vllm/vllm-openai:v0.16.0\nCMD [\"--model\", \"a/b\", {0}]", 2)]
    [InlineData("FROM vllm/vllm-openai:v0.16.0\nCMD [\\\n \"--model\", \"a/b\", \\\n {0}]", 4)]
    [InlineData("FROM a:1\nENTRYPOINT [\"python3\", \"-m\", \"vllm.entrypoints.openai.api_server\", {0}]", 2)]
    [InlineData("FROM a:1\nENTRYPOINT [\"/usr/bin/tini\", \"--\", \"/opt/bin/vllm\", \"serve\", \"a/b\"]\nCMD [{0}]", 3)]
    [InlineData("FROM a:1\nCMD HF_HOME=/x exec vllm serve a/b {1}", 2)]
    [InlineData("FROM a:1\nENTRYPOINT [\"sh\", \"-c\", \"cd /x && exec vllm serve a/b {1}\"]", 2)]
    public void Each_form_is_looked_into(string file, int line)
    {
        string[] flags = ["--enable-reasoning", "--limit-mm-per-prompt", "image=4", "--tool-call-parser", "hermez", "--gpu-memory-utilisation", "0.9", "--max-model-len", "$LENGTH", "--block-size=many", "--enforce-eager"];
        var text = file.Replace("{0}", string.Join(", ", flags.Select(flag => $"\"{flag}\"")), StringComparison.Ordinal).Replace("{1}", string.Join(' ', flags), StringComparison.Ordinal);
        var findings = Lint(text);
        var told = findings.Where(finding => finding.Rule is "server-flag" or "server-flag-value" or "parser" && finding.Severity == Severities.Error).ToList();
        Assert.Equal(
            ["--block-size many", "--enable-reasoning", "--gpu-memory-utilisation", "--limit-mm-per-prompt image=4", "--tool-call-parser hermez", "--tool-call-parser hermez"],
            told.Select(finding => finding.Value!).Order(StringComparer.Ordinal));
        Assert.All(told, finding => Assert.Contains($"(line {line} of the Dockerfile)", finding.Expectation, StringComparison.Ordinal));
        Assert.Contains(told, finding => finding.Remedy == "Did you mean '--gpu-memory-utilization'?");
        Assert.Contains(told, finding => finding.Remedy == "Use --reasoning-parser.");
    }

    [Theory]
    [InlineData("FROM lmsysorg/sglang:v0.5.18\nENTRYPOINT [\"python3\", \"-m\", \"sglang.launch_server\"]\nCMD [\"--model-path\", \"a/b\", \"--tensor-paralel-size\", \"2\"]", "Did you mean '--tensor-parallel-size'?")]
    [InlineData("FROM ghcr.io/huggingface/text-generation-inference:3.3.7\nCMD [\"--model-id\", \"a/b\", \"--dtype\", \"fp16\"]", null)]
    public void Other_servers_have_their_own_flags(string file, string? remedy) =>
        Assert.Contains(Lint(file), finding => finding.Rule.StartsWith("server-flag", StringComparison.Ordinal) && finding.Severity == Severities.Error && finding.Remedy == remedy);

    [Theory]
    [InlineData("FROM vllm/vllm-openai:v0.16.0\nCMD [\"--model\", \"a/b\", \"--limit-mm-per-prompt\", \"{\\\"image\\\": 4}\", \"--limit-mm-per-prompt.video\", \"1\", \"--tool-call-parser=hermes\", \"--enable-auto-tool-choice\", \"-tp\", \"2\", \"--no-enable-prefix-caching\", \"--seed\", \"-1\"]")]
    [InlineData("FROM vllm/vllm-openai:v0.16.0\nENTRYPOINT [\"python3\", \"serve.py\", \"--anything\"]")]
    [InlineData("FROM a:1\nCMD [\"--anything\"]")]
    public void What_is_right_or_not_known_is_left_alone(string file) =>
        Assert.Empty(Lint(file).Where(finding => finding.Rule is "server-flag" or "server-flag-value" or "parser" or "upgrade").Select(finding => finding.ToString()));

    [Fact]
    public void Of_a_version_without_a_table_only_what_went_away_before_it_is_an_error()
    {
        var findings = Lint("FROM vllm/vllm-openai:v0.11.0\nCMD [\"--model\", \"a/b\", \"--enable-reasoning\", \"--no-such-flag\"]");
        Assert.Equal([("--enable-reasoning", Severities.Error), ("--no-such-flag", Severities.Warning)], findings.Where(finding => finding.Rule == "server-flag").Select(finding => (finding.Value, finding.Severity)));
    }

    private static IReadOnlyList<LintFinding> Lint(string dockerfile) =>
        EntryLinter.Lint(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { id = "acme", modelType = "chat", engine = "vllm", dockerfile })), "acme.json").Findings;
}
