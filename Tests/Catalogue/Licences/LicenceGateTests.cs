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
    [InlineData("command-r7b-12-2024", "acceptance")]
    public void Permissive_licences_pass_and_others_wait(string id, string decision) => Assert.Equal(decision, Decide(Usual, id).Decision);

    [Fact]
    public void An_acceptance_opens_the_gate_and_says_who_when_and_what()
    {
        var link = KnownLicences.Find("Llama-3.1-Community")!.Link;
        var accepted = Acceptance(new LicenceAcceptanceSpec { Licence = "Llama-3.1-Community", Text = link });
        var decision = Decide(Usual, "llama-3.1-8b", accepted);
        var finding = Assert.Single(decision.Findings);
        Assert.Equal(("allow", false, "legal", accepted.Metadata.CreationTimestamp, link), (decision.Decision, finding.Open, finding.AcceptedBy, finding.AcceptedAt, finding.Text));
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

    private static GateDecision Decide(LicencePolicySpec policy, string id, params StoredResource[] acceptances) => new LicenceGate(policy, acceptances).Decide(BuiltInEntries.Find(id)!.Spec);

    private static StoredResource Acceptance(LicenceAcceptanceSpec spec) => new(
        ResourceKind.LicenceAcceptance, new ResourceMetadata { Name = "a", CreationTimestamp = new DateTimeOffset(2026, 11, 1, 9, 0, 0, TimeSpan.Zero) }, spec, null, "legal");
}
