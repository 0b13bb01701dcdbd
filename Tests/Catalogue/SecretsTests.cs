using System.Net;
using Dapper;
using Npgsql;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class SecretsTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Value = "sk-do-not-show-this-value-4711";
    private string _database = null!;
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _catalogue = await StartAsync(_database, "Logging:LogLevel:Default=Trace");
    }

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_secrets_value_is_in_no_table_no_log_and_no_answer()
    {
        var answers = new List<Answer>
        {
            await _catalogue.Apply(Documents.Secret("vendor", Value + "-old"), "?dryRun=true"),
            await _catalogue.Apply(Documents.Secret("vendor", Value + "-old")),
            await _catalogue.Apply(Documents.Secret("vendor", Value), "?dryRun=true"),
            await _catalogue.Apply(Documents.Many(Documents.Secret("vendor", Value), Documents.Provider("p", "m", secret: "vendor"))),
            await _catalogue.Get($"{Root}/secrets/vendor"),
            await _catalogue.Get($"{Root}/secrets"),
            await _catalogue.Get($"{Root}/secrets/vendor/revisions"),
            await _catalogue.Put($"{Root}/secrets/vendor", $"{{kind: Secret, spec: {{data: {{token: {{deep: \"{Value}\"}}, other: 4711}}}}}}"),
            await _catalogue.Put($"{Root}/secrets/vendor", $"{{kind: Secret, spec: {{dta: {{token: \"{Value}\"}}}}}}"),
            await _catalogue.Put($"{Root}/modelproviders/p", $"{{kind: ModelProvider, spec: {{provider: vllm, endpoint: http://h, apiKeySecretRef: \"{Value}\"}}}}"),
            await _catalogue.Put($"{Root}/modelproviders/p", $"{{kind: ModelProvider, spec: {{provider: vllm, endpoint: \"http://h/v1?key={Value}\"}}}}"),
        };
        await using var watch = await _catalogue.Events($"{Root}/secrets?watch=true&resourceVersion=0");
        answers.Add(new Answer(HttpStatusCode.OK, (await watch.NextAsync("MODIFIED")).Data, null, null));
        await using var stream = await _catalogue.Snapshot();
        answers.Add(new Answer(HttpStatusCode.OK, (await stream.NextAsync("snapshot")).Data, null, null));

        Assert.All(answers, answer => Assert.DoesNotContain(Value, answer.Text, StringComparison.Ordinal));
        Assert.Equal("""{"token":""}""", (await _catalogue.Get($"{Root}/secrets/vendor")).Json["spec"]!["data"]!.ToJsonString());
        Assert.Equal("spec.data.token", (string?)answers[2].Json["results"]![0]!["changes"]![0]!["path"]);
        Assert.DoesNotContain(Value, _catalogue.Logged, StringComparison.Ordinal);
        Assert.Empty(await TablesWithAsync(Value));
        Assert.NotEmpty(await TablesWithAsync("ciphertext"));
    }

    [Fact]
    public async Task The_same_value_again_is_unchanged_and_an_answers_shape_is_refused()
    {
        (await _catalogue.Put($"{Root}/secrets/again", Documents.Secret("again", "v1"))).ExpectOk();
        var same = (await _catalogue.Apply(Documents.Secret("again", "v1"))).ExpectOk().Json;
        Assert.Equal("unchanged", (string?)same["results"]![0]!["action"]);
        var other = (await _catalogue.Apply(Documents.Secret("again", "v2"))).ExpectOk().Json;
        Assert.Equal("configured", (string?)other["results"]![0]!["action"]);

        var shown = (await _catalogue.Get($"{Root}/secrets/again")).Text;
        var error = Assert.Single((await _catalogue.Put($"{Root}/secrets/again", shown)).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal(("spec.data.token", "a value that is not empty"), ((string?)error["path"], (string?)error["expectation"]));
    }

    [Fact]
    public async Task A_provider_needs_its_secret_and_keeps_it_alive()
    {
        var missing = Assert.Single((await _catalogue.Apply(Documents.Provider("user", "m1", secret: "absent"))).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal(("spec.apiKeySecretRef.name", "a Secret of namespace 'default'"), ((string?)missing["path"], (string?)missing["expectation"]));

        (await _catalogue.Apply(Documents.Many(Documents.Provider("user", "m1", secret: "used"), Documents.Secret("used", "v")))).ExpectOk();
        var conflict = (await _catalogue.Delete($"{Root}/secrets/used")).Expect(HttpStatusCode.Conflict);
        Assert.Equal("Secret 'used' is used by ModelProvider 'user': delete or change that first.", (string?)conflict.Json["detail"]);
        var without = Assert.Single((await _catalogue.Apply("{kind: Secret, metadata: {name: used}, spec: {data: {another: v}}}")).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal("the key 'token', which ModelProvider 'user' uses", (string?)without["expectation"]);
        (await _catalogue.Delete($"{Root}/modelproviders/user")).ExpectOk();
        (await _catalogue.Delete($"{Root}/secrets/used")).ExpectOk();
    }

    [Fact]
    public async Task A_new_key_seals_everything_anew_and_the_old_one_can_go()
    {
        (await _catalogue.Apply(Documents.Secret("turning", "v1"))).ExpectOk();
        var first = (await _catalogue.Get($"{Root}/secrets/turning")).Json["metadata"]!;
        (await _catalogue.Apply(Documents.Many(Documents.Secret("turning", "v2"), Documents.Provider("turner", "m", secret: "turning")))).ExpectOk();

        const string NewKey = "another-secrets-key-of-at-least-32-characters";
        await using (await StartAsync(_database, $"Secrets:Key={NewKey}", $"Secrets:PreviousKeys:0={SecretsKey}"))
        {
            Assert.Empty(await TablesWithAsync($"\"keyId\": \"{new SecretSealer(SecretsKey).KeyId}\"", "resources", "revisions"));
        }

        await using var after = await StartAsync(_database, $"Secrets:Key={NewKey}");
        Assert.Equal(2, (int)(await after.Get($"{Root}/secrets/turning")).Json["metadata"]!["generation"]!);
        Assert.Equal("unchanged", (string?)(await after.Apply(Documents.Secret("turning", "v2"))).ExpectOk().Json["results"]![0]!["action"]);
        (await after.Post($"{Root}/secrets/turning/rollback?revision={first["resourceVersion"]}", "")).ExpectOk();
        Assert.Equal("unchanged", (string?)(await after.Apply(Documents.Secret("turning", "v1"))).ExpectOk().Json["results"]![0]!["action"]);

        await using var stream = await after.Snapshot();
        var provider = (await stream.NextAsync("snapshot")).Json["providers"]![0]!;
        var secret = new SealedSecret(
            (string)provider["apiKey"]!["keyId"]!, Convert.FromBase64String((string)provider["apiKey"]!["nonce"]!), Convert.FromBase64String((string)provider["apiKey"]!["ciphertext"]!));
        Assert.True(new SecretSealer(NewKey).TryOpen((string)provider["apiKeyContext"]!, secret, out var value, out _));
        Assert.Equal("v1", value);
    }

    /// <summary>Every table of the schema with a row that holds the text anywhere, in any column.</summary>
    private async Task<List<string>> TablesWithAsync(string text, params string[] only)
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var connection = await source.OpenConnectionAsync();
        var found = new List<string>();
        foreach (var table in await connection.QueryAsync<string>("SELECT table_name FROM information_schema.tables WHERE table_schema = 'catalogue'"))
        {
            if ((only.Length == 0 || only.Contains(table)) && await connection.ExecuteScalarAsync<bool>($"SELECT EXISTS (SELECT FROM catalogue.{table} t WHERE strpos(t::text, @text) > 0 OR strpos(replace(t::text, '\"\"', '\"'), @text) > 0)", new { text }))
            {
                found.Add(table);
            }
        }

        return found;
    }
}
