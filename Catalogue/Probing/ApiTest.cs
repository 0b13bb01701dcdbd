using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Probing;

/// <summary>What an endpoint says once it can be talked to: whether it knows us, what it serves, and whether a model answers.</summary>
internal sealed class ApiTest(TestedProvider provider, EgressPolicy policy, EndpointClient client, string baseUrl, Uri url, TimeSpan answerTime, StepList steps) : IDisposable
{
    private const int MostServed = 100;
    private const int MostAskedFor = 10;

    /// <summary>Where APIs lie on servers that are known.</summary>
    private static readonly string[] UsualPaths = ["/v1", "/api/v1", "/openai/v1", "/v1/openai", "/api", "/v1beta/openai", ""];

    private static readonly string[] OperationPaths = ["/chat/completions", "/completions", "/embeddings", "/messages", "/models"];

    private Reply? _list;
    private string? _otherPath;

    /// <summary>Whether the port of an http URL turns out to speak TLS.</summary>
    public required Func<CancellationToken, Task<bool>> SpeaksTls { get; init; }

    private StepFailure Late => new(
        TestCauses.AnswerTimeout, FormattableString.Invariant($"no answer within {answerTime.TotalSeconds:0.###} s"), "Is the server overloaded, or still loading its model?");

    public async Task RunAsync()
    {
        if (IsCustom)
        {
            const string why = "an API of its own has no list that is known: ?model=… sends a request through the transforms";
            steps.Skip(TestSteps.Authentication, why);
            steps.Skip(TestSteps.Models, why);
        }
        else
        {
            await steps.RunAsync(TestSteps.Authentication, answerTime, Late, AuthenticateAsync);
            await steps.RunAsync(TestSteps.Models, answerTime, Late, ModelsAsync);
        }

        if (provider.WantedModel is not null)
        {
            await steps.RunAsync(TestSteps.Request, TimeSpan.FromMinutes(2), Late, RequestAsync); // A cold model takes long: the whole test's time is the limit.
        }
    }

    public void Dispose() => client.Dispose();

    private bool IsCustom => provider.Spec.EffectiveEngine == Engines.Custom;

    private string ListUrl(string at) => at + (provider.IsAnthropic ? "/models?limit=1000" : "/models");

    private async Task<Finding> AuthenticateAsync(CancellationToken cancellationToken)
    {
        try
        {
            _list = await client.GetAsync(ListUrl(baseUrl), cancellationToken);
            if (_list.Status is 404 or 405 && await FindPathAsync(cancellationToken) is var (path, reply))
            {
                (_otherPath, _list) = (path, reply);
            }
        }
        catch (HttpRequestException failure) when (failure.InnerException is not ServiceDefaults.Egress.EgressException)
        {
            throw await SpeaksTls(cancellationToken) ? TlsPort() : failure;
        }

        var list = ListUrl(_otherPath is null ? baseUrl : Root + _otherPath);
        if (_list.Status is 401 or 403)
        {
            throw provider.Keys.Count < 2 ? Refused(_list.Status) : SomeRefused([Named(0, _list.Status), .. await RefusedOfFurtherAsync(list, cancellationToken)]);
        }

        if (_list.Status == 400 && ServerAnswers.Message(_list.Body) is null && await SpeaksTls(cancellationToken))
        {
            throw TlsPort();
        }

        if (_list.Status != 200)
        {
            return new Finding($"not told by an answer of {_list.Status}", IsTelling: false);
        }

        if (provider.Credential is null)
        {
            return new Finding("no credential is set, and none was asked for");
        }

        if ((await client.GetAsync(list, credential: null, cancellationToken)).Status == 200)
        {
            return new Finding("not told: the list of models is open to everybody. ?model=… sends a request, which needs the credential", IsTelling: false);
        }

        if (await RefusedOfFurtherAsync(list, cancellationToken) is { Count: > 0 } refused)
        {
            throw SomeRefused(refused);
        }

        return new Finding(provider.Keys.Count == 1 ? "the credential is accepted" : $"the {provider.Keys.Count} keys are accepted");
    }

    private async Task<List<string>> RefusedOfFurtherAsync(string list, CancellationToken cancellationToken)
    {
        var refused = new List<string>();
        for (var i = 1; i < provider.Keys.Count; i++)
        {
            var status = (await client.GetAsync(list, provider.Keys[i].Value, cancellationToken)).Status;
            if (status is 401 or 403)
            {
                refused.Add(Named(i, status));
            }
        }

        return refused;
    }

    private string Named(int key, int status) => $"key {key + 1}, {provider.Keys[key].Key} ({status})";

    private StepFailure SomeRefused(List<string> refused) => new(
        TestCauses.AuthenticationRefused,
        $"the server refuses {string.Join(" and ", refused)}; {(refused.Count == provider.Keys.Count ? "no key is accepted" : "the others are accepted, and requests go on with them")}",
        "Renew what is refused in its Secret, or take it out of spec.apiKeySecretRefs.");

    private string Root => url.GetLeftPart(UriPartial.Authority);

    private async Task<(string Path, Reply Reply)?> FindPathAsync(CancellationToken cancellationToken)
    {
        var own = new Uri(baseUrl).AbsolutePath.TrimEnd('/');
        var trimmed = OperationPaths.Where(path => own.EndsWith(path, StringComparison.Ordinal)).Select(path => own[..^path.Length]);
        foreach (var path in trimmed.Concat(UsualPaths).Distinct(StringComparer.Ordinal).Where(path => path != own))
        {
            var reply = await client.GetAsync(ListUrl(Root + path), cancellationToken);
            if (reply.Status is 401 or 403 || (reply.Status == 200 && ServerAnswers.Models(reply.Body) is not null))
            {
                return (path, reply);
            }
        }

        return null;
    }

    private async Task<Finding> ModelsAsync(CancellationToken cancellationToken)
    {
        var list = _list!;
        var asked = new Uri(ListUrl(baseUrl)).AbsolutePath;
        if (_otherPath is not null)
        {
            throw new StepFailure(
                TestCauses.WrongPath, $"{asked} answers 404, and {_otherPath}/models answers", $"Write the endpoint as {Root}{(_otherPath.Length == 0 ? "/" : _otherPath)}.");
        }

        if (provider.Spec.EffectiveEngine == Engines.VideoEngine && list.Status is 200 or 404 or 405 && ServerAnswers.Models(list.Body) is null)
        {
            return new Finding("the server has no list of models, and one that makes videos needs none", IsTelling: false);
        }

        switch (list.Status)
        {
            case 200:
                break;
            case 404 or 405 when provider.WantedModel is not null:
                return new Finding($"{asked} answers {list.Status}: the server has no list of models there, nor at the usual paths", IsTelling: false);
            case 404 or 405:
                throw new StepFailure(
                    TestCauses.WrongPath, $"{asked} answers {list.Status}, and so do the usual paths",
                    "Write the endpoint with the path of the API (https://host/path/v1). A server without a list of models can be tested with ?model=….");
            default:
                throw Unexpected(list);
        }

        if (ServerAnswers.Models(list.Body) is not { } served)
        {
            throw new StepFailure(
                TestCauses.NotCompatible, $"{asked} answers {list.ContentType ?? "something without a type"} that is no list of models",
                $"Is it the base URL of an {(provider.IsAnthropic ? "Anthropic" : "OpenAI")}-compatible API, and not of a web page?");
        }

        return await CompareAsync(served, cancellationToken);
    }

    private async Task<Finding> CompareAsync(IReadOnlyList<string> served, CancellationToken cancellationToken)
    {
        var known = served.ToHashSet(StringComparer.Ordinal);
        var tested = new List<TestedModel>();
        var asked = 0;
        foreach (var model in provider.Models)
        {
            var id = model.UpstreamId ?? model.Id;

            // Names that stand for another are in no list, and answer when they are asked for.
            var isThere = known.Contains(id) || (asked++ < MostAskedFor && (await client.GetAsync($"{baseUrl}/models/{Escaped(id)}", cancellationToken)).Status == 200);
            tested.Add(new TestedModel(model.Id, id, isThere, isThere ? null : [.. NearModels.Of(id, served).Select(provider.Sayable).OfType<string>()]));
        }

        var shown = new Finding(tested.Count > 0 ? $"{served.Count} served, {tested.Count} declared" : $"{served.Count} served, none declared: nobody can ask for a model until it stands in spec.models", Models: tested, Served: [.. served.Select(provider.Sayable).OfType<string>().Take(MostServed)]);
        var missing = tested.Where(model => !model.Found).ToList();
        if (missing.Count == 0)
        {
            return shown;
        }

        var first = missing[0];
        var near = first.Near is { Count: > 0 } names ? $" Is '{string.Join("' or '", names)}' meant?" : "";
        throw new StepFailure(
            TestCauses.ModelNotFound, missing.Count == 1 ? $"the server does not know '{first.UpstreamId}'" : $"the server does not know {missing.Count} of {tested.Count} models, '{first.UpstreamId}' first",
            $"Name what it calls the model in spec.models[].upstreamId, or load it there.{near}")
        {
            Shown = shown,
        };
    }

    private async Task<Finding> RequestAsync(CancellationToken cancellationToken)
    {
        var wanted = provider.WantedModel!;
        if (provider.Models.FirstOrDefault(model => model.Id == wanted) is not { } declared)
        {
            throw Undeclared(wanted);
        }

        var id = declared.UpstreamId ?? declared.Id;
        var isEmbedding = provider.WantedType == ModelTypes.Embedding;
        if (!isEmbedding && provider.WantedType is not (ModelTypes.Chat or ModelTypes.Multimodal))
        {
            return new Finding($"requests are made to chat and embedding models only; '{wanted}' is {provider.WantedType}", IsTelling: false);
        }

        if (IsCustom)
        {
            return await new TransformTest(provider, client, baseUrl, Refusal).RunAsync(declared, isEmbedding, cancellationToken);
        }

        var address = baseUrl + (isEmbedding ? "/embeddings" : provider.IsAnthropic ? "/messages" : "/chat/completions");
        var reply = await client.PostAsync(address, isEmbedding ? TinyRequests.Embedding(id) : TinyRequests.Chat(id, "max_tokens"), cancellationToken);
        if (reply.Status == 400 && !isEmbedding && ServerAnswers.Message(reply.Body)?.Contains("max_completion_tokens", StringComparison.Ordinal) is true)
        {
            reply = await client.PostAsync(address, TinyRequests.Chat(id, "max_completion_tokens"), cancellationToken);
        }

        if (reply.Status != 200)
        {
            throw Refusal(reply, new Uri(address).AbsolutePath, id);
        }

        var member = isEmbedding ? "data" : provider.IsAnthropic ? "content" : "choices";
        return ServerAnswers.HasList(reply.Body, member)
            ? new Finding($"'{id}' answered")
            : throw new StepFailure(
                TestCauses.NotCompatible, $"{new Uri(address).AbsolutePath} answers 200 and {reply.ContentType ?? "something without a type"} without '{member}'",
                "Is spec.engine the server's kind?");
    }

    /// <remarks>Whatever the server would answer, the gateway never asks it.</remarks>
    private StepFailure Undeclared(string wanted)
    {
        var near = provider.Models.Where(model => model.UpstreamId == wanted).Select(model => model.Id).ToList();
        near = near.Count > 0 ? near : [.. NearModels.Of(wanted, [.. provider.Models.Select(model => model.Id)])];
        return new StepFailure(
            TestCauses.ModelNotFound, $"'{wanted}' is none of the models that this provider offers: nothing was sent, and the gateway would send nothing",
            $"Declare it in spec.models, and let neither spec.allowedModels nor spec.deniedModels take it away.{(near.Count > 0 ? $" Is '{string.Join("' or '", near)}' meant?" : "")}");
    }

    private StepFailure Refusal(Reply reply, string path, string id)
    {
        if (reply.Status is 401 or 403)
        {
            return Refused(reply.Status);
        }

        var message = ServerAnswers.Message(reply.Body);
        if (reply.Status is 400 or 404 or 422 && message?.Contains(id, StringComparison.Ordinal) is true)
        {
            return new StepFailure(TestCauses.ModelNotFound, Said($"the server does not take '{id}' ({reply.Status})", message), "Name what it calls the model in spec.models[].upstreamId, or load it there.");
        }

        return reply.Status switch
        {
            404 or 405 => new StepFailure(TestCauses.WrongPath, $"{path} answers {reply.Status}", "Is the endpoint's path that of the API, and spec.engine the server's kind?"),
            >= 400 and < 500 and not 429 => new StepFailure(TestCauses.RequestRefused, Said($"{path} answers {reply.Status}", message), "Is the model of the type that is declared?"),
            _ => Unexpected(reply),
        };
    }

    private StepFailure Unexpected(Reply reply) => reply.Status switch
    {
        >= 300 and < 400 => new StepFailure(
            TestCauses.Redirected, $"a redirection ({reply.Status}){(reply.RedirectHost is { Length: <= 253 } host ? $" to '{host}'" : "")}, which is not followed",
            reply.RedirectHost is { } target && policy.CheckHost(EgressHost.Of(target), reply.IsRedirectHttps) is { } fault
                ? $"Do not write where it leads to: {fault.Reason}, which would be refused. Ask whoever runs this server why it sends its callers there."
                : "Write the URL that it leads to, and mind that credentials go there."),
        429 => new StepFailure(TestCauses.Throttled, "the server takes no more requests now (429)", "Is its quota used up? Try again later."),
        >= 500 => new StepFailure(
            TestCauses.ServerError, Said($"the server failed ({reply.Status})", ServerAnswers.Message(reply.Body)), "See its log; is what stands in front of it able to reach it?"),
        _ => new StepFailure(TestCauses.NotCompatible, Said($"an answer of {reply.Status}", ServerAnswers.Message(reply.Body)), "Is it the base URL of an OpenAI-compatible API?"),
    };

    private StepFailure Refused(int status) => new(
        TestCauses.AuthenticationRefused,
        provider.Credential is null ? $"the server asks for a credential ({status}), and none is set" : $"the server refuses the credential ({status})",
        provider.Credential is null
            ? "Put it into a Secret and name that in spec.apiKeySecretRef."
            : "Renew it in its Secret. Is it this server's, without blanks and 'Bearer' before it, and is spec.engine right?");

    private StepFailure TlsPort() => new(TestCauses.HttpToTlsPort, $"port {url.Port} speaks TLS, and the URL begins with http://", $"Write https://{url.Authority}.");

    private string Said(string what, string? message) => provider.Sayable(message) is { } said ? $"{what}: {said}" : what;

    private static string Escaped(string id) => Uri.EscapeDataString(id).Replace("%2F", "/", StringComparison.Ordinal);
}

/// <summary>The smallest requests that a model answers.</summary>
internal static class TinyRequests
{
    /// <param name="limit">The field's name: OpenAI's reasoning models know <c>max_completion_tokens</c> only.</param>
    public static byte[] Chat(string model, string limit) => Write(json =>
    {
        json.WriteString("model", model);
        json.WriteNumber(limit, 16);
        json.WriteStartArray("messages");
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteString("content", "Hi");
        json.WriteEndObject();
        json.WriteEndArray();
    });

    public static byte[] Embedding(string model) => Write(json =>
    {
        json.WriteString("model", model);
        json.WriteString("input", "Hi");
    });

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
