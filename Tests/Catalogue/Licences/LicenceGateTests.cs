using System.Text.Json;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Licences;

public sealed class LicenceGateTests
{
    private static readonly LicencePolicySpec Usual = new() { Rules = [new LicenceRule { Properties = ["permissive"], Decision = "allow" }] };

    [Theory]
    [InlineData("qwen3-8b", "allow")] // Apache-2.0
    [InlineData("llama-3.1-8b", "acceptance")]
    [InlineData("deepseek-r1-distill-llama-8b", "acceptance")] // MIT, and Llama's underneath
    [InlineData("molmo2-8b", "acceptance")] // Apache-2.0, and code of its own
    [InlineData("command-r7b-12-2024", "deny")] // Use is commercial where the policy does not say otherwise.
    public void Permissive_licences_pass_and_others_wait(string id, string decision) => Assert.Equal(decision, Decide(Usual, id).Decision);

    [Fact]
    public void An_acceptance_opens_the_gate_and_says_who_when_and_what()
    {
        var link = KnownLicences.Find("Llama-3.1-Community")!.Link;
        var accepted = Acceptance(new LicenceAcceptanceSpec { Licence = "Llama-3.1-Community", Text = link, Statement = "LEGAL-12" });
        var decision = Decide(Usual, "llama-3.1-8b", accepted);
        var finding = Assert.Single(decision.Findings);
        Assert.Equal(("allow", false, "legal", accepted.Metadata.CreationTimestamp, link), (decision.Decision, finding.Open, finding.AcceptedBy, finding.AcceptedAt, finding.Text));
        Assert.Equal("a", finding.Acceptance);
        Assert.EndsWith("legal has accepted it with LicenceAcceptance 'a', declared on 2026-11-01: LEGAL-12.", finding.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_acceptance_of_another_text_does_not_hold()
    {
        var decision = Decide(Usual, "llama-3.1-8b", Acceptance(new LicenceAcceptanceSpec { Licence = "Llama-3.1-Community", Text = "https://example.com/old" }));
        Assert.Equal("acceptance", decision.Decision);
        Assert.Contains("LicenceAcceptance", decision.Findings[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Remote_code_needs_an_approval_of_its_own_for_its_revision()
    {
        var model = BuiltInEntries.Find("molmo2-8b")!.Spec;
        var licence = Acceptance(new LicenceAcceptanceSpec { Licence = model.Licence, Text = "x" });
        Assert.Equal("acceptance", Decide(Usual, "molmo2-8b", licence).Decision);
        Assert.Equal("allow", Decide(Usual, "molmo2-8b", Acceptance(new LicenceAcceptanceSpec { RemoteCode = model.Repo })).Decision);
        Assert.Equal("acceptance", Decide(Usual, "molmo2-8b", Acceptance(new LicenceAcceptanceSpec { RemoteCode = model.Repo, Revision = "other" })).Decision);
        Assert.Equal("deny", Decide(Usual with { RemoteCode = "deny" }, "molmo2-8b", Acceptance(new LicenceAcceptanceSpec { RemoteCode = model.Repo })).Decision);
    }

    [Fact]
    public void What_a_licence_does_not_cover_is_denied_although_it_was_accepted()
    {
        var accepted = Acceptance(new LicenceAcceptanceSpec { Licence = "CC-BY-NC-4.0", Text = KnownLicences.Find("CC-BY-NC-4.0")!.Link });
        Assert.Equal("deny", Decide(Usual with { Commercial = true }, "command-r7b-12-2024", accepted).Decision);
        Assert.Equal("allow", Decide(Usual with { Commercial = false }, "command-r7b-12-2024", accepted).Decision);
        Assert.Equal("deny", Decide(Usual with { Regions = ["EU"] }, "hunyuan-a13b-instruct").Decision);
        Assert.Equal("deny", Decide(Usual with { Regions = ["EU"] }, "llama-3.2-11b-vision-instruct").Decision);
        Assert.Equal("acceptance", Decide(Usual with { Regions = ["EU"] }, "llama-3.2-3b-instruct").Decision); // Only the multimodal ones.
        Assert.Equal("deny", Decide(Usual with { MonthlyActiveUsers = 800_000_000 }, "llama-3.1-8b").Decision);
        Assert.Equal("acceptance", Decide(Usual with { MonthlyActiveUsers = 1_000_000 }, "llama-3.1-8b").Decision);
        Assert.Equal("deny", Decide(Usual with { AnnualRevenue = 60_000_000 }, "jamba-1.5-mini").Decision);
    }

    [Theory]
    [InlineData("DE", "hunyuanvideo", "deny")]
    [InlineData("FR", "llama-4-scout-17b-16e-instruct", "deny")]
    [InlineData("RE", "hunyuanvideo", "deny")]
    [InlineData("GB", "hunyuanvideo", "deny")]
    [InlineData("UK", "hunyuanvideo", "deny")] // As it was once taken.
    [InlineData("GB", "llama-4-scout-17b-16e-instruct", "acceptance")]
    [InlineData("CH", "hunyuanvideo", "acceptance")]
    [InlineData("US", "hunyuanvideo", "acceptance")]
    public void Members_count_for_the_European_Union(string region, string id, string decision) => Assert.Equal(decision, Decide(Usual with { Regions = [region] }, id).Decision);

    [Theory]
    [InlineData("kimi-k2-thinking", null, 240_000_000L, "deny")]
    [InlineData("kimi-k2-thinking", null, 239_999_999L, "acceptance")]
    [InlineData("cogvideox-5b", 1_000_000L, null, "deny")]
    [InlineData("cogvideox-5b", 999_999L, null, "acceptance")]
    public void Thresholds_of_a_month_count(string id, long? users, long? revenue, string decision) =>
        Assert.Equal(decision, Decide(Usual with { MonthlyActiveUsers = users, AnnualRevenue = revenue, RemoteCode = "allow" }, id).Decision);

    [Theory]
    [InlineData("codestral-22b", "acceptance")]
    [InlineData("command-r7b-12-2024", "acceptance")]
    [InlineData("qwen3-8b", "allow")]
    public void Without_a_policy_all_that_is_not_permissive_waits(string id, string decision)
    {
        var gate = LicenceGate.Of(CatalogueState.Empty, "default").Decide(BuiltInEntries.Find(id)!.Spec);
        Assert.Equal(decision, gate.Decision);
        Assert.Contains("the namespace has no LicencePolicy", gate.Findings[0].Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Licences_are_one_in_any_case()
    {
        var policy = new LicencePolicySpec { Rules = [new LicenceRule { Licences = ["llama-3.1-COMMUNITY "], Decision = "deny" }], Otherwise = "allow" };
        Assert.Equal("deny", Decide(policy, "llama-3.1-8b").Decision);
        var accepted = Acceptance(new LicenceAcceptanceSpec { Licence = "llama-3.1-community", Text = KnownLicences.Find("Llama-3.1-Community")!.Link });
        Assert.Equal("allow", Decide(Usual, "llama-3.1-8b", accepted).Decision);
        Assert.Equal("allow", new LicenceGate(Usual, []).Decide(new ModelSpec { Id = "x", ModelType = "chat", Licence = "mit" }).Decision);
    }

    [Fact]
    public void An_acceptance_that_does_not_count_is_named_with_the_reason()
    {
        var old = Acceptance(new LicenceAcceptanceSpec { Licence = "Gemma", Text = "https://example.com/old" });
        Assert.Contains("LicenceAcceptance 'a' does not count: it is of the text https://example.com/old", Decide(Usual, "gemma-3-4b-it", old).Findings[0].Remedy, StringComparison.Ordinal);
        var code = Acceptance(new LicenceAcceptanceSpec { RemoteCode = BuiltInEntries.Find("molmo2-8b")!.Spec.Repo, Revision = "other" });
        Assert.Contains("LicenceAcceptance 'a' does not count: it is of revision other", Decide(Usual, "molmo2-8b", code).Findings[^1].Remedy, StringComparison.Ordinal);
        var noncommercial = Acceptance(new LicenceAcceptanceSpec { Licence = "CC-BY-NC-4.0", Text = KnownLicences.Find("CC-BY-NC-4.0")!.Link });
        Assert.Contains("LicenceAcceptance 'a' opens nothing that is denied", Decide(Usual, "command-r7b-12-2024", noncommercial).Findings[0].Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--trust-remote-code", "true")]
    [InlineData("--trust_remote_code", "true")]
    [InlineData("--trust-remote", "true")]
    [InlineData("--served-model-name", "[\"a\", \"--trust-remote-code\"]")]
    public void A_flag_that_lets_code_run_counts_as_remote_code(string flag, string value)
    {
        foreach (var engine in (string[])["vllm", "transformers"])
        {
            var model = Own with { Engine = engine, Arguments = new Dictionary<string, JsonElement> { [flag] = JsonDocument.Parse(value).RootElement } };
            var decision = new LicenceGate(Usual, []).Decide(model);
            Assert.Equal(("acceptance", "remote code of acme/acme-8b"), (decision.Decision, decision.Findings[^1].Subject));
        }
    }

    [Theory]
    [InlineData("FROM a:1\nCMD [\"vllm\", \"serve\", \"--trust-remote-code\"]", true)]
    [InlineData("FROM a:1\nCMD vllm serve --trust_\\\n  remote_code", true)]
    [InlineData("FROM a:1\nCMD [\"vllm\", \"serve\", \"--\\u0074rust-remote-code\"]", true)]
    [InlineData("FROM a:1\nCMD vllm serve --tr'ust'-remote", true)]
    [InlineData("FROM a:1\nENV TRUST_REMOTE_CODE=true", true)]
    [InlineData("# escape=`\nFROM a:1\nCMD [\"vllm\", \"serve\", \"--tr`\nust-remote-code\"]", true)]
    [InlineData("FROM a:1\nCMD [\"sglang\", \"serve\", \"--tr\"]", true)]
    [InlineData("FROM a:1\nCMD [\"vllm\", \"serve\", \"--trust\"]", true)]
    [InlineData("FROM a:1\nRUN gpg --trust-model always --verify x && keytool --trustcacerts && tool --truncate 5", false)]
    [InlineData("FROM a:1\nCMD [\"vllm\", \"serve\", \"--no-trust-remote-code\", \"--truncation-side\", \"left\"]", false)]
    [InlineData("FROM a:1\nENV HF_TRUST_REMOTE_CODE=0", false)]
    [InlineData("FROM a:1\n# no --trust-remote-code here\nRUN pip install --trusted-host x vllm==0.16.0", false)]
    public void A_Dockerfile_of_its_own_is_looked_through_as_far_as_can_be(string dockerfile, bool isRemoteCode)
    {
        var decision = new LicenceGate(Usual, []).Decide(Own with { Dockerfile = dockerfile });
        Assert.Equal(isRemoteCode, decision.Findings.Any(finding => finding.Subject == "remote code of acme/acme-8b"));
        Assert.Contains("cannot be looked through", Assert.Single(decision.Findings, finding => finding.Subject == "dockerfile").Reason, StringComparison.Ordinal);
        Assert.Equal(isRemoteCode ? "acceptance" : "allow", decision.Decision);
    }

    [Fact]
    public void What_was_stored_before_is_read_and_judged()
    {
        const string Body = """
            {"apiVersion": "orrery.dev/v1", "kind": "Model", "metadata": {"name": "old", "namespace": "default"}, "spec": {
              "id": "--old", "modelType": "chat", "engine": "vllm", "repo": "a/b", "licence": "MIT", "aliases": ["codestral-22b"], "toolParser": "--x", "chatTemplate": "../x",
              "arguments": {"--trust_remote_code": true, "--seed": "1e400", "--api-key": "sekrit", "--e": []}, "environment": {"HF_TOKEN": "hf_abcdefghijklmnop", "HF_HOME": "/elsewhere"},
              "packages": ["a==1", "A==2"], "systemPackages": ["python3-"], "verified": ["repo", "repo"]}}
            """;
        var stored = StoredResource.FromBody(Body, "somebody")!;
        Assert.Equal("acceptance", new LicenceGate(Usual, []).Decide((ModelSpec)stored.Spec).Decision);
    }

    [Fact]
    public void A_repository_that_the_catalogue_knows_keeps_its_licence()
    {
        var decision = new LicenceGate(Usual, []).Decide(Own with { Repo = "MistralAI/codestral-22B-v0.1" });
        Assert.Equal("deny", decision.Decision);
        Assert.Equal(["allow", "deny"], decision.Findings.Select(finding => finding.Decision));
        Assert.StartsWith("The Catalogue's entry 'codestral-22b' has the same repository", decision.Findings[1].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("codestral-22b", "mistralai/Codestral-22B-v0.1")] // Under the name of the entry itself.
    [InlineData("mistralai/Codestral-22B-v0.1", null)] // Or of its repository.
    public void No_name_comes_around_the_licence_of_a_repository(string id, string? repo) =>
        Assert.Equal("deny", new LicenceGate(Usual, []).Decide(Own with { Id = id, Repo = repo }).Decision);

    [Theory]
    [InlineData("--speculative-config", """{"model": "mistralai/Codestral-22B-v0.1", "num_speculative_tokens": 3}""")]
    [InlineData("--lora-modules", """["x=mistralai/Codestral-22B-v0.1"]""")]
    [InlineData("--lora-modules", """["{\"name\": \"x\", \"path\": \"mistralai\\u002fCodestral-22B-v0.1\"}"]""")]
    [InlineData("--tokenizer", "\"MistralAI/Codestral-22B-v0.1\"")]
    [InlineData("--hf-config-path", "\"/models/hub/models--mistralai--Codestral-22B-v0.1/snapshots/x\"")]
    public void Weights_that_flags_name_are_under_their_own_licence(string flag, string value)
    {
        var model = Own with { Arguments = new Dictionary<string, JsonElement> { [flag] = JsonElement.Parse(value) } };
        Assert.Equal("deny", new LicenceGate(Usual, []).Decide(model).Decision);
        Assert.Equal("deny", new LicenceGate(Usual, []).Decide(Own with { Dockerfile = "FROM a:1\nCMD [\"vllm\", \"serve\", \"mistralai/Codestral-22B-v0.1\"]" }).Decision);
        Assert.Equal("allow", new LicenceGate(Usual, []).Decide(Own with { Dockerfile = "FROM a:1\n# not mistralai/Codestral-22B-v0.1\nCMD [\"vllm\", \"serve\", \"acme/acme-8b\"]" }).Decision);
    }

    [Theory]
    [InlineData("Llama-3.2-Community")]
    [InlineData("MIT")]
    public void Who_calls_a_multimodal_model_a_chat_model_has_the_licence_of_both(string licence)
    {
        var policy = new LicencePolicySpec { Regions = ["DE"], Otherwise = "allow" };
        var decision = new LicenceGate(policy, []).Decide(Own with { Repo = "meta-llama/Llama-3.2-11B-Vision-Instruct", Licence = licence });
        Assert.Equal("deny", decision.Decision);
        Assert.Contains(decision.Findings, finding => finding.Reason.StartsWith("The Catalogue's entry 'llama-3.2-11b-vision-instruct' has the same repository", StringComparison.Ordinal));
        Assert.Equal("allow", new LicenceGate(policy, []).Decide(Own with { Licence = "Llama-3.2-Community" }).Decision);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("\u200b")]
    [InlineData("\u3164 \u115f")]
    public void A_blank_licence_is_none(string licence)
    {
        Assert.Equal("deny", new LicenceGate(new LicencePolicySpec { Otherwise = "allow" }, []).Decide(Own with { Licence = licence, AlsoLicensed = [licence] }).Decision);
        var accepted = Acceptance(new LicenceAcceptanceSpec { Licence = licence, Text = "x" });
        Assert.Equal("deny", new LicenceGate(Usual, [accepted]).Decide(Own with { Licence = licence }).Decision);
    }

    [Fact]
    public void The_code_of_a_repository_opens_no_Model_of_its_name()
    {
        var accepted = Acceptance(new LicenceAcceptanceSpec { RemoteCode = "acme/code" });
        var model = Own with { Id = "acme/code", Repo = null, Dockerfile = "FROM a:1\nCMD [\"vllm\", \"serve\", \"evil/repo\", \"--trust-remote-code\"]" };
        Assert.Equal("acceptance", new LicenceGate(Usual, [accepted]).Decide(model).Decision);
        Assert.Equal("allow", new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "/models/own/code" })]).Decide(Own with { Repo = "/models/own/code", RemoteCode = true }).Decision);
        Assert.Equal("acceptance", new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "/models/own/code" })]).Decide(Own with { Repo = "/models/OWN/CODE", RemoteCode = true }).Decision);
    }

    [Theory]
    [InlineData("acme/code")]
    [InlineData(null)]
    public void What_a_Dockerfile_starts_is_accepted_with_its_digest(string? repo)
    {
        const string Dockerfile = "FROM a:1\nCMD [\"vllm\", \"serve\", \"evil/repo\", \"--trust-remote-code\"]";
        var model = Own with { Id = "mydf", Repo = repo, Dockerfile = Dockerfile };
        var name = repo ?? "mydf";
        var decision = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = name })]).Decide(model);
        var remedy = decision.Findings.Single(finding => finding.Open).Remedy!;
        Assert.Contains("does not count: it is of the repository, and what a Dockerfile starts is accepted by its digest", remedy, StringComparison.Ordinal);
        var digest = remedy[remedy.IndexOf("sha256:", StringComparison.Ordinal)..][..71];
        var gate = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = name, Revision = digest })]);
        Assert.Equal("allow", gate.Decide(model).Decision);
        Assert.Equal("acceptance", gate.Decide(model with { Dockerfile = Dockerfile.Replace("evil/repo", "evil/other", StringComparison.Ordinal) }).Decision);
        Assert.Equal("acceptance", gate.Decide(model with { Id = "MYDF", Repo = null }).Decision);
    }

    [Fact]
    public void An_id_alone_is_nothing_that_could_be_accepted()
    {
        var decision = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "mine" })]).Decide(Own with { Id = "mine", Repo = null, RemoteCode = true });
        Assert.Equal("acceptance", decision.Decision);
        Assert.StartsWith("Name its repository in repo", decision.Findings[^1].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_files_beside_a_Dockerfile_are_a_part_of_what_is_accepted()
    {
        const string Dockerfile = "FROM a:1\nCOPY run.sh /run.sh\nCMD [\"/run.sh\", \"--trust-remote-code\"]";
        var model = Own with { Dockerfile = Dockerfile, Files = new Dictionary<string, string> { ["run.sh"] = "exec vllm serve acme/acme-8b \"$@\"" } };
        static string Sum(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
        var digest = "sha256:" + Sum($"{Sum(Dockerfile)}  Dockerfile\n{Sum(model.Files["run.sh"])}  run.sh\n");
        var gate = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "acme/acme-8b", Revision = digest })]);
        Assert.Equal("allow", gate.Decide(model).Decision);
        Assert.Equal("acceptance", gate.Decide(model with { Files = new Dictionary<string, string> { ["run.sh"] = "exec vllm serve evil/repo \"$@\"" } }).Decision);

        // What stands in them is read as far as can be.
        var hidden = model with { Dockerfile = "FROM a:1\nCMD [\"/run.sh\"]", Files = new Dictionary<string, string> { ["run.sh"] = "exec vllm serve mistralai/Codestral-22B-v0.1 --trust-remote-code" } };
        Assert.Equal(["licence MNPL-0.1", "remote code of acme/acme-8b"], gate.Decide(hidden).Findings.Where(finding => finding.Open).Select(finding => finding.Subject));
    }

    [Fact]
    public void A_command_over_a_Dockerfile_starts_what_that_made()
    {
        var model = Own with { Dockerfile = "FROM a:1\nCMD [\"/run.sh\", \"--trust-remote-code\"]" };
        var gate = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "acme/acme-8b" })]);
        foreach (var command in (string[][])[[], ["/run.sh", "x"], ["vllm", "serve", "acme/acme-8b", "--trust-remote-code"]])
        {
            Assert.Contains("accepted by its digest", Assert.Single(gate.Decide(new StartedModel(model) { Command = command }).Findings, finding => finding.Open).Remedy, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--tokenizer", "\"evil/repo\"", "remote code of evil/repo")]
    [InlineData("--tokenizer", "\"/models/evil\"", "remote code of /models/evil")]
    [InlineData("--speculative-config", """{"model": "evil/draft", "num_speculative_tokens": 3}""", "remote code of evil/draft")]
    [InlineData("--hf-overrides", """{"auto_map": {"AutoModel": "evil/code--modeling.X"}}""", "remote code of evil/code--modeling.X")]
    [InlineData("--tokenizer-revision", "\"evil\"", null)]
    [InlineData("--tokenizer", "\"/models/a b\"", "remote code of /models/a b")]
    [InlineData("--tokenizer", "\"/opt/evil\"", "remote code of /opt/evil")]
    [InlineData("--tokenizer", "\"/models/a,b\"", "remote code of /models/a,b")]
    [InlineData("--speculative-config", """{"model": "/models/a=b"}""", "remote code of /models/a=b")]
    [InlineData("--tokenizer", "\"/models/evil/models--acme--acme-8b\"", "remote code of /models/evil/models--acme--acme-8b")]
    [InlineData("--tokenizer", "\"/models/hub/models--acme--acme-8b/snapshots/x\"", "")]
    [InlineData("--lora-modules", "\"x=acme/lora\"", "")]
    [InlineData("--chat-template", "\"/models/x.jinja\"", "")]
    public void Code_of_another_repository_is_accepted_by_its_own_name(string flag, string value, string? subject)
    {
        var commit = new string('c', 40);
        var model = Own with { RemoteCode = true, Revision = commit, Arguments = new Dictionary<string, JsonElement> { [flag] = JsonElement.Parse(value) } };
        var open = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "acme/acme-8b", Revision = commit })]).Decide(model).Findings.Where(finding => finding.Open).ToList();
        Assert.Equal(subject == "" ? [] : [subject ?? "remote code of acme/acme-8b"], open.Select(finding => finding.Subject));
    }

    [Theory]
    [InlineData("vllm serve evil/repo --trust-remote-code", "evil/repo")]
    [InlineData("vllm serve acme/acme-8b --trust-remote-code --tokenizer evil/repo", "evil/repo")]
    [InlineData("vllm serve https://huggingface.co/evil/repo --trust-remote-code", "evil/repo")]
    [InlineData("vllm serve /models/hub/models--evil--repo/snapshots/x --trust-remote-code", "evil/repo")]
    [InlineData("vllm serve /models/evil --trust-remote-code", "/models/evil")]
    [InlineData("python3 app/serve.py --trust-remote-code", null)]
    [InlineData("vllm serve acme/acme-8b --trust-remote-code", null)]
    public void The_code_that_a_command_runs_is_that_of_what_it_names(string command, string? open)
    {
        var gate = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "acme/acme-8b" })]);
        foreach (var words in (string[][])[command.Split(' '), ["sh", "-c", "exec " + command]])
        {
            Assert.Equal(open is null ? [] : [$"remote code of {open}"], gate.Decide(new StartedModel(Own) { Command = words }).Findings.Where(finding => finding.Open).Select(finding => finding.Subject));
        }
    }

    [Theory]
    [InlineData("vllm|serve|/models/a b|--trust-remote-code", "/models/a b")]
    [InlineData("vllm|serve|acme/acme-8b|--trust-remote-code|--tokenizer=/models/a,b", "/models/a,b")]
    [InlineData("sh|-c|exec vllm serve /models/a --trust-remote-code", null)]
    public void A_folder_is_told_apart_by_its_whole_name(string command, string? open)
    {
        var gate = new LicenceGate(Usual, [Acceptance(new LicenceAcceptanceSpec { RemoteCode = "acme/acme-8b" }), Acceptance(new LicenceAcceptanceSpec { RemoteCode = "/models/a" })]);
        Assert.Equal(open is null ? [] : [$"remote code of {open}"], gate.Decide(new StartedModel(Own) { Command = command.Split('|') }).Findings.Where(finding => finding.Open).Select(finding => finding.Subject));
    }

    [Fact]
    public void As_many_names_as_a_body_holds_are_judged_at_once()
    {
        var model = Own with { RemoteCode = true, Arguments = new Dictionary<string, JsonElement> { ["--logits-processors"] = JsonSerializer.SerializeToElement(Enumerable.Range(0, 100_000).Select(i => $"o{i}/r")) } };
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        Assert.Equal(100_002, new LicenceGate(Usual, []).Decide(model).Findings.Count);
        Assert.InRange(time.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20)); // Each with all others was minutes.
    }

    [Theory]
    [InlineData("acme/code", "")]
    [InlineData("acme/code", "1234567")]
    [InlineData("acme/code", "sha256:12")]
    [InlineData("/models/a\nb", null)]
    public void An_acceptance_that_could_never_count_is_refused(string name, string? revision)
    {
        var errors = new FieldErrors();
        AcceptanceRules.Check(new LicenceAcceptanceSpec { RemoteCode = name, Revision = revision }, errors);
        Assert.Single(errors.All);
        AcceptanceRules.Check(new LicenceAcceptanceSpec { RemoteCode = "acme/code", Revision = "v1.0" }, errors);
        Assert.Single(errors.All);
    }

    [Fact]
    public void A_rule_that_names_the_licence_knows_more()
    {
        var contract = new LicenceRule { Licences = ["MNPL-0.1"], Decision = "allow", Reason = "Contract 4711" };
        var decision = Decide(new LicencePolicySpec { Commercial = true, Rules = [contract, .. Usual.Rules!] }, "codestral-22b");
        Assert.Equal(("allow", "Contract 4711"), (decision.Decision, decision.Findings[0].Reason));
    }

    [Fact]
    public void The_first_rule_that_matches_decides()
    {
        var policy = new LicencePolicySpec
        {
            Rules = [new LicenceRule { Licences = ["Gemma"], Decision = "allow" }, new LicenceRule { Properties = ["acceptable-use"], Decision = "deny" }],
            Otherwise = "allow",
        };
        Assert.Equal("allow", Decide(policy, "gemma-3-4b-it").Decision);
        Assert.Equal("deny", Decide(policy, "llama-3.1-8b").Decision);
        Assert.Equal("allow", Decide(policy, "qwen3-8b").Decision);
    }

    [Fact]
    public void A_model_without_a_licence_is_not_deployed()
    {
        var decision = new LicenceGate(Usual, []).Decide(new ModelSpec { Id = "x", ModelType = "chat" });
        Assert.Equal("deny", decision.Decision);
        Assert.Equal("acceptance", new LicenceGate(Usual, []).Decide(new ModelSpec { Id = "x", ModelType = "chat", Licence = "Acme-Internal" }).Decision);
    }

    private static readonly ModelSpec Own = new() { Id = "acme-8b", ModelType = "chat", Engine = "vllm", Repo = "acme/acme-8b", Licence = "MIT" };

    private static GateDecision Decide(LicencePolicySpec policy, string id, params StoredResource[] acceptances) => new LicenceGate(policy, acceptances).Decide(BuiltInEntries.Find(id)!.Spec);

    private static StoredResource Acceptance(LicenceAcceptanceSpec spec) => new(
        ResourceKind.LicenceAcceptance, new ResourceMetadata { Name = "a", CreationTimestamp = new DateTimeOffset(2026, 11, 1, 9, 0, 0, TimeSpan.Zero) }, spec, null, "legal");
}
