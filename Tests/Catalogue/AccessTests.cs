using System.Net;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class AccessTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task Without_a_key_or_with_an_unknown_one_nobody_gets_in()
    {
        foreach (var token in new[] { null, "ork_unknown" })
        {
            var answer = (await _catalogue.Get($"{Root}/models", token)).Expect(HttpStatusCode.Unauthorized);
            Assert.NotNull(answer.RequestId);
            Assert.Equal("Unauthorized", (string?)answer.Json["title"]);
        }
    }

    [Fact]
    public async Task A_made_token_works_and_is_told_once()
    {
        var created = (await _catalogue.Put($"{Root}/accesskeys/made", Documents.Key("made", role: "administrator"))).Expect(HttpStatusCode.Created).Json;
        var token = (string)created["token"]!;
        Assert.StartsWith(AccessToken.Prefix, token, StringComparison.Ordinal);
        Assert.Equal(AccessToken.Hash(token), (string?)created["spec"]!["sha256"]);
        Assert.Equal(token[..8], (string?)created["spec"]!["prefix"]);
        (await _catalogue.Get($"{Root}/models", token)).ExpectOk();

        var again = (await _catalogue.Put($"{Root}/accesskeys/made", Documents.Key("made", role: "administrator"))).Expect(HttpStatusCode.OK);
        Assert.DoesNotContain(token, again.Text + (await _catalogue.Get($"{Root}/accesskeys/made")).Text + _catalogue.Logged, StringComparison.Ordinal);
        (await _catalogue.Get($"{Root}/models", token)).ExpectOk();

        var applied = (await _catalogue.Apply(Documents.Key("applied"))).ExpectOk().Json["results"]![0]!;
        Assert.StartsWith(AccessToken.Prefix, (string?)applied["token"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_renewed_by_the_hash_of_a_new_one()
    {
        const string Path = $"{Root}/accesskeys/renewed";
        var old = (string)(await _catalogue.Put(Path, Documents.Key("renewed", role: "administrator"))).ExpectOk().Json["token"]!;
        var next = AccessToken.Create();
        var renewed = (await _catalogue.Put(Path, $"{{kind: AccessKey, spec: {{role: administrator, sha256: {AccessToken.Hash(next)}}}}}")).ExpectOk();
        Assert.Null(renewed.Json["token"]);
        Assert.Null(renewed.Json["spec"]!["prefix"]); // It was the old one's.
        (await _catalogue.Get(Root, old)).Expect(HttpStatusCode.Unauthorized);
        (await _catalogue.Get(Root, next)).ExpectOk();
    }

    [Fact]
    public async Task A_users_key_does_not_open_the_control_plane()
    {
        var token = (string)(await _catalogue.Put($"{Root}/accesskeys/plain", Documents.Key("plain"))).ExpectOk().Json["token"]!;
        var answer = (await _catalogue.Get($"{Root}/models", token)).Expect(HttpStatusCode.Forbidden);
        Assert.Equal("The access key 'plain' has the role 'user'; the control plane needs an 'administrator'.", (string?)answer.Json["detail"]);
    }

    [Fact]
    public async Task A_key_may_come_as_x_api_key()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Root}/models");
        request.Headers.Add("x-api-key", FirstKey);
        using var response = await _catalogue.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("disabled: true")]
    [InlineData("expiresAt: 2020-01-01T00:00:00Z")]
    public async Task A_revoked_key_is_refused_from_the_next_request_on(string field)
    {
        var path = $"{Root}/accesskeys/revoked-{field[0]}";
        var token = (string)(await _catalogue.Put(path, "{kind: AccessKey, spec: {role: administrator}}")).ExpectOk().Json["token"]!;
        (await _catalogue.Get(Root, token)).ExpectOk();
        (await _catalogue.Put(path, $"{{kind: AccessKey, spec: {{role: administrator, {field}}}}}")).ExpectOk();
        (await _catalogue.Get(Root, token)).Expect(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_namespaces_administrator_reaches_no_other_namespace()
    {
        var token = (string)(await _catalogue.Put($"{Root}/namespaces/acme/accesskeys/boss", Documents.Key("boss", role: "administrator", @namespace: "acme"))).ExpectOk().Json["token"]!;
        (await _catalogue.Put($"{Root}/models/ours", Documents.Model("ours", "ours-id", @namespace: "acme"), token)).ExpectOk();
        (await _catalogue.Get($"{Root}/namespaces/acme/models/ours", FirstKey)).ExpectOk();
        (await _catalogue.Get($"{Root}/models/ours", FirstKey)).Expect(HttpStatusCode.NotFound);

        (await _catalogue.Get($"{Root}/namespaces/default/models", token)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Get($"{Root}/namespaces/default/accesskeys/first", token)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Get($"{Root}/usage?namespace=default", token)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Apply(Documents.Model("theirs", "theirs-id", @namespace: "default"), token: token)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Apply(Documents.Model("theirs", "theirs-id"), token: token)).ExpectOk();
        (await _catalogue.Get($"{Root}/namespaces/acme/models/theirs")).ExpectOk();
        Assert.Equal(171, (int)(await _catalogue.Get("/models", token)).ExpectOk().Json["total"]!);
        Assert.Equal(169, (int)(await _catalogue.Get("/models")).ExpectOk().Json["total"]!);

        (await _catalogue.Apply(Documents.Model("swept", "swept-id"), "?manager=builder&prune=true")).ExpectOk();
        (await _catalogue.Apply(Documents.Model("own", "own-id"), "?manager=builder&prune=true", token)).ExpectOk();
        (await _catalogue.Get($"{Root}/models/swept")).ExpectOk();
    }

    [Fact]
    public async Task Internal_addresses_open_for_services_only()
    {
        (await _catalogue.Get("/internal/snapshot")).Expect(HttpStatusCode.Unauthorized);
        (await _catalogue.Post("/internal/usage", "{}")).Expect(HttpStatusCode.Unauthorized);
        (await _catalogue.Get($"{Root}/models", Internal)).ExpectOk();
    }

    [Fact]
    public async Task A_request_id_is_taken_over_and_otherwise_made()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nowhere");
        request.Headers.Add("x-request-id", "my-own-id");
        using var response = await _catalogue.Http.SendAsync(request);
        Assert.Equal("my-own-id", response.Headers.GetValues("x-request-id").Single());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("req_", (await _catalogue.Get("/health/live", null)).RequestId, StringComparison.Ordinal);
    }
}
