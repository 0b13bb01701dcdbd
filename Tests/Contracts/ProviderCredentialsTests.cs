using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class ProviderCredentialsTests
{
    [Theory]
    [InlineData("openai", "openai", "https://api.openai.com/v1")]
    [InlineData("anthropic", "anthropic", "https://api.anthropic.com/v1")]
    [InlineData("google", "gemini", "https://generativelanguage.googleapis.com/v1beta/openai")]
    [InlineData("groq", "openai", "https://api.groq.com/openai/v1")]
    public void A_vendor_whose_address_is_known_needs_neither_endpoint_nor_engine(string provider, string engine, string url)
    {
        var spec = new ModelProviderSpec { Provider = provider };
        Assert.Empty(Errors(spec));
        Assert.Equal((engine, url), (spec.EffectiveEngine, Assert.Single(spec.EffectiveEndpoints).Url));
    }

    [Theory]
    [InlineData("azure", null, "spec.endpoint")]
    [InlineData("vllm", null, "spec.endpoint")]
    [InlineData("anthropic", "openai", "spec.endpoint")]
    [InlineData("nobody", null, "spec.engine", "spec.endpoint")]
    public void Others_must_say_where_they_are(string provider, string? engine, params string[] paths) =>
        Assert.Equal(paths, Errors(new ModelProviderSpec { Provider = provider, Engine = engine }).Select(error => error.Path));

    [Fact]
    public void Vendors_have_https_addresses_without_a_slash_at_the_end_and_engines_that_exist() =>
        Assert.All(KnownVendors.All, vendor =>
        {
            Assert.Contains(vendor.Engine, Engines.All);
            Assert.True(vendor.Url is null || (vendor.Url.StartsWith("https://", StringComparison.Ordinal) && vendor.Url[^1] != '/' && new Uri(vendor.Url).AbsolutePath != "/"));
        });

    [Theory]
    [InlineData("vllm", null, "bearer", "Authorization")]
    [InlineData("gemini", null, "bearer", "Authorization")]
    [InlineData("anthropic", null, "header", "x-api-key")]
    [InlineData("azure-openai", null, "header", "api-key")]
    [InlineData("anthropic", """{"type":"bearer"}""", "bearer", "Authorization")]
    [InlineData("openai", """{"type":"header"}""", "header", "api-key")]
    [InlineData("openai", """{"type":"header","header":"x-key"}""", "header", "x-key")]
    [InlineData("openai", """{"type":"basic","username":"me"}""", "basic", "Authorization")]
    public void A_credential_is_sent_as_the_engine_expects_it_unless_somebody_says_otherwise(string engine, string? auth, string type, string header)
    {
        var spec = Read($$"""{"provider":"x","engine":"{{engine}}","endpoint":"https://h","apiKeySecretRef":{"name":"s","key":"k"}{{(auth is null ? "" : ",\"auth\":" + auth)}}}""");
        Assert.Empty(Errors(spec));
        Assert.Equal((type, header), (spec.EffectiveAuthType, spec.CredentialHeader));
    }

    [Theory]
    [InlineData(""" "apiKeySecretRef":{"name":"s","key":"k"},"apiKeySecretRefs":[{"name":"s","key":"k"}] """, "spec.apiKeySecretRefs", "either apiKeySecretRef or apiKeySecretRefs, and not both")]
    [InlineData(""" "apiKeySecretRefs":[] """, "spec.apiKeySecretRefs", "1 to 64 entries")]
    [InlineData(""" "apiKeySecretRefs":[{"name":"s","key":"k"},{"name":"S","key":"k"}] """, "spec.apiKeySecretRefs[1].name", FieldRules.NameExpectation)]
    [InlineData(""" "apiKeySecretRefs":[{"name":"s","key":"k"},{"name":"s","key":"k"}] """, "spec.apiKeySecretRefs[1]", "a key that is listed once")]
    [InlineData(""" "auth":{"type":"token"} """, "spec.auth.type", "one of bearer, header, basic, none")]
    [InlineData(""" "auth":{"type":"bearer"} """, "spec.auth.type", "none, or a credential")]
    [InlineData(""" "auth":{"type":"none"},"apiKeySecretRef":{"name":"s","key":"k"} """, "spec.auth.type", "bearer, header or basic where a credential is named")]
    [InlineData(""" "auth":{"header":"x-key"},"apiKeySecretRef":{"name":"s","key":"k"} """, "spec.auth.header", "no header with auth.type bearer")]
    [InlineData(""" "auth":{"type":"header","header":"Host"},"apiKeySecretRef":{"name":"s","key":"k"} """, "spec.auth.header", "another header; 'Host' says how the message travels")]
    [InlineData(""" "auth":{"type":"basic"},"apiKeySecretRef":{"name":"s","key":"k"} """, "spec.auth.username", "the user's name, without ':' and control characters")]
    [InlineData(""" "auth":{"type":"basic","username":"a:b"},"apiKeySecretRef":{"name":"s","key":"k"} """, "spec.auth.username", "the user's name, without ':' and control characters")]
    [InlineData(""" "headers":{"Connection":"x"} """, "spec.headers.Connection", "another header; 'Connection' says how the message travels")]
    [InlineData(""" "headers":{"content-type":"x"} """, "spec.headers.content-type", "another header; 'content-type' says how the message travels")]
    [InlineData(""" "headers":{"x-orrery-tags":"x"} """, "spec.headers.x-orrery-tags", "another header; 'x-orrery-tags' is the gateway's")]
    [InlineData(""" "headers":{"Traceparent":"x"} """, "spec.headers.Traceparent", "another header; 'Traceparent' is the gateway's")]
    [InlineData(""" "headers":{"a b":"x"} """, "spec.headers.a b", "a header's name of at most 128 letters, digits and '-'")]
    [InlineData(""" "headers":{"x-a":"b\r\nc: d"} """, "spec.headers.x-a", "1 to 4096 visible ASCII characters, with blanks between them only")]
    [InlineData(""" "headers":{"x-a":"b"},"secretHeaders":{"X-A":{"name":"s","key":"k"}} """, "spec.secretHeaders.X-A", "a header that is sent once, whatever its letters' case; the one of auth counts")]
    [InlineData(""" "apiKeySecretRef":{"name":"s","key":"k"},"secretHeaders":{"authorization":{"name":"s","key":"k"}} """, "spec.secretHeaders.authorization", "a header that is sent once, whatever its letters' case; the one of auth counts")]
    [InlineData(""" "secretHeaders":{"x-a":{"name":"s","key":" "}} """, "spec.secretHeaders.x-a.key", "the key of the secret that holds the credential")]
    [InlineData(""" "aliases":["a/b"] """, "spec.aliases[0]", "1 to 63 letters, digits, '.', '_' and '-', starting with a letter or digit")]
    [InlineData(""" "aliases":["a","a"] """, "spec.aliases[1]", "an alias that is listed once")]
    [InlineData(""" "apiVersion":"2024-10-21" """, "spec.apiVersion", "nothing: only the engine azure-openai has versions")]
    [InlineData(""" "engine":"azure-openai","apiVersion":"soon" """, "spec.apiVersion", "a version such as 2024-10-21 or 2025-04-01-preview; preview or latest with /openai/v1")]
    public void What_cannot_be_is_refused_by_its_field(string fields, string path, string expectation)
    {
        var engine = fields.Contains("\"engine\"", StringComparison.Ordinal) ? "" : "\"engine\":\"openai\",";
        var error = Assert.Single(Errors(Read($$"""{"provider":"x",{{engine}}"endpoint":"https://h",{{fields}}}""")));
        Assert.Equal((path, expectation), (error.Path, error.Expectation));
    }

    [Fact]
    public void An_address_of_one_deployment_is_refused()
    {
        var error = Assert.Single(Errors(new ModelProviderSpec { Provider = "azure", Endpoint = "https://r.openai.azure.com/openai/deployments/gpt-4o", ApiVersion = "2024-10-21" }));
        Assert.Equal(("spec.endpoint", "the resource's address, up to /openai"), (error.Path, error.Expectation));
    }

    [Theory]
    [InlineData("Authorization")]
    [InlineData("cookie")]
    [InlineData("X-Api-Key")]
    [InlineData("api-key")]
    public void A_credential_among_the_plain_headers_is_refused_and_not_repeated(string name)
    {
        var error = Assert.Single(Errors(Read($$$"""{"provider":"openai","headers":{"{{{name}}}":"sk-very-secret"}}""")));
        Assert.Equal(("spec.headers." + name, "no credential"), (error.Path, error.Expectation));
        Assert.DoesNotContain("sk-very-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("secretHeaders", error.Remedy, StringComparison.Ordinal);
    }

    private static ModelProviderSpec Read(string json) => JsonSerializer.Deserialize(json, ContractsJson.Default.ModelProviderSpec)!;

    private static IReadOnlyList<FieldError> Errors(ModelProviderSpec spec)
    {
        var errors = new FieldErrors();
        spec.Validate(errors);
        return errors.All;
    }
}
