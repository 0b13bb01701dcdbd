using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Catalogue.Pins;

namespace Orrery.Tests.Catalogue.Pins;

/// <summary>What is made of a hub's answers, in words.</summary>
public sealed class HubReaderTests(PostgresServer postgres) : IAsyncLifetime
{
    private HubServer _hub = null!;
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubServer.StartAsync();
        _hub.Revisions["a/b@main"] = _ => HubServer.Commit(1);
        _hub.Revisions["a/b@release/1"] = _ => HubServer.Commit(2);
        _hub.Revisions["a/private@main"] = _ => HubServer.Commit(3);
        _hub.Private["a/private"] = true;
        _hub.Renamed["old/b"] = "a/b";
        _catalogue = await CatalogueReplica.StartAsync(await postgres.CreateDatabaseAsync(), $"Catalogue:Hub:Endpoint={_hub.Address}/", "Catalogue:Hub:Timeout=00:00:01");
    }

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(HubServer.Token, _catalogue.Logged, StringComparison.Ordinal);
        await _catalogue.DisposeAsync();
        await _hub.DisposeAsync();
    }

    private async Task<string> Ask(string repo = "a/b", string revision = "main", string? token = null, RequestDelegate? instead = null)
    {
        _hub.Instead = instead;
        var (found, fault) = await _catalogue.Services.GetRequiredService<HubReader>().FindAsync(repo, revision, token, TestContext.Current.CancellationToken);
        Assert.True(found is null ^ fault is null);
        return (found?.Commit ?? $"{fault!.Cause}: {fault.Message}. {fault.Remedy}").Replace(_hub.Address[7..], "HUB", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revision_is_a_commit()
    {
        Assert.Equal(HubServer.Commit(1), await Ask());
        Assert.Equal(HubServer.Commit(2), await Ask(revision: "release/1"));
        Assert.Equal(HubServer.Commit(3), await Ask("a/private", token: HubServer.Token));
        Assert.Equal(HubServer.Commit(1), await Ask("old/b", token: HubServer.Token));
        Assert.Equal(["owner", "owner"], _hub.Questions.TakeLast(2).Select(question => question.Split(' ')[^1])); // The same host.
        Assert.Contains("/api/models/a/b/revision/release%2F1?blobs=true nobody", _hub.Questions);
    }

    [Fact]
    public async Task What_is_not_there_is_told_from_what_is_not_shown()
    {
        const string Name = "unknown_repository: HUB has no model repository";
        Assert.Equal($"{Name} 'a/c', or shows it to others alone. Is the name right? For one that is private, put a token that may read it into the namespace's Secret 'huggingface', key 'token'.", await Ask("a/c"));
        Assert.Equal($"{Name} 'a/c', or shows it to others alone. Is the name right, and may the token in the namespace's Secret 'huggingface', key 'token' read it?", await Ask("a/c", token: HubServer.Token));
        Assert.StartsWith($"{Name} 'a/private', or", await Ask("a/private"), StringComparison.Ordinal);
        Assert.Equal("unknown_revision: 'a/b' has no revision 'v9'. Name a branch, a tag or a commit of it in revision.", await Ask(revision: "v9"));
        Assert.Equal("access_denied: HUB refuses the token. Renew it in the namespace's Secret 'huggingface', key 'token'.", await Ask(token: "hf_wrong"));
    }

    [Fact]
    public async Task Terms_that_are_not_accepted_are_named()
    {
        Assert.Equal(
            "gated: 'a/b' is gated, and nobody is let in without a token. Accept them at http://HUB/a/b, and put a token of that account into the namespace's Secret 'huggingface', key 'token'.",
            await Ask(instead: HubServer.Error(401, "GatedRepo")));
        Assert.Equal(
            "gated: 'a/b' is gated, and the token's account has not accepted its terms, or has not been let in yet. Accept them at http://HUB/a/b.",
            await Ask(token: HubServer.Token, instead: HubServer.Error(403, "GatedRepo")));
        Assert.Equal(
            "access_denied: HUB shows 'a/b' to others alone (403). Give the token in the namespace's Secret 'huggingface', key 'token' the right to read it, and accept its terms if it has some.",
            await Ask(token: HubServer.Token, instead: HubServer.Error(403)));
        Assert.Equal(
            "access_denied: HUB shows 'a/b' to others alone (403). Put a token that may read it into the namespace's Secret 'huggingface', key 'token'.", await Ask(instead: HubServer.Error(403)));
    }

    [Fact]
    public async Task A_hub_that_is_none_or_not_well_is_told_apart()
    {
        Assert.Equal(
            "not_found: HUB answers 404 for 'a/b' at 'main', and does not say of which. Are both right, and is Catalogue:Hub:Endpoint the address of a hub?", await Ask(instead: HubServer.Error(404)));
        foreach (var body in new[] { "<html>", "{}", "{\"sha\":\"main\"}", "[]", "" })
        {
            Assert.Equal("unexpected_answer: HUB answers 200 without a commit for 'a/b'. Is Catalogue:Hub:Endpoint the address of a hub?", await Ask(instead: http => http.Response.WriteAsync(body)));
        }

        Assert.Equal("unexpected_answer: HUB answers 418, and not as hubs do. Is Catalogue:Hub:Endpoint the address of a hub?", await Ask(instead: HubServer.Error(418)));
        Assert.Equal("server_error: HUB failed (502). Try again later.", await Ask(instead: HubServer.Error(502)));
        Assert.Equal("rate_limited: HUB takes no more questions from us now (429), for 9 s. Try again later.", await Ask(token: HubServer.Token, instead: HubServer.Error(429, headers: ("Retry-After", "9"))));
        Assert.StartsWith("timeout: HUB has not answered within 1 s.", await Ask(instead: http => Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System, http.RequestAborted)), StringComparison.Ordinal);
        Assert.StartsWith(
            "unexpected_answer: HUB answers with more than 16 MB.", await Ask(instead: http => http.Response.WriteAsync(new string(' ', 17 << 20))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Catalogue:Hub:Endpoint=huggingface.co", "Catalogue:Hub:Endpoint is not an absolute http:// or https:// URL")]
    [InlineData("Catalogue:Hub:Endpoint=https://user:password@hub.internal", "Catalogue:Hub:Endpoint is not an absolute http:// or https:// URL")]
    [InlineData("Catalogue:Hub:Timeout=00:10:00", "Catalogue:Hub:Timeout is '00:10:00'; expected a time from 00:00:01 to 00:02:00.")]
    [InlineData("Registries:PlainHttp:0=http://x", "Registries:PlainHttp:0 is 'http://x'; expected a registry's host")]
    [InlineData("Registries:Mirrors:docker.io=mirror", "Registries:Mirrors:docker.io is 'mirror'; expected a registry's host")]
    [InlineData("Registries:Timeout=00:00:00", "Registries:Timeout is '00:00:00'; expected a time from 00:00:01 to 00:02:00.")]
    public async Task A_setting_that_cannot_be_is_refused_at_start(string setting, string expected)
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => CatalogueReplica.LaunchAsync("Host=127.0.0.1;Port=9", setting));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("password", error.Message.Replace("user, password", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
