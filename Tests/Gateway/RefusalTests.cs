using System.Net;
using System.Net.Sockets;
using System.Text;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>Every bad input, and the words it is refused with.</summary>
public sealed class RefusalTests
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

    [Theory]
    [InlineData("", "invalid_json", null, "The body is empty; expected a JSON object.")]
    [InlineData("{", "invalid_json", null, "The body is not valid JSON at line 1, position 2; expected one JSON object.")]
    [InlineData("{\"model\":\"m\",\n \"messages\":[}", "invalid_json", null, "The body is not valid JSON at line 2, position 14; expected one JSON object.")]
    [InlineData("{\"model\":\"m\"," + Messages + "} x", "invalid_json", null, "The body is not valid JSON at line 1, position 58; expected one JSON object.")]
    [InlineData("[]", "invalid_body", null, "The body is an array; expected a JSON object.")]
    [InlineData("\"x\"", "invalid_body", null, "The body is a string; expected a JSON object.")]
    [InlineData("{" + Messages + "}", "missing_required_parameter", "model", "'model' is missing; expected the id of a model.")]
    [InlineData("{\"model\":\"\"," + Messages + "}", "invalid_value", "model", "'model' is empty; expected the id of a model.")]
    [InlineData("{\"model\":5," + Messages + "}", "invalid_type", "model", "'model' is a number; expected the id of a model as a string.")]
    [InlineData("{\"model\":\"\\ud800\"," + Messages + "}", "invalid_value", "model", "'model' is not valid text; expected the id of a model in UTF-8.")]
    [InlineData("{\"model\":\"m\",\"model\":\"m\"," + Messages + "}", "duplicate_field", "model", "'model' appears twice; expected it once.")]
    [InlineData("{\"model\":\"m\",\"mod\\u0065l\":\"m\"," + Messages + "}", "duplicate_field", "model", "'model' appears twice; expected it once.")]
    [InlineData("{\"model\":\"m\",\"stream\":\"yes\"," + Messages + "}", "invalid_type", "stream", "'stream' is a string; expected true or false.")]
    [InlineData("{\"model\":\"m\",\"stream\":true,\"stream\":false," + Messages + "}", "duplicate_field", "stream", "'stream' appears twice; expected it once.")]
    [InlineData("{\"model\":\"m\",\"stream_options\":true," + Messages + "}", "invalid_type", "stream_options", "'stream_options' is a boolean; expected an object such as {\"include_usage\": true}.")]
    [InlineData("{\"model\":\"m\",\"stream_options\":{\"include_usage\":1}," + Messages + "}", "invalid_type", "stream_options.include_usage", "'stream_options.include_usage' is a number; expected true or false.")]
    [InlineData("{\"model\":\"m\"}", "missing_required_parameter", "messages", "'messages' is missing; expected an array of messages.")]
    [InlineData("{\"model\":\"m\",\"messages\":\"hi\"}", "invalid_type", "messages", "'messages' is a string; expected an array of messages.")]
    [InlineData("{\"model\":\"m\",\"messages\":[ ]}", "invalid_value", "messages", "'messages' is empty; expected at least one message.")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":\"5\"," + Messages + "}", "invalid_type", "max_tokens", "'max_tokens' is a string; expected a whole number.")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":-1," + Messages + "}", "invalid_value", "max_tokens", "'max_tokens' is -1; expected a whole number of at least 0.")]
    [InlineData("{\"model\":\"m\",\"max_completion_tokens\":1.5," + Messages + "}", "invalid_value", "max_completion_tokens", "'max_completion_tokens' is 1.5; expected a whole number of at least 0.")]
    [InlineData("{\"model\":\"m\",\"Model\":\"other\"," + Messages + "}", "ambiguous_field", "Model", "'Model' is spelled like 'model', which some servers take it for; expected 'model'.")]
    [InlineData("{\"MODEL\":\"m\"," + Messages + "}", "ambiguous_field", "MODEL", "'MODEL' is spelled like 'model', which some servers take it for; expected 'model'.")]
    [InlineData("{\"model\":\"m\",\"\\u004dodel\":\"other\"," + Messages + "}", "ambiguous_field", "Model", "'Model' is spelled like 'model', which some servers take it for; expected 'model'.")]
    [InlineData("{\"model\":\"m\",\"\u017ftream\":true," + Messages + "}", "ambiguous_field", "\u017ftream", "'\u017ftream' is spelled like 'stream', which some servers take it for; expected 'stream'.")]
    [InlineData("{\"model\":\"m\",\"max_to\u212aens\":9," + Messages + "}", "ambiguous_field", "max_to\u212aens", "'max_to\u212aens' is spelled like 'max_tokens', which some servers take it for; expected 'max_tokens'.")]
    [InlineData("{\"model\":\"m\",\"N\":9," + Messages + "}", "ambiguous_field", "N", "'N' is spelled like 'n', which some servers take it for; expected 'n'.")]
    [InlineData("{\"model\":\"m\",\"n\":0," + Messages + "}", "invalid_value", "n", "'n' is 0; expected a whole number of at least 1.")]
    public async Task A_bad_body_is_refused_by_name(string body, string code, string? param, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(body);
        Assert.Equal(new ErrorBody(400, message, "invalid_request_error", param, code), await ErrorBody.ReadAsync(response));
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("/v1/completions", "{\"model\":\"m\"}", "prompt", "'prompt' is missing; expected a string or an array.")]
    [InlineData("/v1/completions", "{\"model\":\"m\",\"prompt\":1}", "prompt", "'prompt' is a number; expected a string or an array.")]
    [InlineData("/v1/embeddings", "{\"model\":\"m\"}", "input", "'input' is missing; expected a string or an array.")]
    [InlineData("/v1/embeddings", "{\"model\":\"m\",\"input\":\"x\"}", "model", "The model 'm' is of type chat; /v1/embeddings takes embedding models. Use /v1/chat/completions.")]
    [InlineData("/v1/chat/completions", "{\"model\":\"embed\",\"messages\":[1]}", "model", "The model 'embed' is of type embedding; /v1/chat/completions takes chat and multimodal models. Use /v1/embeddings.")]
    public async Task Each_operation_says_what_it_needs(string path, string body, string param, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(body, path);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, param, message), (error.Status, error.Param, error.Message));
    }

    [Fact]
    public async Task A_body_with_bytes_that_are_not_UTF_8_is_refused_here_and_not_by_the_engine()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        byte[] body = [.. "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xff, 0xfe, .. "\"}]}"u8];
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        using var response = await world.Client.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, "invalid_json", "The body is not valid UTF-8. Send JSON in UTF-8, without a byte order mark."), (error.Status, error.Code, error.Message));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task A_body_that_nests_too_deeply_is_refused()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync("{\"model\":\"m\",\"messages\":" + new string('[', 5_000));
        Assert.Equal("The body nests deeper than 64 levels at line 1, position 88.", (await ErrorBody.ReadAsync(response)).Message);
    }

    [Theory]
    [InlineData("gpt-4o", "The model 'gpt-4o' does not exist here. GET /v1/models lists what this key may call.")]
    [InlineData("embd", "The model 'embd' does not exist here. Did you mean 'embed'?")]
    [InlineData("p2/m", "The model 'p2/m' does not exist here. Did you mean 'm'?")]
    [InlineData("/", "The model '/' does not exist here. Did you mean 'm'?")]
    public async Task An_unknown_model_is_404_with_names_like_it(string model, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat(model));
        Assert.Equal(new ErrorBody(404, message, "invalid_request_error", "model", "model_not_found"), await ErrorBody.ReadAsync(response));
    }

    [Fact]
    public async Task A_model_that_nobody_serves_is_503_with_its_phase()
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document() with { Models = [GatewayWorld.Model("m", ModelTypes.Chat)] });
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(
            new ErrorBody(503, "The model 'm' is not ready (phase: declared): no provider serves it yet.", "service_unavailable", "model", "model_not_ready"),
            await ErrorBody.ReadAsync(response));
        Assert.Equal("10", response.Headers.GetValues("Retry-After").Single());
        var used = await world.OnlyUsageAsync();
        Assert.Equal((503, UsageOutcomes.Refused), (used.Status, used.Outcome));
    }

    [Fact]
    public async Task A_key_may_call_its_allowed_models_only()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with { Keys = [GatewayWorld.AccessKey() with { AllowedModels = ["embed"] }] });
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((403, "permission_denied", "model_not_allowed", "model"), (error.Status, error.Type, error.Code, error.Param));
        Assert.StartsWith("The access key 'team-key' may not call the model 'm'.", error.Message, StringComparison.Ordinal);
        Assert.Equal((403, UsageOutcomes.Refused), ((await world.OnlyUsageAsync()).Status, (await world.OnlyUsageAsync()).Outcome));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Keys_are_refused_with_what_is_wrong_with_them_and_never_shown()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        const string expired = "ork_0000000000000000000000000000000000000009";
        var document = GatewayWorld.Document(engine);
        document = document with { Keys = [.. document.Keys, GatewayWorld.AccessKey(expired, "old") with { ExpiresAt = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero) }] };
        await using var world = await GatewayWorld.StartAsync(document);

        await Refused(null, null, "missing_api_key", "No access key was sent. Send it as 'Authorization: Bearer ork_...' (or in x-api-key or api-key).");
        await Refused("Authorization", "Basic abc", "missing_api_key", "The header Authorization holds no access key: it does not begin with 'Bearer '. Send it as 'Authorization: Bearer ork_...' (or in x-api-key or api-key).");
        await Refused("Authorization", "Bearer ork_abcdSECRETSECRET", "invalid_api_key", "The access key 'ork_abcd...' is unknown, disabled or deleted.");
        await Refused("Authorization", "Bearer sk-SECRETSECRET", "invalid_api_key", "The access key is unknown, disabled or deleted. Keys that the catalogue makes begin with 'ork_'; a first key that was declared may not.");
        await Refused("api-key", new string('S', 5_000), "invalid_api_key", "The access key is unknown, disabled or deleted. Keys that the catalogue makes begin with 'ork_'; a first key that was declared may not.");
        await Refused("x-api-key", expired, "expired_api_key", "The access key 'old' expired at 2020-01-02T03:04:05Z. Ask for a new one.");
        foreach (var header in new[] { "x-api-key", "api-key" })
        {
            using var accepted = await Send(header, GatewayWorld.Key);
            Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        }

        async Task Refused(string? header, string? value, string code, string message)
        {
            using var response = await Send(header, value);
            Assert.Equal(new ErrorBody(401, message, "authentication_error", null, code), await ErrorBody.ReadAsync(response));
        }

        Task<HttpResponseMessage> Send(string? header, string? value)
        {
            world.Client.DefaultRequestHeaders.Remove("Authorization");
            return world.PostAsync(GatewayWorld.Chat(), change: request =>
            {
                if (header is not null)
                {
                    request.Headers.TryAddWithoutValidation(header, value);
                }
            });
        }
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", 405, "method_not_allowed")]
    [InlineData("POST", "/v1/models/m", 405, "method_not_allowed")]
    [InlineData("GET", "/", 404, "unknown_url")]
    [InlineData("GET", "/v1/audio/speech", 405, "method_not_allowed")]
    [InlineData("POST", "/v1/audio/other", 404, "unknown_url")]
    [InlineData("POST", "/v1/chat/completions/x", 404, "unknown_url")]
    [InlineData("GET", "/favicon.ico", 404, "unknown_url")]
    public async Task What_is_not_served_is_said_in_the_protocols_words(string method, string path, int status, string code)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        using var response = await world.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((status, code), (error.Status, error.Code));
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/realtime?model=m")]
    public async Task Websockets_are_501(string path)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        using var response = await world.Client.SendAsync(request);
        Assert.Equal((501, "websocket_not_supported"), ((await ErrorBody.ReadAsync(response)).Status, (await ErrorBody.ReadAsync(response)).Code));
    }

    [Theory]
    [InlineData("text/plain", null, "unsupported_content_type", "Content-Type is 'text/plain; charset=utf-8'; expected application/json.")]
    [InlineData("application/json", "gzip", "unsupported_content_encoding", "Content-Encoding is 'gzip'; expected identity. Send the body uncompressed.")]
    public async Task Other_types_and_encodings_are_415(string type, string? encoding, string code, string message)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        using var response = await world.PostAsync("", change: request =>
        {
            request.Content = new StringContent(GatewayWorld.Chat(), Encoding.UTF8, type);
            if (encoding is not null)
            {
                request.Content.Headers.ContentEncoding.Add(encoding);
            }
        });
        Assert.Equal(new ErrorBody(415, message, "invalid_request_error", null, code), await ErrorBody.ReadAsync(response));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_long_is_413_with_and_without_a_length(bool hasLength)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:MaxBodyBytes=10000");
        using var response = await world.PostAsync(GatewayWorld.Chat(more: ",\"x\":\"" + new string('x', 20_000) + "\""), change: request => request.Headers.TransferEncodingChunked = !hasLength);
        Assert.Equal(
            new ErrorBody(413, "The body is longer than 10000 bytes. Send less, or ask the operator to raise Gateway:MaxBodyBytes.", "invalid_request_error", null, "body_too_large"),
            await ErrorBody.ReadAsync(response));
    }

    [Fact]
    public async Task Bodies_beyond_the_common_bound_are_503_and_the_bound_is_given_back()
    {
        var release = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync();
        var answer = engine.Script;
        engine.Script = async http =>
        {
            await release.Task;
            await answer(http);
        };
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:MaxBodyBytes=65536", "--Gateway:MaxBufferedBytes=70000");
        var body = GatewayWorld.Chat(more: ",\"x\":\"" + new string('x', 50_000) + "\"");
        var first = world.PostAsync(body);
        await Eventually.Holds(() => engine.Requests.Count == 1);
        using (var refused = await world.PostAsync(body))
        {
            var error = await ErrorBody.ReadAsync(refused);
            Assert.Equal((503, "gateway_busy"), (error.Status, error.Code));
            Assert.Equal("1", refused.Headers.GetValues("Retry-After").Single());
        }

        release.SetResult();
        using var answered = await first;
        using var again = await world.PostAsync(body);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (answered.StatusCode, again.StatusCode));
    }

    [Fact]
    public async Task A_client_that_hangs_up_inside_its_body_leaves_nothing_behind()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var address = new Uri(world.Address);
        using (var socket = new TcpClient(address.Host, address.Port))
        {
            var head = $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {GatewayWorld.Key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"model\":";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        }

        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("with blank", false)]
    [InlineData("visible-1", true)]
    public async Task A_request_id_is_taken_over_when_it_may_stand_in_a_header(string sent, bool isTaken)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        using var response = await world.PostAsync("{", change: request => request.Headers.TryAddWithoutValidation("x-request-id", sent));
        Assert.Equal(isTaken, response.Headers.GetValues("x-request-id").Single() == sent);
    }
}
