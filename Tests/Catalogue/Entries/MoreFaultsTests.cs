using System.Text;
using Orrery.Catalogue.Linting;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>Faults that were once not seen, and advice that was missing; each planted into a sound entry.</summary>
public sealed class MoreFaultsTests
{
    private const string Sound = """
        id: acme-8b
        name: Acme 8B
        description: Chat model of Acme for its own staff.
        vendor: Acme
        modelType: chat
        engine: vllm
        repo: acme/acme-8b
        licence: Apache-2.0
        parameters: 8.03B
        weights: 16.06GB
        dtype: bf16
        contextWindow: 32768
        architecture: { layers: 32, heads: 32, kvHeads: 8, headSize: 128 }
        """;

    private const string Image = """
        # syntax=docker/dockerfile:1
        FROM vllm/vllm-openai:v0.16.0
        LABEL org.opencontainers.image.title="acme" org.opencontainers.image.licenses="Apache-2.0" org.opencontainers.image.version="1" org.opencontainers.image.source="https://example.com/acme"
        USER 10001:10001
        EXPOSE 8000
        HEALTHCHECK CMD ["curl", "-f", "http://127.0.0.1:8000/health"]
        CMD ["acme/acme-8b", "--served-model-name", "acme-8b", "--port", "8000", "--host", "0.0.0.0"]
        """;

    [Fact]
    public void The_sound_ones_have_no_finding()
    {
        Assert.Empty(Lint(Sound));
        Assert.Empty(Lint(With(Image)));
    }

    [Theory]
    [InlineData("arguments: { --max-num-seqs: 0 }", "error server-flag-value", "a whole number from 1")]
    [InlineData("arguments: { --max-num-batched-tokens: -5 }", "error server-flag-value", "a whole number from 1")]
    [InlineData("arguments: { --kv-cache-dtype: fp8, --kv_cache_dtype: auto }", "error schema", "a flag that is given once")]
    [InlineData("arguments: { --enable-prefix-caching: true, --no-enable-prefix-caching: true }", "error schema", "a flag that is given once")]
    [InlineData("arguments: { --pipeline-parallel-size: 4 }", "error own-word", "no flag for what is decided elsewhere")]
    [InlineData("revision: HEAD", "warning revision", "a commit or a tag")]
    [InlineData("revision: refs/pr/1", "warning revision", "a commit or a tag")]
    [InlineData("servers: [sglang, sglang]", "error twice", "what is named once")]
    [InlineData("languages: [en, en]", "error twice", "what is named once")]
    [InlineData("recommendedInstance: g6.xlarge", "warning memory", "through whose memory the weights can be loaded")]
    [InlineData("environment: { CUDA_VISIBLE_DEVICES: \"\" }", "error schema", "no variable that the image rests upon")]
    public void What_is_added_is_found(string line, string kind, string expectation) => AssertFound(Sound + "\n" + line, kind, expectation);

    [Theory]
    [InlineData("licence: Apache-2.0", "licence: Lama-3.1-Community", "warning licence", "Did you mean 'Llama-3.1-Community'?")]
    [InlineData("modelType: chat", "modelType: chatt", "error schema", "Did you mean 'chat'?")]
    [InlineData("dtype: bf16", "dtype: bf17", "error schema", "Did you mean 'bf16'?")]
    [InlineData("engine: vllm", "engine: whisper\nservers: [sglang]", "error engine", "no servers beside engine whisper")]
    [InlineData("layers: 32, heads", "layers: 60, fullLayers: 0, heads", "error schema", "1 or more, or what the layers keep instead")]
    [InlineData("layers: 32, heads", "layers: 60, fullLayers: 0, window: 4096, windowLayers: 0, heads", "error schema", "1 or more, or what the layers keep instead")]
    [InlineData("layers: 32, heads: 32, kvHeads: 8, headSize: 128", "layers: 60, latent: 576, fullLayers: 0", "error schema", "1 or more with latent")]
    public void What_is_changed_is_found(string sound, string planted, string kind, string said) => AssertFound(Sound.ReplaceLineEndings("\n").Replace(sound, planted, StringComparison.Ordinal), kind, said);

    [Theory]
    [InlineData("\"--port\", \"8000\"", "\"--port\", \"9000\"", "error server-flag-value", "8000, which is the entry's defaultPort (line 7")]
    [InlineData("\"0.0.0.0\"", "\"127.0.0.1\"", "error server-flag-value", "0.0.0.0 (line 7")]
    [InlineData("\"--port\"", "\"--api-key\", \"sekrit\", \"--port\"", "error secret-in-command", "no secret")]
    [InlineData("\"acme-8b\", \"--port\"", "\"other\", \"--port\"", "warning served-name", "the entry's id, acme-8b")]
    [InlineData("\"acme/acme-8b\"", "\"meta-llama/Llama-3.1-8B-Instruct\"", "warning served-model", "the entry's repo, acme/acme-8b")]
    [InlineData("USER 10001:10001", "USER +0", "error root-user", "a user other than root")]
    [InlineData("USER 10001:10001", "COPY .aws/credentials /x\nUSER 10001:10001", "error secret-copied", "no file that holds secrets")]
    [InlineData("USER 10001:10001", "RUN git clone https://user:hunter2@github.com/a/b\nUSER 10001:10001", "error secret-in-command", "no secret")]
    [InlineData("v0.16.0", "nightly", "error base-image-unpinned", "a tag other than latest")]
    [InlineData("# syntax=docker/dockerfile:1", "#!/bin/x\n# syntax=evil/frontend:1", "error frontend-unknown", "docker/dockerfile")]
    public void What_is_changed_in_a_Dockerfile_is_found(string sound, string planted, string kind, string expectation) =>
        AssertFound(With(Image.ReplaceLineEndings("\n").Replace(sound, planted, StringComparison.Ordinal)), kind, expectation);

    [Theory]
    [InlineData("--speculative-config: '{\"method\": \"ngram\", \"num_speculative_tokens\": 3}'")]
    [InlineData("--hf-overrides: '{\"rope_scaling\": null}'")]
    public void The_JSON_of_a_flag_may_be_a_text(string argument) => Assert.Empty(Lint($"{Sound}\narguments: {{ {argument} }}"));

    [Fact]
    public void What_cannot_be_read_is_told_once()
    {
        var findings = Lint(Sound.Replace("parameters: 8.03B", "parameters: 8030000000", StringComparison.Ordinal));
        Assert.Equal(["error schema parameters"], findings);
    }

    /// <summary>A text of 150 KB once took seconds: each flag was looked up in all flags.</summary>
    [Fact]
    public void Many_flags_are_looked_through_at_once()
    {
        var flags = string.Join(", ", Enumerable.Repeat("\"--x\"", 20_000));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.NotEmpty(Lint(With($"FROM vllm/vllm-openai:v0.16.0\nENTRYPOINT [\"vllm\", \"serve\", {flags}]")));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1.5);
    }

    private static string With(string dockerfile) => Sound.ReplaceLineEndings("\n") + "\ndockerfile: |\n  " + dockerfile.ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal);

    private static void AssertFound(string text, string kind, string said)
    {
        var findings = EntryLinter.Lint(Encoding.UTF8.GetBytes(text), "acme-8b.yaml").Findings;
        Assert.True(
            findings.Any(finding => $"{finding.Severity} {finding.Rule}" == kind && $"{finding.Expectation} {finding.Remedy}".Contains(said, StringComparison.Ordinal)),
            $"Only:\n{string.Join("\n", findings)}");
    }

    private static IEnumerable<string> Lint(string text) =>
        EntryLinter.Lint(Encoding.UTF8.GetBytes(text), "acme-8b.yaml").Findings.Select(finding => $"{finding.Severity} {finding.Rule} {finding.Field}");
}
