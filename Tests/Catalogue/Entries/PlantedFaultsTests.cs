using System.Text;
using Orrery.Catalogue.Commands;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Linting;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>Faults of every kind, planted into a sound entry: each is found at its place, told with what was expected and what to do.</summary>
public sealed class PlantedFaultsTests
{
    private const string File = "entries/acme-8b.yaml";

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
        languages: [en, de]
        toolParser: hermes
        arguments: { --enable-prefix-caching: true }
        documentation: "See https://acme.example/models for how it was trained."
        verified: [licence]
        sources: [acme/acme-8b README.md]
        """;

    [Fact]
    public void A_sound_entry_has_no_finding() => Assert.Empty(Lint(Sound).Select(finding => finding.ToString()));

    [Theory]
    [InlineData("id: acme-8b", "id: Acme 8B", "id", 1, "1 to 96 of a-z, 0-9", "It becomes the name of an image.")]
    [InlineData("name: Acme 8B\n", "", "missing-fact", 1, "required: the name for people", null)]
    [InlineData("engine: vllm", "engine: vlm", "schema", 6, "one of vllm, transformers, whisper, tts-engine, video-engine, custom", null)]
    [InlineData("vendor: Acme", "vendor: Acme\nlicense: MIT", "schema", 9, "a field that is given once", "It is written as license and as licence: keep one.")]
    [InlineData("vendor: Acme", "vendor: Acme\nmodel_size: 1GB\nmodelSize: 1GB", "schema", 6, "a field that is given once", "It is written as model_size and as modelSize: keep one.")]
    [InlineData("repo: acme/acme-8b", "repo: acme-8b", "schema", 7, "a repository as owner/name", null)]
    [InlineData("licence: Apache-2.0\n", "", "missing-fact", 1, "required: its licence: an SPDX identifier, or the vendor's name of it", null)]
    [InlineData("weights: 16.06GB", "weights: 8GB", "weights", 10, "about 16.06GB: 8.03B parameters of 2 bytes (bf16)", "One of parameters, weights and dtype is another one.")]
    [InlineData("parameters: 8.03B", "parameters: 8030", "schema", 9, "a number of parameters such as 82M, 8.19B or 1T", null)]
    [InlineData("kvHeads: 8", "kvHeads: 7", "architecture", 13, "a divisor of heads, which is 32", null)]
    [InlineData("kvHeads: 8", "kvHeads: 64", "schema", 13, "at most heads, which is 32", null)]
    [InlineData("layers: 32", "layers: 2000000000", "schema", 13, "a whole number from 1 to 10000", null)]
    [InlineData("kvHeads: 8", "kvHeads: 8, window: 4096", "schema", 13, "required with window", null)]
    [InlineData("--enable-prefix-caching: true", "--data-parallel-size: 8", "own-word", 16, "no flag for what is decided elsewhere", "Say it in expertParallel: their number follows the GPUs.")]
    [InlineData("languages: [en, de]", "languages: [en, german]", "language", 14, "an ISO 639 code of two or three letters, or multi at the end", null)]
    [InlineData("toolParser: hermes", "toolParser: hermez", "parser", 15, "a parser of vllm 0.16.0: ", "Did you mean 'hermes'?")]
    [InlineData("toolParser: hermes", "reasoningParser: nemotron_v3", "parser", 15, "a parser of vllm 0.16.0: ", null)]
    [InlineData("--enable-prefix-caching: true", "--enable-reasoning: true", "server-flag", 16, "a flag of vllm 0.16.0; this one went away with 0.10.0", "Use --reasoning-parser.")]
    [InlineData("--enable-prefix-caching: true", "--enable-prefx-caching: true", "server-flag", 16, "a flag of vllm 0.16.0", "Did you mean '--enable-prefix-caching'?")]
    [InlineData("--enable-prefix-caching: true", "--limit-mm-per-prompt: image=4", "server-flag-value", 16, "a mapping, which is given as JSON (vllm 0.16.0)", "Write {\"image\": 4}.")]
    [InlineData("--enable-prefix-caching: true", "--block-size: many", "server-flag-value", 16, " (vllm 0.16.0)", null)]
    [InlineData("--enable-prefix-caching: true", "--tensor-parallel-size: 4", "own-word", 16, "no flag for what is decided elsewhere", "Say it in the deployment, which knows its GPUs.")]
    [InlineData("dtype: bf16", "dtype: bf16\nrecommendedInstance: g4dn.xlarge", "memory", 12, "an instance on which it fits", "NVIDIA T4 (compute capability 7.5) has no bf16, from 8.0 on; with --dtype: half in arguments many models do without, at a loss of range. It fits on g6.2xlarge.")]
    [InlineData("dtype: bf16", "dtype: bf16\nrecommendedInstance: g9.xlarge", "instance", 12, "an instance type that is known here", "Did you mean 'g5.xlarge'?")]
    [InlineData("dtype: bf16", "dtype: bf16\ndefaultResources: { gpu: 3 }", "tensor-parallel", 12, "a number of GPUs over which it can be split: its 32 attention heads cannot be divided by 3 GPUs", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nmaxModelLength: 65536", "schema", 12, "at most contextWindow, which is 32768", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { HF_TOKEN: hf_abcdefghijklmnop }", "schema", 12, "no secret in an entry: everybody who lists models reads it", "The deployment gives it, from a Secret.")]
    [InlineData("https://acme.example/models", "https://acme/models", "link", 17, "a well-formed https:// link to a host", null)]
    [InlineData("verified: [licence]", "verified: [licence, repro]", "sureness", 18, "the name of a field that this entry has", null)]
    [InlineData("sources: [acme/acme-8b README.md]", "guess: [licence]", "sureness", 19, "a field that is not in verified as well", null)]
    [InlineData("modelType: chat", "modelType: text_to_speech", "engine", 6, "an engine that serves models of type text_to_speech; vllm serves chat, multimodal, embedding, speech_to_text", null)]
    [InlineData("dtype: bf16", "dtype: bf16\ndockerfile: |\n  FROM vllm/vllm-openai:latest\n  CMD [\"x\"]", "base-image-unpinned", 12, "an image with a tag other than latest, or with a digest (line 1 of the Dockerfile)", "Name the version that was tested; what latest is changes from one day to the next.")]
    [InlineData("--enable-prefix-caching: true", "--trust_remote_code: true", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in remoteCode.")]
    [InlineData("--enable-prefix-caching: true", "--trust-remote: true", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in remoteCode.")]
    [InlineData("--enable-prefix-caching: true", "--no-trust-remote-code: true", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in remoteCode.")]
    [InlineData("--enable-prefix-caching: true", "--model: evil/repo", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in repo.")]
    [InlineData("--enable-prefix-caching: true", "--Revision: main", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in revision.")]
    [InlineData("--enable-prefix-caching: true", "--port: 9000", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in defaultPort.")]
    [InlineData("--enable-prefix-caching: true", "--config: /models/flags.yaml", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in arguments")]
    [InlineData("--enable-prefix-caching: true", "--served-model-name: [a, b]", "schema", 16, "no flag for what the entry says in a field of its own", "Say it in id.")]
    [InlineData("--enable-prefix-caching: true", "--lora-modules: [a=b, --trust-remote-code]", "schema", 16, "a value that begins with no dash", "Another flag is another name in arguments.")]
    [InlineData("--enable-prefix-caching: true", "--api-key: sekrit", "schema", 16, "no secret in an entry", "The deployment gives it, from a Secret.")]
    [InlineData("--enable-prefix-caching: true", "--hf-overrides: { a: [hf_abcdefghijklmnop] }", "schema", 16, "no secret in an entry", "The deployment gives it, from a Secret.")]
    [InlineData("--enable-prefix-caching: true", "--enable-prefix-caching: null", "schema", 16, "a value; a name without one is left out", null)]
    [InlineData("--enable-prefix-caching: true", "--no-enable-prefix-caching: false", "schema", 16, "true, or the flag left out", null)]
    [InlineData("--enable-prefix-caching: true", "--lora-modules: []", "schema", 16, "at least one value", null)]
    [InlineData("toolParser: hermes", "toolParser: --trust-remote-code", "schema", 15, "the name of a parser", null)]
    [InlineData("toolParser: hermes", "chatTemplate: --allowed-local-media-path=/", "schema", 15, "the path of a file in the server's image", null)]
    [InlineData("toolParser: hermes", "chatTemplate: ../../etc/passwd", "schema", 15, "the path of a file in the server's image", null)]
    [InlineData("id: acme-8b", "id: --help", "schema", 1, "an id that begins with no dash", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nsystemPackages: [python3-]", "schema", 12, "a dash at the end would remove it", null)]
    [InlineData("dtype: bf16", "dtype: bf16\npackages: [torch_x==2.0, Torch-X==1.0]", "schema", 12, "a package that is named once", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { HF_HOME: /elsewhere }", "schema", 12, "no variable that the image rests upon", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { LD_PRELOAD: /models/x.so }", "schema", 12, "no variable that the image rests upon", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { VLLM_USE_MODELSCOPE: \"true\" }", "schema", 12, "no variable that the image rests upon", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { LD_LIBRARY_PATH: /models }", "schema", 12, "no variable that the image rests upon", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { HTTPS_PROXY: \"http://u:hunter2@proxy:3128\" }", "schema", 12, "no secret in an entry", null)]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { DB_PASS: hunter2 }", "schema", 12, "no secret in an entry", null)]
    [InlineData("licence: Apache-2.0", "licence: \"  \"", "schema", 8, "a licence's name", null)]
    [InlineData("vendor: Acme", "vendor: \" \"", "missing-fact", 4, "who made it", null)]
    [InlineData("--enable-prefix-caching: true", "--pipeline-parallel-size: 4", "own-word", 16, "no flag for what is decided elsewhere", "Say it in the deployment")]
    [InlineData("dtype: bf16", "dtype: bf16\nenvironment: { TRUST_REMOTE_CODE: \"true\" }", "schema", 12, "no variable for what the entry says", "Say it in remoteCode.")]
    [InlineData("verified: [licence]", "verified: [licence, licence]", "sureness", 18, "a field that is named once", null)]
    public void Each_fault_is_found(string sound, string planted, string rule, int line, string expectation, string? remedy)
    {
        Assert.Contains(sound, Sound, StringComparison.Ordinal);
        var findings = Lint(Sound.ReplaceLineEndings("\n").Replace(sound, planted, StringComparison.Ordinal));
        var finding = findings.FirstOrDefault(finding => finding.Rule == rule && finding.Severity == Severities.Error && finding.Expectation.Contains(expectation, StringComparison.Ordinal));
        Assert.True(finding is not null, $"Only: {string.Join("\n", findings)}");
        Assert.Equal((File, line), (finding.File, finding.Line));
        if (remedy is not null)
        {
            Assert.Contains(remedy, finding.Remedy, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("modelType: chat", "modelType: embedding", "runner", "--runner: pooling on an embedding model")]
    [InlineData("repo: acme/acme-8b", "repo: mistralai/Codestral-22B-v0.1", "licence", "MNPL-0.1, which the Catalogue's entry 'codestral-22b' has for the same repository")]
    [InlineData("repo: acme/acme-8b", "repo: acme/acme-8b\nrevision: main", "revision", "a commit or a tag")]
    [InlineData("dtype: bf16", "dtype: bf16\ntags: [cpu]", "cpu", "defaultResources: { gpu: 0 }")]
    [InlineData("engine: vllm", "engine: tts-engine", "packages", "the library of --family kokoro: kokoro==0.9.4, as the Catalogue's entry 'kokoro-82m' has it")]
    public void What_is_probably_not_meant_is_a_warning(string sound, string planted, string rule, string expectation)
    {
        var text = Sound.ReplaceLineEndings("\n").Replace(sound, planted, StringComparison.Ordinal);
        text = rule == "packages" ? text.Replace("--enable-prefix-caching: true", "--family: kokoro", StringComparison.Ordinal) : text;
        Assert.Contains(Lint(text), finding => finding.Rule == rule && finding.Severity == Severities.Warning && finding.Expectation.Contains(expectation, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--hf-token: true")]
    [InlineData("--long-prefill-token-threshold: -1")]
    [InlineData("--trust: true", false)]
    [InlineData("--enable-lora: true")]
    [InlineData("--max-lora-rank: 64")]
    public void What_only_looks_like_it_is_taken(string argument, bool isTaken = true)
    {
        var text = Sound.ReplaceLineEndings("\n").Replace("--enable-prefix-caching: true", argument, StringComparison.Ordinal)
            .Replace("dtype: bf16", "dtype: bf16\nsystemPackages: [g++, libstdc++6]\nenvironment: { TOKENIZERS_PARALLELISM: \"false\" }", StringComparison.Ordinal);
        Assert.Equal(isTaken, !Lint(text).Any(finding => finding.Rule == "schema"));
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var text = Sound.ReplaceLineEndings("\n").Replace("name: Acme 8B\n", "", StringComparison.Ordinal).Replace("hermes", "hermez", StringComparison.Ordinal)
            .Replace("dtype: bf16", "dtype: fp32", StringComparison.Ordinal).Replace("kvHeads: 8", "kvHeads: 5", StringComparison.Ordinal);
        Assert.Equal(["missing-fact", "weights", "architecture", "parser"], Lint(text).Where(finding => finding.Severity == Severities.Error).Select(finding => finding.Rule));
    }

    [Fact]
    public void However_many_warnings_there_are_they_hide_no_error()
    {
        var links = string.Join(' ', Enumerable.Range(0, 250).Select(i => $"http://a{i}.example"));
        var packages = string.Join('\n', Enumerable.Range(0, 50).Select(i => $"  RUN pip install a{i}"));
        var text = Sound.ReplaceLineEndings("\n").Replace("documentation: \"", $"documentation: \"{links} ", StringComparison.Ordinal).Replace("kvHeads: 8", "kvHeads: 5", StringComparison.Ordinal)
            + $"\ndockerfile: |\n  FROM python:3.12\n{packages}\n  USER root\n  CMD [\"vllm\", \"serve\", \"acme/acme-8b\", \"--enable-reasoning\"]";
        var errors = Lint(text).Where(finding => finding.Severity == Severities.Error).Select(finding => finding.Rule).ToList();
        Assert.Superset(new HashSet<string> { "architecture", "server-flag", "root-user" }, errors.ToHashSet());
    }

    [Fact]
    public void A_misspelt_engine_or_type_hides_nothing_and_is_told_once()
    {
        var findings = Lint(Sound.Replace("engine: vllm", "engine: vlm", StringComparison.Ordinal).Replace("hermes", "hermez", StringComparison.Ordinal).Replace("--enable-prefix-caching", "--enable-reasoning", StringComparison.Ordinal));
        Assert.Equal(["engine schema", "toolParser parser", "arguments.--enable-reasoning server-flag"], findings.Where(finding => finding.Severity == Severities.Error).Select(finding => $"{finding.Field} {finding.Rule}"));
        Assert.DoesNotContain(findings, finding => finding.Severity == Severities.Warning);
        Assert.DoesNotContain(Lint(Sound.Replace("modelType:", "modelTyp:", StringComparison.Ordinal)), finding => finding.Expectation.Contains("of type ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Entries/llm/acme-8b.yaml", "")]
    [InlineData("/x/Entries/audio/acme-8b.yaml", "category")]
    [InlineData("Entries/llm/acme.yaml", "id")]
    [InlineData("Entries/chat/acme.yaml", "category id")]
    [InlineData("mine/audio/acme.yaml", "")]
    public void A_file_of_the_catalogue_lies_in_its_place(string file, string fields) =>
        Assert.Equal(fields, string.Join(' ', EntryLinter.Lint(Encoding.UTF8.GetBytes(Sound), file).Findings.Where(finding => finding.Rule == "place").Select(finding => finding.Field)));

    [Fact]
    public void A_finding_is_one_line_whatever_stands_in_it()
    {
        var finding = new LintFinding("rule", Severities.Error, "n\n::error::name,1.yaml", 3, 5, "id", "a\r\n::error file=/etc/passwd\u2028", "b");
        Assert.Equal("n\\n::error::name,1.yaml:3:5: error rule: id is 'a\\r\\n::error file=/etc/passwd\\u2028'; expected b", finding.ToString());
        Assert.StartsWith("::error file=n%0A%3A%3Aerror%3A%3Aname%2C1.yaml,line=3,col=5,title=rule::n\\n", LintCommand.Annotation(finding), StringComparison.Ordinal);
        Assert.StartsWith("./::error", (finding with { File = "::error::x" }).ToString(), StringComparison.Ordinal);
        Assert.Contains(": name is required: the name", new LintFinding("missing-fact", Severities.Error, "a", 1, 1, "name", null, "required: the name").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_upgrade_would_break_is_seen_before()
    {
        var text = Sound.Replace("--enable-prefix-caching: true", "--calculate-kv-scales: true, --disable-frontend-multiprocessing: true", StringComparison.Ordinal);
        var findings = Lint(text);
        Assert.All(findings, finding => Assert.Equal((Severities.Warning, "upgrade"), (finding.Severity, finding.Rule)));
        Assert.Contains(findings, finding => finding.Field == "arguments.--disable-frontend-multiprocessing" && finding.Expectation.Contains("vllm 0.24.0", StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_id_twice_is_found()
    {
        Entry Read(string file) => Assert.Single(EntryLinter.Lint(Encoding.UTF8.GetBytes(Sound), file).Entries);
        var finding = Assert.Single(EntryLinter.LintTogether([Read("a/acme-8b.yaml"), Read("b/acme-8b.yaml")]));
        Assert.Equal(("unique-id", "b/acme-8b.yaml", "a/acme-8b.yaml has it."), (finding.Rule, finding.File, finding.Remedy));
    }

    [Fact]
    public void A_Models_document_is_looked_through_as_its_spec_is()
    {
        var document = "kind: Model\nmetadata: { name: acme }\nspec:\n  " + Sound.ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal).Replace("hermes", "hermez", StringComparison.Ordinal);
        var finding = Assert.Single(Lint(document), finding => finding.Severity == Severities.Error);
        Assert.Equal(("parser", "spec.toolParser", 18), (finding.Rule, finding.Field, finding.Line));
    }

    [Fact]
    public void A_script_is_looked_through_too() =>
        Assert.Contains(Lint("export default { id: 'x', modelType: 'chat', engine: 'vllm', toolParser: 'hermez' };"), finding => finding.Rule == "parser" && finding.Line == 1);

    [Theory]
    [InlineData("")]
    [InlineData("just a text")]
    [InlineData("id: [")]
    public void What_is_no_entry_is_one_error(string text) => Assert.Contains(Lint(text), finding => finding.Rule == "schema");

    private static IReadOnlyList<LintFinding> Lint(string text) => EntryLinter.Lint(Encoding.UTF8.GetBytes(text), File).Findings;
}
