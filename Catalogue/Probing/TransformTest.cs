using System.Text.Json;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;

namespace Orrery.Catalogue.Probing;

/// <summary>The smallest request to a server with an API of its own, through the provider's transforms and back.</summary>
/// <param name="refusal">What an answer means that is no success.</param>
internal sealed class TransformTest(TestedProvider provider, EndpointClient client, string baseUrl, Func<Reply, string, string, StepFailure> refusal)
{
    private const int LeastTokens = 16;

    private readonly CompiledTransforms _transforms = CompiledTransforms.Compile(provider.Spec.Transforms!, new FieldErrors());

    public async Task<Finding> RunAsync(ProvidedModel declared, bool isEmbedding, CancellationToken cancellationToken)
    {
        var id = declared.UpstreamId ?? declared.Id;
        if ((isEmbedding ? _transforms.Embeddings : _transforms.Chat) is not { } operation)
        {
            return new Finding($"spec.transforms has no {(isEmbedding ? "embeddings" : "chat")}, and other requests are not made for a test", IsTelling: false);
        }

        var (path, headers) = AddressOf(operation, id, stream: false);
        if (operation.Stream is not null)
        {
            _ = AddressOf(operation, id, stream: true);
            _ = Body(operation, declared, isEmbedding, maxTokens: LeastTokens, stream: true);
        }

        _ = Body(operation, declared, isEmbedding, declared.MaxOutputTokens, stream: false); // As of a client that says nothing of tokens.
        var reply = await client.SendAsync(operation.Method, baseUrl + path, Body(operation, declared, isEmbedding, LeastTokens, stream: false), headers, cancellationToken);
        if (reply.Status is < 200 or >= 300)
        {
            throw refusal(reply, new Uri(baseUrl + path).AbsolutePath, id);
        }

        using var answer = Parse(reply, path);
        RequireNoError(answer.RootElement, reply.Status);
        return operation.Job is { } job ? await JudgeAsync(operation, job, answer.RootElement, id, isEmbedding, cancellationToken) : Read(operation, answer.RootElement, id, isEmbedding);
    }

    /// <summary>A job that is not done is ended: that it was taken is what there is to know.</summary>
    private async Task<Finding> JudgeAsync(CompiledOperation operation, CompiledJob job, JsonElement answer, string id, bool isEmbedding, CancellationToken cancellationToken)
    {
        Value[] variables = [Value.Json(answer), Value.Json(answer), id];
        var failed = job.Failed?.Evaluate(variables) ?? default;
        var done = job.Done.Evaluate(variables);
        if ((failed.Error ?? done.Error) is { } error)
        {
            throw Failed(failed.Error is null ? job.Field + ".done" : job.Field + ".failed", $"fails at {error}");
        }

        if (!failed.Value.IsNull && !(failed.Value.Kind == ValueKind.Bool && !failed.IsTrue))
        {
            throw new StepFailure(TestCauses.RequestRefused, Said("the job failed at once", failed.Value), "See the server's log.");
        }

        if (done.IsTrue && job.Result is null)
        {
            return Read(operation, answer, id, isEmbedding);
        }

        _ = AddressOf(job.Status, variables);
        if (!done.IsTrue && job.Cancel is { } cancel)
        {
            await client.SendAsync(cancel.Method, AddressOf(cancel, variables), json: null, [], cancellationToken);
        }

        return new Finding($"'{id}' took the request as a job; its result was not waited for");
    }

    private string AddressOf(CompiledCall call, Value[] variables)
    {
        if (call.Path is { } path)
        {
            return baseUrl + (path.Evaluate(variables, out var fault) ?? throw Failed(call.Field + ".path", fault!));
        }

        var url = call.Url!.Evaluate(variables);
        var root = new Uri(baseUrl);
        return url.Error is not null ? throw Failed(call.Field + ".url", $"fails at {url.Error}")
            : Uri.TryCreate(root, url.Value.AsString(), out var address) && address.UserInfo.Length == 0 && address.GetLeftPart(UriPartial.Authority) == root.GetLeftPart(UriPartial.Authority) ? address.AbsoluteUri
            : throw Failed(call.Field + ".url", "leads to another server than the endpoint, which is not asked");
    }

    private static (string Path, List<KeyValuePair<string, string>> Headers) AddressOf(CompiledOperation operation, string id, bool stream)
    {
        ReadOnlyMemory<Value> address = new Value[] { id, stream };
        var path = operation.Path.Evaluate(address.Span, out var fault) ?? throw Failed(operation.Field + ".request.path", $"fails: {fault}");
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var (name, template) in operation.Headers)
        {
            var field = $"{operation.Field}.request.headers.{name}";
            var value = template.Evaluate(address.Span, static text => text, out fault) ?? throw Failed(field, $"fails: {fault}");
            if (RequestHeaders.CheckValue(value) is { } expected)
            {
                throw Failed(field, $"gives no value of a header; expected {expected}");
            }

            headers.Add(KeyValuePair.Create(name, value));
        }

        return (path, headers);
    }

    private static byte[] Body(CompiledOperation operation, ProvidedModel declared, bool isEmbedding, long? maxTokens, bool stream)
    {
        var (field, id) = (operation.Field + ".request.body", declared.UpstreamId ?? declared.Id);
        using var tiny = JsonDocument.Parse(isEmbedding ? TinyRequests.Embedding(id) : TinyRequests.Chat(id, "max_tokens"));
        var request = new TransformRequest(operation.Shape, tiny.RootElement, isEmbedding ? null : maxTokens);
        var result = operation.Body.Evaluate(operation.Shape.Type.Of(request), id, stream);
        if (result.Error is { } error)
        {
            throw Failed(field, $"fails at {error}{(maxTokens is null && !isEmbedding ? ", where a client sets no limit of tokens" : stream ? ", where a stream is asked for" : "")}");
        }

        if (result.Value.Kind is not (ValueKind.Map or ValueKind.List))
        {
            throw Failed(field, $"gives {ResultReader.Name(result.Value)}, expected a map or a list");
        }

        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            if (result.Value.WriteTo(json, leavesOutNulls: true) is { } unwritten)
            {
                throw Failed(field, $"fails at {unwritten}");
            }
        }

        return body.ToArray();
    }

    /// <remarks>By the gateway's own reading: what passes here is answered there.</remarks>
    private static Finding Read(CompiledOperation operation, JsonElement answer, string id, bool isEmbedding)
    {
        var response = Value.Json(answer);
        var result = operation.Response!.Evaluate(response, id);
        if (result.Error is { } error)
        {
            throw Failed(operation.Field + ".response.body", $"fails at {error}");
        }

        var counted = operation.Usage?.Evaluate(response, id) ?? default;
        if (counted.Error is { } uncounted)
        {
            throw Failed(operation.Field + ".response.usage", $"fails at {uncounted}");
        }

        ResultFault? fault;
        if (isEmbedding)
        {
            var vectors = VectorResult.Read(result.Value, counted.Value, inputs: 1, out _, out fault);
            _ = vectors is null ? null : VectorResult.Numbers(vectors[0], 0, out fault);
        }
        else
        {
            _ = TextResult.Read(result.Value, counted.Value, isChat: true, out fault);
        }

        return fault is null ? new Finding($"'{id}' answered, and the transforms read it")
            : throw Failed(operation.Field + (fault.IsOfUsage ? ".response.usage" : ".response.body"), fault.Text);
    }

    private void RequireNoError(JsonElement answer, int status)
    {
        if (_transforms.Error is null)
        {
            if (TransformErrors.HasError(answer))
            {
                throw new StepFailure(TestCauses.RequestRefused, Said("the answer is an error", Value.Json(answer.GetProperty("error"))), "See the server's log.");
            }

            return;
        }

        var result = _transforms.Error.Evaluate(Value.Json(answer), status);
        if (result.Error is { } error)
        {
            throw Failed("spec.transforms.error", $"fails at {error}");
        }

        if (!result.Value.IsNull)
        {
            throw new StepFailure(TestCauses.RequestRefused, Said("the answer is an error", result.Value), "See the server's log.");
        }
    }

    private static JsonDocument Parse(Reply reply, string path)
    {
        try
        {
            return JsonDocument.Parse(reply.Body);
        }
        catch (JsonException)
        {
            throw new StepFailure(TestCauses.TransformFailed, $"{path} answers {reply.ContentType ?? "something without a type"} that is no JSON", "Does spec.transforms name the right path, and ask for no stream?");
        }
    }

    private string Said(string what, in Value value)
    {
        var message = value.Kind == ValueKind.Map && value.AsMap().TryGet("message", out var own) ? own : value;
        return provider.Sayable(message.Kind == ValueKind.String ? message.AsString() : null) is { } said ? $"{what}: {said}" : what;
    }

    private static StepFailure Failed(string field, string fault) => new(TestCauses.TransformFailed, $"{field} {fault}", "Mend the expression: docs/transforms.md says what it is given and what it gives.");
}
