using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;
using Orrery.Tests.Gateway.Transforms;

namespace Orrery.Tests.Catalogue;

/// <summary>What people get wrong, and exactly what they are told.</summary>
public sealed class BadDocumentsTests
{
    private const string Head = "kind: Model\nmetadata: {name: m}\n";

    [Theory]
    [InlineData("{kind: Modell, metadata: {name: m}, spec: {}}", "kind", null, 1, 8, "required: one of Model, ModelProvider, AccessKey, Secret, Route, Team, LicencePolicy, LicenceAcceptance, ModelDeployment, GpuClass, ImagePolicy", "Did you mean 'Model'?")]
    [InlineData("metadata: {name: m}", "kind", null, 1, 1, "required: one of Model, ModelProvider, AccessKey, Secret, Route, Team, LicencePolicy, LicenceAcceptance, ModelDeployment, GpuClass, ImagePolicy", null)]
    [InlineData("apiVersion: v1\n" + Head + "spec: {id: x, modelType: chat}", "apiVersion", "v1", 1, 13, "one of orrery.dev/v1, pai.io/v1", null)]
    [InlineData(Head, "spec", null, 1, 1, "required: a mapping that says what is wanted", null)]
    [InlineData(Head + "spec: {id: x, modelType: chat}\nspecs: 1", "specs", null, 4, 1, "a known field: apiVersion, kind, metadata, spec, status", "Did you mean 'spec'?")]
    [InlineData(Head + "spec: {id: x}", "spec.modelType", null, 3, 7, "required: one of chat, multimodal, embedding, text_to_speech, speech_to_text, image_generation, video_generation", null)]
    [InlineData(Head + "spec: {id: x, modelType: chatt}", "spec.modelType", "chatt", 3, 26, "one of chat, multimodal, embedding, text_to_speech, speech_to_text, image_generation, video_generation", "Did you mean 'chat'?")]
    [InlineData(Head + "spec: {id: 7, modelType: chat}", "spec.id", "7", 3, 12, "a text", "Write it in quotes.")]
    [InlineData(Head + "spec: {id: x, modelType: chat, contextWindow: many}", "spec.contextWindow", "many", 3, 47, "a whole number", null)]
    [InlineData(Head + "spec: {id: x, modelType: chat, contextWindow: 0}", "spec.contextWindow", "0", 3, 47, "a number of tokens above 0", null)]
    [InlineData(Head + "spec: {id: x, modelType: chat, aliases: y}", "spec.aliases", null, 3, 41, "a list", "There is a text now.")]
    [InlineData(Head + "spec: {id: x, modelType: chat, aliases: [y, null]}", "spec.aliases[1]", null, 3, 45, "a text", "There is nothing now.")]
    [InlineData(Head + "spec: {id: x, modelType: chat, model_type: chat}", "spec.modelType", null, 3, 32, "a field that is given once", "It is written as modelType and as model_type: keep one.")]
    [InlineData(Head + "spec:\n  id: x\n  modelType: chat\n  id: y", "id", null, 6, 3, "a name that stands once in its mapping; it is also on line 4", "Keep one of the two.")]
    [InlineData(Head + "spec: {id: \"a\\0b\", modelType: chat}", "spec.id", "a\0b", 3, 12, "a text without the character U+0000 and without halves of characters", null)]
    [InlineData("kind: Model\nmetadata: {name: no_dns}\nspec: {id: x, modelType: chat}", "metadata.name", "no_dns", 2, 18, "1 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit (a DNS-1123 label)", null)]
    [InlineData("kind: Model\nspec: {id: x, modelType: chat}", "metadata.name", null, 1, 1, "required: a text", null)]
    [InlineData("kind: Model\nmetadata: {name: m, labels: {on: 1}}\nspec: {id: x, modelType: chat}", "metadata.labels.on", "1", 2, 34, "a text", "Write it in quotes.")]
    [InlineData("kind: AccessKey\nmetadata: {name: k}\nspec: {disabled: no}", "spec.disabled", "no", 3, 18, "true or false", null)]
    [InlineData("kind: AccessKey\nmetadata: {name: k}\nspec: {expiresAt: 2026-01-01}", "spec.expiresAt", "2026-01-01", 3, 19, "a time such as 2026-01-31T12:00:00Z (RFC 3339, with its offset)", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, timeouts: {idle: 5 minutes}}", "spec.timeouts.idle", "5 minutes", 3, 61, "a duration such as 500ms, 30s, 5m, 1h30m or 7d", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, health_check: {endpoint: 'http://elsewhere/health'}}", "spec.healthCheck.endpoint", "http://elsewhere/health", 3, 69, "a path such as /health: it begins with one '/', and has no query, no fragment and no '..'", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, health_check: {interval_seconds: 0}}", "spec.healthCheck.intervalSeconds", "0", 3, 77, "1s to 24h", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, health_check: {timeout_seconds: 61}}", "spec.healthCheck.timeoutSeconds", "61", 3, 76, "above zero and at most the interval (1m)", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, health_check: {failure_threshold: 0}}", "spec.healthCheck.failureThreshold", "0", 3, 78, "1 to 100", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, health_check: {interval: 10s, interval_seconds: 10}}", "spec.healthCheck.intervalSeconds", "10", 3, 92, "either interval or intervalSeconds, and not both", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, balancing: {strategy: random}}", "spec.balancing.strategy", "random", 3, 66, "one of weighted_round_robin, least_in_flight, latency, session", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, balancing: {session_header: authorization}}", "spec.balancing.sessionHeader", "authorization", 3, 72, "a header that names a session and is no credential", "Let clients send X-Orrery-Session.")]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, balancing: {slow_start: 2h}}", "spec.balancing.slowStart", "2h", 3, 68, "0s to 1h", null)]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm}", "spec.endpoint", null, 3, 7, "either endpoint or endpoints", "Only vendors whose address is known need none: openai, anthropic, gemini, cerebras, cohere, deepinfra, deepseek, fireworks, groq, huggingface, mistral, nvidia, openrouter, together, xai.")]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, apiKeySecretRef: sk-secret}", "spec.apiKeySecretRef", null, 3, 61, "a mapping with key, name", "There is a text now.")]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: acme, endpoint: http://h}", "spec.engine", null, 3, 7, "one of vllm, transformers, whisper, tts-engine, video-engine, openai, anthropic, azure-openai, gemini, custom", "No engine follows from provider 'acme': name one.")]
    [InlineData("kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: gemini, nativeResponses: true}", "spec.nativeResponses", "true", 3, 43, "true only with engine openai, vllm or azure-openai without apiVersion", "Leave it out: the requests are translated.")]
    [InlineData("kind: Secret\nmetadata: {name: s}\nspec: {data: {a: 4711}}", "spec.data.a", null, 3, 18, "a text", "Write it in quotes.")]
    [InlineData("just a text", "", null, 1, 1, "a resource: a mapping with apiVersion, kind, metadata and spec", "There is a text now.")]
    [InlineData("a: *nowhere", "", null, 1, 4, "an anchor &nowhere before the alias *nowhere", null)]
    [InlineData("a: !!int 1", "", null, 1, 4, "a value without the tag tag:yaml.org,2002:int", "Leave the tag out; only !!str is understood.")]
    [InlineData("# nothing\n---\n", "", null, null, null, "at least one document", "Send a resource as YAML or JSON.")]
    [InlineData("{\"kind\": \"Model\",\n \"kind\": \"Model\", \"metadata\": {\"name\": \"m\"}, \"spec\": {\"id\": \"x\", \"modelType\": \"chat\"}}", "kind", null, 2, 2, "a name that stands once in its mapping; it is also on line 1", "Keep one of the two.")]
    [InlineData("{\"kind\": \"Model\"\n \"metadata\": {}}", "", null, 2, 2, "well-formed JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'.", null)]
    public void Each_fault_is_told_with_its_place(string text, string path, string? value, int? line, int? column, string expectation, string? remedy)
    {
        var error = Assert.Single(Read(text));
        Assert.Equal(new FieldError(path, value, expectation, remedy, line, column, 0), error);
    }

    [Theory]
    [InlineData("apiKey: sk-0123456789", "spec.apiKey")]
    [InlineData("api_key: sk-0123456789", "spec.api_key")]
    [InlineData("auth: {token: sk-0123456789}", "spec.auth.token")]
    public void A_key_in_the_clear_is_refused_with_where_it_belongs_and_without_itself(string field, string path)
    {
        var error = Assert.Single(Read($"kind: ModelProvider\nmetadata: {{name: p}}\nspec: {{provider: vllm, endpoint: http://h, {field}}}"));
        Assert.Equal((path, null), (error.Path, error.Value));
        Assert.Equal("Put the key into a Secret and name that: apiKeySecretRef: { name: vendor, key: token } in spec.", error.Remedy);
    }

    [Fact]
    public void All_faults_of_a_document_are_told_at_once()
    {
        var errors = Read(
            """
            kind: ModelProvider
            metadata:
              nam: p
            spec:
              provider: vllm
              endpoint: ftp://h
              endpoints: []
              models:
                - {id: a, modelType: chatt}
                - {ident: b}
              maxTokensPerYear: 5
            """);
        Assert.Equal(
            ["metadata.nam 3", "metadata.name 3", "spec.endpoint 6", "spec.endpoint 6", "spec.models[0].modelType 9", "spec.models[1].id 10", "spec.models[1].ident 10", "spec.maxTokensPerYear 11"],
            errors.Select(error => $"{error.Path} {error.Line}"));
    }

    [Fact]
    public void A_bomb_of_aliases_is_refused()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 9; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        var error = Assert.Single(Read(text.ToString()));
        Assert.Equal("aliases that repeat at most 10000 values in all", error.Expectation);
        Assert.Equal(4, error.Line);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Nesting_without_end_is_refused(string open, string close)
    {
        var text = string.Concat(Enumerable.Repeat(open, 5_000)) + "1" + string.Concat(Enumerable.Repeat(close, 5_000));
        Assert.Equal("at most 32 levels of nesting", Assert.Single(Read(text)).Expectation);
        Assert.Equal("at most 32 levels of nesting", Assert.Single(Read("x: " + text)).Expectation);
    }

    [Fact]
    public void An_anchor_repeats_what_it_names()
    {
        var errors = new FieldErrorList();
        var documents = DocumentReader.Read(
            "kind: Model\nmetadata: {name: m}\nspec:\n  id: &id x\n  modelType: chat\n  name: *id\n"u8, false, new DocumentContext("default"), errors);
        Assert.Empty(errors.All);
        Assert.Equal("x", ((ModelSpec)documents[0].Spec).Name);
    }

    [Theory]
    [InlineData("no", "text no")]
    [InlineData("on", "text on")]
    [InlineData("12:30", "text 12:30")]
    [InlineData("0123", "number 123")]
    [InlineData("0x1F", "number 31")]
    [InlineData("0o17", "number 15")]
    [InlineData("1_000", "text 1_000")]
    [InlineData("1e3", "number 1000")]
    [InlineData(".5", "number 0.5")]
    [InlineData(".inf", "text .inf")]
    [InlineData("True", "boolean true")]
    [InlineData("~", "null ")]
    [InlineData("2026-01-01", "text 2026-01-01")]
    public void Plain_scalars_mean_what_the_core_schema_says(string written, string meaning)
    {
        var (kind, value) = YamlScalar.Read(written);
        Assert.Equal(meaning, $"{kind.ToString().ToLowerInvariant()} {value}");
    }

    [Fact]
    public void No_text_makes_the_reader_fail()
    {
        var good = Documents.Many(Documents.Model("m", "id"), Documents.Provider("p", "id", secret: "s"), Documents.Secret("s", "v"), "[{\"kind\": \"Model\", \"a\": [1, 2.5e3, \"\\ud83d\\ude00\"]}]",
            "on_http_request: [{type: ai-gateway, config: {headers: {a: b}, providers: [{id: My_P, id_aliases: [q], base_url: \"https://h\", metadata: {a: [\"\\u0041\", null]}, api_keys: [k, {value: v}], models: [m, {id: n}]}]}}]",
            "{\"name\": \"p\", \"base_url\": \"https://h\", \"api_key\": \"${NAME}\", \"timeout\": 1e3, \"rate_limits\": {\"requests_per_minute\": 1}, \"models\": [{\"id\": \"m\"}]}",
            "routes: [{match: {tag: a}, target: m, fallback: []}, {name: b, target: m}]");
        var edits = Gen.Choose(0, good.Length - 1).SelectMany(_ => Gen.Elements("{", "}", "[", "]", ":", "- ", "\"", "'", "\n", "\t", "&a ", "*a", "!", "%", "|\n", "? ", "---\n", "...", "\\ud800", "\0", "\u2028", "#", ",", "~"), (at, text) => (at, text));
        Prop.ForAll(Arb.From(Gen.ListOf(edits)), Arb.From(Gen.Choose(0, good.Length)), (changes, start) =>
        {
            var text = new StringBuilder(good[start..]);
            foreach (var (at, insert) in changes)
            {
                text.Insert(Math.Min(at, text.Length), insert);
            }

            Read(text.ToString());
            var errors = new FieldErrorList();
            DocumentReader.Read(Encoding.Latin1.GetBytes(text.ToString()), true, new DocumentContext("default"), errors);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithQuietOnSuccess(true));
    }

    private static IReadOnlyList<FieldError> Read(string text)
    {
        var errors = new FieldErrorList();
        DocumentReader.Read(Encoding.UTF8.GetBytes(text), false, new DocumentContext("default"), errors);
        return errors.All;
    }

    [Theory]
    [InlineData("kind: Model\nmetadata:\n  name: a\nspec:\n\tid: a\n", 5, 1)]
    [InlineData("kind: Model\nmetadata: { name: a }\nspec:\n  id: a\n  \tmodelType: chat\n", 5, 3)]
    public void A_tab_as_indentation_is_told_where_it_stands(string text, int line, int column)
    {
        var error = TransformPage.Refused(text)[0];
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Equal("A tab indents this line. YAML is indented with blanks.", error.Remedy);
    }
}
