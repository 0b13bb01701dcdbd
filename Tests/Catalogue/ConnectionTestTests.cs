using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Orrery.Tests.ServiceDefaults.Egress;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>The test of a provider's connection against servers with each fault, and one that is well.</summary>
public sealed class ConnectionTestTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Credential = "sk-tests-credential-0123456789abcdef";
    private const string OwnList = """{"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model","created":1,"owned_by":"vllm","root":"Qwen/Qwen3-8B","parent":null,"max_model_len":32768,"permission":[]}]}""";
    private const string NotFound = """{"detail":"Not Found"}""";

    private readonly Certificates _certificates = new();
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Catalogue:ConnectionTestTimeout=00:00:04");

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(Credential, _catalogue.Logged, StringComparison.Ordinal);
        await _catalogue.DisposeAsync();
        _certificates.Dispose();
    }

    /// <summary>As vLLM 0.15 with <c>--api-key</c>: its middleware guards /v1, FastAPI answers what is not there.</summary>
    private static RequestDelegate Vllm(string? key = null, string list = OwnList, string root = "/v1") => async http =>
    {
        http.Response.ContentType = "application/json";
        var path = http.Request.Path.Value!;
        if (key is not null && path.StartsWith(root, StringComparison.Ordinal) && http.Request.Headers.Authorization != "Bearer " + key)
        {
            http.Response.StatusCode = 401;
            await http.Response.WriteAsync("""{"error":"Unauthorized"}""");
        }
        else if (path == root + "/models")
        {
            await http.Response.WriteAsync(list);
        }
        else if (path == root + "/chat/completions")
        {
            var model = (string)JsonNode.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync())!["model"]!;
            http.Response.StatusCode = model == "Qwen/Qwen3-8B" ? 200 : 404;
            await http.Response.WriteAsync(model == "Qwen/Qwen3-8B"
                ? """{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}]}"""
                : "{\"error\":{\"message\":\"The model `" + model + "` does not exist.\",\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}");
        }
        else
        {
            http.Response.StatusCode = 404;
            await http.Response.WriteAsync(NotFound);
        }
    };

    private static string Document(string endpoint, string more = "", string model = "Qwen/Qwen3-8B", string engine = "vllm") =>
        $$"""
          kind: ModelProvider
          metadata: { name: tested }
          spec:
            provider: {{engine}}
            endpoint: {{endpoint}}
            models: [{ id: small, upstreamId: {{model}} }]
          {{more}}
          """;

    private static string WithSecret(string document) => document + "  apiKeySecretRef: { name: vendor, key: token }\n---\n" + Documents.Secret("vendor", Credential);

    private string Tls => $"  tls: {{ certificateAuthority: {System.Text.Json.JsonSerializer.Serialize(_certificates.Pem)} }}\n";

    private async Task<Steps> TestAsync(string document, string query = "")
    {
        var answer = (await _catalogue.Post($"{Root}/modelproviders/test{query}", document)).Expect(HttpStatusCode.OK);
        Assert.DoesNotContain(Credential, answer.Text, StringComparison.Ordinal);
        return new Steps(answer.Json);
    }

    [Fact]
    public async Task A_provider_that_is_well_passes_every_step()
    {
        await using var server = await TlsServer.StartAsync(null, Vllm(Credential));
        var steps = await TestAsync(WithSecret(Document($"http://127.0.0.1:{server.Port}")), "?model=small");
        Assert.True(steps.Ok);
        Assert.Equal(
            ["url passed", "dns passed", "tcp passed", "tls skipped", "authentication passed", "models passed", "request passed"],
            steps.All.Select(step => $"{step["step"]} {step["state"]}"));
        Assert.Equal("the credential is accepted", steps.Found("authentication"));
        Assert.Equal("'Qwen/Qwen3-8B' answered", steps.Found("request"));
        Assert.Equal("""[{"id":"small","upstreamId":"Qwen/Qwen3-8B","found":true}]""", steps.Of("models")["models"]!.ToJsonString());
        Assert.All(steps.All, step => Assert.Equal($"127.0.0.1:{server.Port}", (string?)step["endpoint"]));
        Assert.Empty((await _catalogue.Get($"{Root}/modelproviders")).Json["items"]!.AsArray()); // Nothing was stored.
    }

    [Fact]
    public async Task A_stored_provider_is_tested_with_its_stored_credential()
    {
        await using var server = await TlsServer.StartAsync(null, Vllm(Credential));
        (await _catalogue.Apply(WithSecret(Document($"http://127.0.0.1:{server.Port}/v1/")))).ExpectOk();
        foreach (var path in new[] { $"{Root}/modelproviders/tested/test", $"{Root}/namespaces/default/modelproviders/tested/test" })
        {
            var answer = (await _catalogue.Post(path, "")).Expect(HttpStatusCode.OK);
            Assert.True((bool)answer.Json["ok"]!);
            Assert.DoesNotContain(Credential, answer.Text, StringComparison.Ordinal);
        }

        (await _catalogue.Apply("kind: Model\nmetadata: { name: small }\nspec: { id: small, modelType: chat, aliases: [tiny] }")).ExpectOk();
        var byAlias = new Steps((await _catalogue.Post($"{Root}/modelproviders/tested/test?model=tiny", "")).Expect(HttpStatusCode.OK).Json);
        Assert.Equal("'Qwen/Qwen3-8B' answered", byAlias.Found("request"));

        (await _catalogue.Post($"{Root}/modelproviders/other/test", "")).Expect(HttpStatusCode.NotFound);
        (await _catalogue.Post($"{Root}/modelproviders/tested/test", "", token: null)).Expect(HttpStatusCode.Unauthorized);
        foreach (var role in new[] { "user", "viewer" })
        {
            var token = (string)(await _catalogue.Put($"{Root}/accesskeys/{role}", Documents.Key(role, role: role))).ExpectOk().Json["token"]!;
            (await _catalogue.Post($"{Root}/modelproviders/tested/test", "", token)).Expect(HttpStatusCode.Forbidden);
        }

        var foreign = (string)(await _catalogue.Put($"{Root}/namespaces/acme/accesskeys/boss", Documents.Key("boss", role: "administrator", @namespace: "acme"))).ExpectOk().Json["token"]!;
        (await _catalogue.Post($"{Root}/namespaces/default/modelproviders/tested/test", "", foreign)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Post($"{Root}/modelproviders/tested/test", "", foreign)).Expect(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("http://api.example.com/v1", "https_required")]
    [InlineData("http://169.254.169.254/v1", "address_refused")]
    [InlineData("https://10.0.0.1/v1", "address_refused")]
    public async Task What_the_rule_refuses_fails_at_the_url(string endpoint, string cause)
    {
        var steps = await TestAsync(Document(endpoint));
        Assert.False(steps.Ok);
        Assert.Equal(("url", cause), steps.Failure);
        Assert.All(steps.All.Skip(1), step => Assert.Equal("skipped", (string?)step["state"]));
    }

    [Fact]
    public async Task A_name_that_nobody_knows_and_a_port_where_nobody_listens_are_told_apart()
    {
        Assert.Equal(("dns", "name_not_found"), (await TestAsync(Document("http://there-is-no-such-host.internal:8000"))).Failure);

        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        var steps = await TestAsync(Document($"http://127.0.0.1:{port}"));
        Assert.Equal(("tcp", "connection_refused"), steps.Failure);
        Assert.Equal(($"nothing listens at port {port} of '127.0.0.1'", "Is the server up, and is this its port?"), (steps.Found("tcp"), (string?)steps.Of("tcp")["remedy"]));
    }

    [Fact]
    public async Task Certificates_are_judged_and_named()
    {
        using var good = _certificates.Issue("127.0.0.1");
        await using var server = await TlsServer.StartAsync(good, Vllm());
        Assert.Equal(("tls", "unknown_issuer"), (await TestAsync(Document($"https://127.0.0.1:{server.Port}"))).Failure);
        Assert.True((await TestAsync(Document($"https://127.0.0.1:{server.Port}", Tls))).Ok);

        using var wrong = _certificates.Issue("vllm.example");
        await using var other = await TlsServer.StartAsync(wrong, Vllm());
        var mismatch = await TestAsync(Document($"https://127.0.0.1:{other.Port}", Tls));
        Assert.Equal(("tls", "name_mismatch"), mismatch.Failure);
        Assert.Equal("the certificate is not for '127.0.0.1' but for vllm.example", mismatch.Found("tls"));
        Assert.True((await TestAsync(Document($"https://127.0.0.1:{other.Port}", Tls.Replace(" }", ", serverName: vllm.example }", StringComparison.Ordinal)))).Ok);

        using var old = _certificates.IssueExpired("127.0.0.1");
        await using var expired = await TlsServer.StartAsync(old, Vllm());
        Assert.Equal(("tls", "certificate_expired"), (await TestAsync(Document($"https://127.0.0.1:{expired.Port}", Tls))).Failure);
    }

    [Fact]
    public async Task Http_and_https_at_each_others_ports_are_named()
    {
        await using var plain = await TlsServer.StartAsync(null, Vllm());
        Assert.Equal(("tls", "tls_to_http_port"), (await TestAsync(Document($"https://127.0.0.1:{plain.Port}"))).Failure);
        Assert.DoesNotContain(plain.Requests, request => request.Contains("models", StringComparison.Ordinal));

        using var certificate = _certificates.Issue("127.0.0.1");
        await using var secure = await TlsServer.StartAsync(certificate, Vllm());
        var steps = await TestAsync(WithSecret(Document($"http://127.0.0.1:{secure.Port}")));
        Assert.Equal(("authentication", "http_to_tls_port"), steps.Failure);
        Assert.Equal($"Write https://127.0.0.1:{secure.Port}.", (string?)steps.Of("authentication")["remedy"]);
    }

    /// <remarks>nginx 1.22: 400 with a page, and Go's net/http: 400 with a line, to plain HTTP at a TLS port.</remarks>
    [Fact]
    public async Task A_server_that_answers_plain_http_at_its_TLS_port_with_400_is_seen_through()
    {
        using var certificate = _certificates.Issue("127.0.0.1");
        await using var server = new NginxLikePort(certificate);
        Assert.Equal(("authentication", "http_to_tls_port"), (await TestAsync(Document($"http://127.0.0.1:{server.Port}"))).Failure);
    }

    [Fact]
    public async Task Of_several_keys_each_is_tried_and_the_refused_one_is_named()
    {
        await using var server = await TlsServer.StartAsync(null, Vllm(Credential));
        var document = Document($"http://127.0.0.1:{server.Port}")
            + "  apiKeySecretRefs: [{ name: vendor, key: token }, { name: old, key: token }]\n---\n" + Documents.Secret("vendor", Credential) + "\n---\n";
        Assert.Equal("the 2 keys are accepted", (await TestAsync(document + Documents.Secret("old", Credential))).Found("authentication"));

        var refused = await TestAsync(document + Documents.Secret("old", "sk-worn-out-key"));
        Assert.Equal(("authentication", "authentication_refused"), refused.Failure);
        Assert.Equal("the server refuses key 2, old/token (401); the others are accepted, and requests go on with them", refused.Found("authentication"));

        var first = await TestAsync(document.Replace("[{ name: vendor, key: token }, { name: old, key: token }]", "[{ name: old, key: token }, { name: vendor, key: token }]", StringComparison.Ordinal)
            + Documents.Secret("old", "sk-worn-out-key"));
        Assert.Equal("the server refuses key 1, old/token (401); the others are accepted, and requests go on with them", first.Found("authentication"));
    }

    [Fact]
    public async Task A_header_of_its_own_and_an_extra_one_are_sent_as_the_gateway_sends_them()
    {
        await using var server = await TlsServer.StartAsync(null, http =>
        {
            var headers = http.Request.Headers;
            http.Response.StatusCode = headers["X-Key"] == Credential && headers["X-Tenant"] == "blue" ? 200 : 401;
            return http.Response.WriteAsync(http.Response.StatusCode == 200 ? """{"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model"}]}""" : """{"error":{"message":"no"}}""");
        });
        var steps = await TestAsync(WithSecret(Document($"http://127.0.0.1:{server.Port}", "  auth: { type: header, header: X-Key }\n  headers: { X-Tenant: blue }\n")));
        Assert.True(steps.Ok);
        Assert.Equal("the credential is accepted", steps.Found("authentication"));
    }

    [Fact]
    public async Task A_refused_credential_and_a_missing_one_are_told_apart()
    {
        await using var server = await TlsServer.StartAsync(null, Vllm("sk-another"));
        var refused = await TestAsync(WithSecret(Document($"http://127.0.0.1:{server.Port}")));
        Assert.Equal(("authentication", "authentication_refused"), refused.Failure);
        Assert.Equal("the server refuses the credential (401)", refused.Found("authentication"));
        var missing = await TestAsync(Document($"http://127.0.0.1:{server.Port}"));
        Assert.Equal(("authentication", "authentication_refused"), missing.Failure);
        Assert.Equal("the server asks for a credential (401), and none is set", missing.Found("authentication"));
    }

    [Fact]
    public async Task A_list_that_is_open_to_everybody_says_nothing_of_the_credential_and_a_request_does()
    {
        // As OpenRouter: the list of models is public, requests are not.
        await using var server = await TlsServer.StartAsync(null, http => http.Request.Path == "/v1/models" ? Vllm()(http) : Vllm("sk-another")(http));
        var document = WithSecret(Document($"http://127.0.0.1:{server.Port}"));
        var steps = await TestAsync(document);
        Assert.True(steps.Ok);
        Assert.Equal("skipped", (string?)steps.Of("authentication")["state"]);
        Assert.Equal(("request", "authentication_refused"), (await TestAsync(document, "?model=small")).Failure);
    }

    [Fact]
    public async Task A_model_that_is_not_served_is_named_with_those_that_may_be_meant()
    {
        await using var server = await TlsServer.StartAsync(null, Vllm());
        var steps = await TestAsync(Document($"http://127.0.0.1:{server.Port}", model: "qwen3-8b"));
        Assert.Equal(("models", "model_not_found"), steps.Failure);
        Assert.Equal("""[{"id":"small","upstreamId":"qwen3-8b","found":false,"near":["Qwen/Qwen3-8B"]}]""", steps.Of("models")["models"]!.ToJsonString());
        Assert.Equal("""["Qwen/Qwen3-8B"]""", steps.Of("models")["served"]!.ToJsonString());
        Assert.EndsWith("Is 'Qwen/Qwen3-8B' meant?", (string?)steps.Of("models")["remedy"], StringComparison.Ordinal);

    }

    [Fact]
    public async Task A_model_that_the_provider_does_not_offer_is_not_asked_for()
    {
        await using var server = await TlsServer.StartAsync(null, Vllm());
        foreach (var (model, near) in new[] { ("Qwen/Qwen3-8B", " Is 'small' meant?"), ("smal", " Is 'small' meant?"), ("unknown-model", "") })
        {
            var steps = await TestAsync(Document($"http://127.0.0.1:{server.Port}"), $"?model={Uri.EscapeDataString(model)}");
            Assert.Equal(("request", "model_not_found"), steps.Failure);
            Assert.Equal($"'{model}' is none of the models that this provider offers: nothing was sent, and the gateway would send nothing", steps.Found("request"));
            Assert.Equal("Declare it in spec.models, and let neither spec.allowedModels nor spec.deniedModels take it away." + near, (string?)steps.Of("request")["remedy"]);
        }

        Assert.DoesNotContain(server.Requests, request => request.Contains("chat/completions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_the_server_does_not_know_although_its_list_is_missing_is_told_in_the_servers_words()
    {
        await using var server = await TlsServer.StartAsync(null, http => http.Request.Path.Value!.Contains("models", StringComparison.Ordinal) ? Vllm(root: "/nowhere")(http) : Vllm()(http));
        var asked = await TestAsync(Document($"http://127.0.0.1:{server.Port}", model: "unknown-model"), "?model=small");
        Assert.Equal(("request", "model_not_found"), asked.Failure);
        Assert.Contains("The model `unknown-model` does not exist.", asked.Found("request"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "/v1", "http://127.0.0.1:{0}/v1")]
    [InlineData("/v1", "/api/v1", "http://127.0.0.1:{0}/api/v1")]
    [InlineData("/v1/chat/completions", "/v1", "http://127.0.0.1:{0}/v1")]
    [InlineData("/openai/v1/models", "/openai/v1", "http://127.0.0.1:{0}/openai/v1")]
    public async Task A_wrong_path_is_told_with_the_one_that_answers(string written, string real, string remedy)
    {
        await using var server = await TlsServer.StartAsync(null, Vllm(root: real));
        var steps = await TestAsync(Document($"http://127.0.0.1:{server.Port}{(written.Length == 0 ? "/elsewhere" : written)}"));
        Assert.Equal(("models", "wrong_path"), steps.Failure);
        Assert.Equal($"Write the endpoint as {string.Format(System.Globalization.CultureInfo.InvariantCulture, remedy, server.Port)}.", (string?)steps.Of("models")["remedy"]);
    }

    [Theory]
    [InlineData(404, """{"detail":"Not Found"}""", "skipped")]
    [InlineData(200, """{"status":"ok"}""", "skipped")]
    [InlineData(200, OwnList, "passed")]
    public async Task A_server_of_videos_needs_no_list(int status, string answer, string state)
    {
        await using var server = await TlsServer.StartAsync(null, http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsync(answer);
        });
        var steps = await TestAsync(Document($"http://127.0.0.1:{server.Port}", engine: "video-engine"));
        Assert.True(steps.Ok);
        Assert.Equal(state, (string?)steps.Of("models")["state"]);
    }

    [Fact]
    public async Task A_server_without_a_list_is_tested_by_a_request()
    {
        await using var server = await TlsServer.StartAsync(null, http => http.Request.Path.Value!.Contains("models", StringComparison.Ordinal) ? Vllm(root: "/nowhere")(http) : Vllm()(http));
        Assert.Equal(("models", "wrong_path"), (await TestAsync(Document($"http://127.0.0.1:{server.Port}"))).Failure);
        Assert.True((await TestAsync(Document($"http://127.0.0.1:{server.Port}"), "?model=small")).Ok);
    }

    [Fact]
    public async Task What_is_no_model_server_is_named()
    {
        await using var page = await TlsServer.StartAsync(null, http =>
        {
            http.Response.ContentType = "text/html";
            return http.Response.WriteAsync("<html>Welcome</html>");
        });
        var steps = await TestAsync(Document($"http://127.0.0.1:{page.Port}"));
        Assert.Equal(("models", "not_openai_compatible"), steps.Failure);
        Assert.Equal("/v1/models answers text/html that is no list of models", steps.Found("models"));

        await using var moved = await TlsServer.StartAsync(null, http =>
        {
            http.Response.Redirect($"https://login.example.com/path?token={Credential}");
            return Task.CompletedTask;
        });
        steps = await TestAsync(Document($"http://127.0.0.1:{moved.Port}"));
        Assert.Equal(("models", "redirected"), steps.Failure);
        Assert.Equal("a redirection (302) to 'login.example.com', which is not followed", steps.Found("models"));
        Assert.Equal("Write the URL that it leads to, and mind that credentials go there.", (string?)steps.Of("models")["remedy"]);

        await using var broken = await TlsServer.StartAsync(null, http =>
        {
            http.Response.StatusCode = 502;
            return http.Response.WriteAsync("<html>Bad gateway</html>");
        });
        Assert.Equal(("models", "server_error"), (await TestAsync(Document($"http://127.0.0.1:{broken.Port}"))).Failure);

        await using var busy = await TlsServer.StartAsync(null, http =>
        {
            http.Response.StatusCode = 429;
            return Task.CompletedTask;
        });
        Assert.Equal(("models", "throttled"), (await TestAsync(Document($"http://127.0.0.1:{busy.Port}"))).Failure);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/", "169.254.169.254 is ")]
    [InlineData("http://login.example.com/", "'login.example.com' lies outside")]
    public async Task Nobody_is_advised_to_write_an_address_that_the_rule_refuses(string target, string reason)
    {
        await using var server = await TlsServer.StartAsync(null, http =>
        {
            http.Response.Redirect(target);
            return Task.CompletedTask;
        });
        var steps = await TestAsync(Document($"http://127.0.0.1:{server.Port}"));
        Assert.Equal(("models", "redirected"), steps.Failure);
        var remedy = (string)steps.Of("models")["remedy"]!;
        Assert.StartsWith($"Do not write where it leads to: {reason}", remedy, StringComparison.Ordinal);
        Assert.EndsWith("which would be refused. Ask whoever runs this server why it sends its callers there.", remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_repeats_the_credential_is_not_quoted()
    {
        await using var server = await TlsServer.StartAsync(null, http =>
        {
            http.Response.StatusCode = 500;
            http.Response.ContentType = "application/json";
            return http.Response.WriteAsync($$$"""{"error":{"message":"Incorrect key: {{{Credential[..10]}}}***{{{Credential[^4..]}}}"}}""");
        });
        Assert.Equal("the server failed (500)", (await TestAsync(WithSecret(Document($"http://127.0.0.1:{server.Port}")))).Found("models"));
    }

    [Fact]
    public async Task Silence_ends_with_the_tests_time()
    {
        await using var server = await TlsServer.StartAsync(null, http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        var steps = await TestAsync(Document($"http://127.0.0.1:{server.Port}"));
        Assert.Equal(("authentication", "answer_timeout"), steps.Failure);

        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Assert.Equal(("tls", "tls_failed"), (await TestAsync(Document($"https://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", "  timeouts: { connect: 300ms }"))).Failure);
    }

    [Fact]
    public async Task Only_a_few_tests_run_at_once()
    {
        var release = new TaskCompletionSource();
        var arrived = 0;
        await using var server = await TlsServer.StartAsync(null, async http =>
        {
            Interlocked.Increment(ref arrived);
            await release.Task;
            await Vllm()(http);
        });
        var document = Document($"http://127.0.0.1:{server.Port}");
        var running = Enumerable.Range(0, 4).Select(_ => TestAsync(document)).ToList();
        await Eventually.Holds(() => Volatile.Read(ref arrived) == 4, TimeSpan.FromSeconds(3));
        var refused = (await _catalogue.Post($"{Root}/modelproviders/test", document)).Expect(HttpStatusCode.TooManyRequests);
        Assert.Equal("1", refused.RetryAfter);
        release.SetResult();
        Assert.All(await Task.WhenAll(running), steps => Assert.True(steps.Ok));
    }

    /// <remarks>Anthropic's API of version 2023-06-01: x-api-key, errors with their type, names of the latest that are in no list.</remarks>
    [Fact]
    public async Task Anthropic_is_asked_in_its_own_way()
    {
        await using var server = await TlsServer.StartAsync(null, async http =>
        {
            http.Response.ContentType = "application/json";
            var isKnown = http.Request.Headers["x-api-key"] == Credential && http.Request.Headers["anthropic-version"] == "2023-06-01";
            http.Response.StatusCode = !isKnown ? 401 : http.Request.Path.Value is "/v1/models" or "/v1/models/claude-haiku-4-5" or "/v1/messages" ? 200 : 404;
            await http.Response.WriteAsync((http.Response.StatusCode, http.Request.Path.Value) switch
            {
                (401, _) => """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""",
                (_, "/v1/models") => """{"data":[{"type":"model","id":"claude-haiku-4-5-20251001","display_name":"Claude Haiku 4.5","created_at":"2025-10-15T00:00:00Z"}],"has_more":false,"first_id":"claude-haiku-4-5-20251001","last_id":"claude-haiku-4-5-20251001"}""",
                (_, "/v1/models/claude-haiku-4-5") => """{"type":"model","id":"claude-haiku-4-5-20251001","display_name":"Claude Haiku 4.5","created_at":"2025-10-15T00:00:00Z"}""",
                (_, "/v1/messages") => """{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":"Hi"}],"stop_reason":"max_tokens","usage":{"input_tokens":8,"output_tokens":1}}""",
                _ => """{"type":"error","error":{"type":"not_found_error","message":"model: claude-none"}}""",
            });
        });
        var steps = await TestAsync(WithSecret(Document($"http://127.0.0.1:{server.Port}", model: "claude-haiku-4-5", engine: "anthropic")), "?model=small");
        Assert.True(steps.Ok);
        Assert.Equal("the credential is accepted", steps.Found("authentication"));
        Assert.Equal(("models", "model_not_found"), (await TestAsync(WithSecret(Document($"http://127.0.0.1:{server.Port}", model: "claude-none", engine: "anthropic")))).Failure);
        Assert.Equal(("authentication", "authentication_refused"), (await TestAsync(Document($"http://127.0.0.1:{server.Port}", engine: "anthropic"))).Failure);
    }

    /// <remarks>OpenAI's reasoning models refuse max_tokens with 400 unsupported_parameter.</remarks>
    [Fact]
    public async Task Models_that_know_another_limit_and_embeddings_are_asked_rightly()
    {
        await using var server = await TlsServer.StartAsync(null, async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            http.Response.ContentType = "application/json";
            if (http.Request.Path == "/v1/embeddings")
            {
                await http.Response.WriteAsync("""{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1]}],"model":"bge","usage":{"prompt_tokens":1,"total_tokens":1}}""");
            }
            else if (body.Contains("max_tokens", StringComparison.Ordinal))
            {
                http.Response.StatusCode = 400;
                await http.Response.WriteAsync("""{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}""");
            }
            else if (http.Request.Path == "/v1/chat/completions")
            {
                await http.Response.WriteAsync("""{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"length"}]}""");
            }
            else
            {
                await http.Response.WriteAsync("""{"object":"list","data":[{"id":"o3"},{"id":"bge"}]}""");
            }
        });
        Assert.True((await TestAsync(Document($"http://127.0.0.1:{server.Port}", model: "o3"), "?model=small")).Ok);
        Assert.True((await TestAsync(Document($"http://127.0.0.1:{server.Port}", model: "bge").Replace("upstreamId: bge", "upstreamId: bge, modelType: embedding", StringComparison.Ordinal), "?model=small")).Ok);
        Assert.Contains(server.Requests, request => request.EndsWith("/v1/embeddings", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_provider_behind_a_proxy_is_tested_through_it()
    {
        using var certificate = _certificates.Issue("api.example.com");
        await using var server = await TlsServer.StartAsync(certificate, Vllm());
        await using var proxy = new ConnectProxy(server.Port);
        var document = Document("https://api.example.com", Tls + $"  proxy: {proxy.Address}\n");
        var steps = await TestAsync(document);
        Assert.True(steps.Ok);
        Assert.Equal(["url passed", "dns skipped", "proxy passed", "tls passed", "authentication passed", "models passed"], steps.All.Select(step => $"{step["step"]} {step["state"]}"));
        proxy.Refusal = "HTTP/1.1 403 Forbidden\r\n\r\n";
        Assert.Equal(("proxy", "proxy_failed"), (await TestAsync(document)).Failure);
    }

    [Fact]
    public async Task Every_endpoint_is_tested()
    {
        await using var one = await TlsServer.StartAsync(null, Vllm());
        await using var two = await TlsServer.StartAsync(null, Vllm("sk-another"));
        var steps = await TestAsync(Document($"http://127.0.0.1:{one.Port}").Replace(
            $"endpoint: http://127.0.0.1:{one.Port}", $"endpoints: [{{ url: \"http://127.0.0.1:{one.Port}\" }}, {{ url: \"http://127.0.0.1:{two.Port}\" }}]", StringComparison.Ordinal));
        Assert.False(steps.Ok);
        Assert.Equal($"127.0.0.1:{two.Port}", (string?)steps.All.Single(step => (string?)step["state"] == "failed")["endpoint"]);
    }

    [Fact]
    public async Task What_cannot_be_tested_is_refused_with_the_field()
    {
        var answer = (await _catalogue.Post($"{Root}/modelproviders/test", Document("http://127.0.0.1:9", "  apiKeySecretRef: { name: nowhere, key: token }"))).Expect(HttpStatusCode.BadRequest);
        Assert.Equal("spec.apiKeySecretRef.name", (string?)Assert.Single(answer.Errors)["path"]);
        (await _catalogue.Post($"{Root}/modelproviders/test", Documents.Model("m", "m"))).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Post($"{Root}/modelproviders/test", Document("http://127.0.0.1:9").Replace("name: tested", "name: tested, namespace: acme", StringComparison.Ordinal))).Expect(HttpStatusCode.Forbidden);
    }

    private sealed class Steps(JsonNode answer)
    {
        public bool Ok => (bool)answer["ok"]!;

        public IReadOnlyList<JsonNode> All { get; } = [.. answer["steps"]!.AsArray().Select(step => step!)];

        /// <summary>The step that failed, and why.</summary>
        public (string? Step, string? Cause) Failure => All.FirstOrDefault(step => (string?)step["state"] == "failed") is { } failed ? ((string?)failed["step"], (string?)failed["cause"]) : default;

        public JsonNode Of(string step) => All.First(one => (string?)one["step"] == step);

        public string Found(string step) => (string)Of(step)["found"]!;
    }
}
