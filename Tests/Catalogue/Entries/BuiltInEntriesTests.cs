using System.Text;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Linting;
using Orrery.Catalogue.Servers;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>The entries that come with the service are whole, and say what the research says.</summary>
public sealed class BuiltInEntriesTests
{
    /// <summary>What was promised is the least: more may be added.</summary>
    [Fact]
    public void The_mix_is_the_one_that_is_promised()
    {
        var entries = BuiltInEntries.All;
        AssertLeast("audio 34, embedding 12, image 1, llm 83, multimodal 32, nlp 1, video 6", entries.Select(entry => entry.Spec.EffectiveCategory));
        AssertLeast("custom 5, transformers 24, tts-engine 16, video-engine 6, vllm 113, whisper 5", entries.Select(entry => entry.Spec.Engine!));
        AssertLeast("speech_to_text 18, text_to_speech 16", entries.Where(entry => entry.Spec.EffectiveCategory == "audio").Select(entry => entry.Spec.ModelType));
    }

    [Fact]
    public void The_pages_say_how_many_there_are()
    {
        var (count, pinned) = (BuiltInEntries.All.Count, BuiltInEntries.All.Count(entry => entry.Spec.Revision is not null));
        foreach (var (file, text) in new[] { ("README.md", $"[{count} ready models]"), ("docs/catalogue.md", $"\n{count} open-weight models"), ("docs/catalogue.md", $"({pinned} of {count})") })
        {
            Assert.True(File.ReadAllText(Path.Combine(Repository.Root, file)).Contains(text, StringComparison.Ordinal), $"{file} does not say '{text.Trim()}': write it there.");
        }
    }

    [Fact]
    public void No_entry_has_an_error()
    {
        var findings = BuiltInEntries.Texts().SelectMany(file => EntryLinter.Lint(Encoding.UTF8.GetBytes(file.Text), file.Path).Findings).Concat(EntryLinter.LintTogether(BuiltInEntries.All)).ToList();
        Assert.Empty(findings.Where(finding => finding.Severity == Severities.Error).Select(finding => finding.ToString()));
    }

    [Fact]
    public void An_entry_stands_on_the_shelf_of_its_category()
    {
        foreach (var (path, text) in BuiltInEntries.Texts())
        {
            var entry = Assert.Single(EntryLinter.Lint(Encoding.UTF8.GetBytes(text), path).Entries);
            Assert.Equal($"Entries/{entry.Spec.EffectiveCategory}/{entry.Id}.yaml", path);
            Assert.InRange(text.Split('\n').Length, 10, 34);
        }
    }

    [Fact]
    public void Each_says_what_the_research_says()
    {
        var rows = CsvFile.Read(TestData.Require("catalogue/candidates.csv"));
        Assert.Empty(rows.Select(row => row["id"]).Except(BuiltInEntries.All.Select(entry => entry.Id)));
        foreach (var row in rows)
        {
            var model = BuiltInEntries.Find(row["id"])!.Spec;
            Assert.Equal((row["name"], row["modelType"], row["engine"], row["hf_repo"], row["vendor"]), (model.Name, model.ModelType, model.Engine, Original(model.Repo!), model.Vendor));
            Assert.Equal(row["category"], model.EffectiveCategory);

            // Of Whisper the research has the weights of OpenAI; served is what Systran made of them, in half the size and under another licence.
            var isConverted = model.Repo!.StartsWith("Systran/", StringComparison.Ordinal);
            Assert.Equal(isConverted ? "fp16" : row["dtype"], model.Dtype);
            Assert.Equal(row["gated"] == "true", model.Gated ?? false);
            Assert.Equal(Number(row["params_b"]), model.Parameters!.Value.Billions, 1e-3 * Number(row["params_b"]));
            Assert.Equal(Number(row["weights_gb"]) / (isConverted && row["dtype"] == "fp32" ? 2 : 1), model.Weights!.Value.Gigabytes, isConverted ? 1e-3 + (0.01 * model.Weights.Value.Gigabytes) : 1e-3);
            Assert.Equal((row["tool_parser"], row["reasoning_parser"]), (model.ToolParser ?? "", model.ReasoningParser ?? ""));
            Assert.StartsWith(model.Licence!.Split("-MiniMax")[0].Split("-Kimi")[0], isConverted ? "MIT" : row["licence"], StringComparison.Ordinal);
            Assert.Equal(row["gpu_type"] == "CPU", model.DefaultResources?.Gpu == 0);
            if (model.ContextWindow is { } window)
            {
                Assert.Equal(row["context_length"], $"{window}");
            }
        }
    }

    /// <summary>Some entries take a copy in the form that their server reads.</summary>
    private static string Original(string repo) =>
        repo.Replace("Systran/faster-", "openai/", StringComparison.Ordinal).Replace("deepseek-community/", "deepseek-ai/", StringComparison.Ordinal);

    [Fact]
    public void Every_licence_has_facts_and_every_model_a_place_to_run()
    {
        foreach (var entry in BuiltInEntries.All)
        {
            Assert.All(KnownLicences.Of(entry.Spec), licence => Assert.NotNull(KnownLicences.Find(licence)));
            Assert.NotNull(entry.Recommended);
        }
    }

    [Fact]
    public void Each_Dockerfile_holds_what_production_asks()
    {
        foreach (var entry in BuiltInEntries.All)
        {
            foreach (var server in (IEnumerable<string>)[entry.Spec.Engine!, .. entry.Spec.Servers ?? []])
            {
                var text = DockerfileRenderer.Render(entry.Spec, ServerTables.Current(server)!, new StartOptions(entry.Recommended!.Fit?.Gpus ?? 1, entry.Recommended.Fit?.Context));
                var errors = new FieldErrorList();
                var file = Dockerfile.Parse(text, errors);
                Assert.Empty(errors.All);
                Assert.Empty(file.Notes);
                Assert.Empty(DockerfileRules.Check(file, new DockerfileExpectations(8000)).Select(finding => $"{entry.Id} {server} {finding}"));
            }
        }
    }

    [Fact]
    public void A_Dockerfile_is_this()
    {
        var text = DockerfileRenderer.Render(BuiltInEntries.Find("qwen3-8b")!.Spec, ServerTables.Current("vllm")!, new StartOptions(1, 25_600));
        Assert.Equal(
            """
            # The catalogue's entry 'qwen3-8b': Qwen3 8B, served by vllm 0.16.0.
            # Weights are not in the image: mount a volume at /models.
            FROM vllm/vllm-openai:v0.16.0

            LABEL org.opencontainers.image.title="Qwen3 8B" \
                  org.opencontainers.image.description="Dense 8B chat model of Alibaba's Qwen3 family that can think before answering and call tools." \
                  org.opencontainers.image.vendor="Alibaba Qwen" \
                  org.opencontainers.image.licenses="Apache-2.0" \
                  org.opencontainers.image.version="b968826d9c46dd6066d109eabc6255188de91218" \
                  org.opencontainers.image.source="https://huggingface.co/Qwen/Qwen3-8B" \
                  dev.orrery.model="qwen3-8b" \
                  dev.orrery.server="vllm 0.16.0"

            RUN groupadd --gid 10001 orrery \
             && useradd --uid 10001 --gid 10001 --create-home --home-dir /home/orrery --shell /usr/sbin/nologin orrery \
             && install -d -o 10001 -g 10001 /models

            ENV HF_HOME="/models" \
                HF_HUB_DISABLE_TELEMETRY="1" \
                DO_NOT_TRACK="1" \
                HOME="/home/orrery" \
                XDG_CACHE_HOME="/home/orrery/.cache" \
                VLLM_NO_USAGE_STATS="1"

            USER 10001:10001
            WORKDIR /home/orrery
            VOLUME /models
            EXPOSE 8000
            HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
                CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
            ENTRYPOINT ["python3", "-c", "import os,sys; os.path.exists(os.path.join(os.environ['HF_HOME'],'.complete',sys.argv[1])) and os.environ.setdefault('HF_HUB_OFFLINE','1'); os.execvp(sys.argv[2],sys.argv[2:])", "Qwen--Qwen3-8B@b968826d9c46dd6066d109eabc6255188de91218", "vllm", "serve"]
            CMD ["Qwen/Qwen3-8B", \
                 "--revision", "b968826d9c46dd6066d109eabc6255188de91218", \
                 "--served-model-name", "qwen3-8b", \
                 "--host", "0.0.0.0", \
                 "--port", "8000", \
                 "--max-model-len", "25600", \
                 "--enable-auto-tool-choice", \
                 "--tool-call-parser", "hermes", \
                 "--reasoning-parser", "qwen3"]

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void The_page_of_models_is_made_from_the_entries()
    {
        var written = File.ReadAllText(Path.Combine(Repository.Root, "docs", "models.md"));
        Assert.True(ModelsPage.Write(BuiltInEntries.All) == written, "docs/models.md is stale. From the repository's root: dotnet run --project Catalogue -- page -o docs/models.md");
    }

    [Fact]
    public void What_is_rough_is_not_recommended_unasked()
    {
        Assert.False(BuiltInEntries.Find("bark")!.IsSure);
        Assert.Equal(Certainty.Guess, BuiltInEntries.Find("bark")!.CertaintyOf("weights"));
        Assert.True(BuiltInEntries.Find("qwen3-8b")!.IsSure);
        Assert.Equal(Certainty.Verified, BuiltInEntries.Find("qwen3-8b")!.CertaintyOf("licence"));
        Assert.Equal(Certainty.Known, BuiltInEntries.Find("qwen3-8b")!.CertaintyOf("weights"));
        Assert.All(BuiltInEntries.All.Where(entry => entry.Spec.Verified?.Contains("revision") == true), entry => Assert.Matches("^[0-9a-f]{40}$", entry.Spec.Revision!));
    }

    private static void AssertLeast(string promised, IEnumerable<string> values)
    {
        var counts = values.GroupBy(value => value).ToDictionary(group => group.Key, group => group.Count());
        foreach (var words in promised.Split(", ").Select(part => part.Split(' ')))
        {
            Assert.True(counts.GetValueOrDefault(words[0]) >= int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), $"{counts.GetValueOrDefault(words[0])} of {words[0]}, and {words[1]} are promised.");
        }
    }

    private static double Number(string text) => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
