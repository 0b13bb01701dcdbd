using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>The part of the Kubernetes API that the Builder needs, over HTTP.</summary>
/// <remarks>
/// Every request here can be repeated: reads, server-side apply, deletion by name, creation and update under a precondition. So what fails on the
/// way, 429 and 5xx are tried again, as long as the server's <c>Retry-After</c> asks, within <see cref="Deadline"/>.
/// Failures are <see cref="KubernetesException"/>s.
/// </remarks>
internal sealed partial class KubernetesClient(KubernetesConnection connection, TimeProvider time, ILogger<KubernetesClient> logger, Random? random = null) : IDisposable
{
    /// <summary>Who we are to <c>managedFields</c>.</summary>
    public const string FieldManager = "orrery-builder";

    private const int Attempts = 4;

    /// <summary>Objects of a page; what kubectl asks for.</summary>
    private const int PageSize = 500;

    /// <summary>No object is larger than etcd's 1.5 MB, and no page is larger than this.</summary>
    private const int LargestAnswer = 128 * 1024 * 1024;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker _http = new(KubernetesHandler.Create(connection));
    private readonly Random _random = random ?? new Random();

    public KubernetesConnection Connection => connection;

    /// <summary>Of a request with all its repetitions; watches and logs have it until their headers.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a watch may say nothing, bookmarks included, before it is begun anew.</summary>
    public TimeSpan WatchIdle { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The first pause of a row of failures; each further one is twice as long.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <returns>null: there is no such object.</returns>
    public async Task<JsonObject?> FindAsync(KubernetesResource resource, string? ns, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(new(HttpMethod.Get, "get", resource, ns, name), cancellationToken);
        }
        catch (KubernetesException error) when (error.Status == 404)
        {
            return null;
        }
    }

    /// <summary>All objects, page by page; from the start again where the list grew too old meanwhile.</summary>
    public async Task<ObjectList> ListAsync(
        KubernetesResource resource, string? ns, CancellationToken cancellationToken, string? labelSelector = null, string? fieldSelector = null)
    {
        var items = new List<JsonObject>();
        string? next = null;
        for (var restarts = 0; ;)
        {
            JsonObject page;
            try
            {
                page = await AskAsync(
                    new(HttpMethod.Get, "list", resource, ns) { Query = [("labelSelector", labelSelector), ("fieldSelector", fieldSelector), ("limit", $"{PageSize}"), ("continue", next)] }, cancellationToken);
            }
            catch (KubernetesException error) when (error.Status == 410 && next is not null && restarts++ < 3)
            {
                items.Clear();
                next = null;
                continue;
            }

            items.AddRange(page.Items("items"));
            next = page.Text("metadata", "continue");
            if (string.IsNullOrEmpty(next))
            {
                return new ObjectList(items, page.Text("metadata", "resourceVersion") ?? "");
            }
        }
    }

    /// <summary>Server-side apply: what the body says is so afterwards, and what we said before and say no more is gone.</summary>
    /// <param name="force">Also where another manager set a field. Only for objects that are ours.</param>
    public Task<JsonObject> ApplyAsync(KubernetesResource resource, string? ns, JsonObject body, bool force, CancellationToken cancellationToken) =>
        AskAsync(
            new(HttpMethod.Patch, "patch", resource, ns, body.Name())
            {
                Query = [("fieldManager", FieldManager), ("fieldValidation", "Strict"), ("force", force ? "true" : null)],
                Body = body,
                ContentType = "application/apply-patch+yaml",
            },
            cancellationToken);

    public Task<JsonObject> CreateAsync(KubernetesResource resource, string? ns, JsonObject body, CancellationToken cancellationToken) =>
        AskAsync(new(HttpMethod.Post, "create", resource, ns) { Query = [("fieldManager", FieldManager)], Body = body }, cancellationToken);

    /// <summary>Replaces an object; its <c>resourceVersion</c> in the body says which state of it was seen.</summary>
    public Task<JsonObject> UpdateAsync(KubernetesResource resource, string? ns, JsonObject body, CancellationToken cancellationToken) =>
        AskAsync(new(HttpMethod.Put, "update", resource, ns, body.Name()) { Query = [("fieldManager", FieldManager)], Body = body }, cancellationToken);

    /// <param name="uid">Only this incarnation of the name.</param>
    /// <param name="propagation"><c>Foreground</c>: it goes when what it owns has gone; <c>Background</c>.</param>
    /// <param name="grace">Instead of the object's own; zero ends a pod whose node cannot say that it ended.</param>
    /// <returns>Whether there was such an object.</returns>
    public async Task<bool> DeleteAsync(
        KubernetesResource resource, string? ns, string name, string uid, CancellationToken cancellationToken, string propagation = "Background", TimeSpan? grace = null)
    {
        var body = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = propagation, ["preconditions"] = new JsonObject { ["uid"] = uid } };
        if (grace is { } seconds)
        {
            body["gracePeriodSeconds"] = (int)seconds.TotalSeconds;
        }

        try
        {
            await AskAsync(new(HttpMethod.Delete, "delete", resource, ns, name) { Body = body }, cancellationToken);
            return true;
        }
        catch (KubernetesException error) when (error.Status == 404 || (error.Status == 409 && error.Reason == "Conflict"))
        {
            // Gone, or another incarnation has the name: either way this one is no more.
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonObject> AskAsync(KubernetesQuestion question, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(question, cancellationToken);
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await response.Content.LoadIntoBufferAsync(LargestAnswer, both.Token);
            return await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync(both.Token), cancellationToken: both.Token) as JsonObject
                ?? throw new JsonException("no object");
        }
        catch (JsonException error)
        {
            throw new KubernetesException(0, "NoJson", $"{Where} answered {question} with something that is no JSON object. Is the address that of an API server?", error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw Unreachable(question, error);
        }
    }

    /// <summary>An answer with a status of success, its body unread.</summary>
    private async Task<HttpResponseMessage> SendAsync(KubernetesQuestion question, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var refreshed = false;
        for (var attempt = 1; ; attempt++)
        {
            var pause = Backoff(attempt);
            try
            {
                using var request = await RequestAsync(question, both.Token);
                var response = await _http.SendAsync(request, both.Token);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }

                using (response)
                {
                    if (response.StatusCode == HttpStatusCode.Unauthorized && !refreshed && connection.Credentials.Invalidate())
                    {
                        refreshed = true;
                        continue;
                    }

                    if (attempt == Attempts || !IsPassing(response.StatusCode))
                    {
                        throw await KubernetesErrors.ReadAsync(response, question, Where, both.Token);
                    }

                    pause = RetryAfter(response) ?? pause;
                    Log.Repeats(logger, question, (int)response.StatusCode, pause);
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException && attempt < Attempts && !IsLasting(error))
            {
                Log.Breaks(logger, question, error.Message, pause);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw Unreachable(question, error);
            }

            try
            {
                await Task.Delay(pause, time, both.Token);
            }
            catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
            {
                throw Unreachable(question, error);
            }
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(KubernetesQuestion question, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(question.Method, new Uri(connection.Server.AbsoluteUri.TrimEnd('/') + question.PathAndQuery))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Authorization = await connection.Credentials.GetAsync(cancellationToken);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(question.Accept));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(FieldManager, null));
        foreach (var (name, value) in connection.Credentials.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (connection.ServerName is { } server)
        {
            request.Headers.Host = server; // TLS asks for, and checks, the name of the Host header.
        }

        if (question.Body is { } body)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, question.ContentType);
        }

        return request;
    }

    private string Where => $"the API server at {connection.Server.GetLeftPart(UriPartial.Authority)} ({connection.Source})";

    private TimeSpan Backoff(int attempt)
    {
        var longest = Math.Min(FirstPause.TotalMilliseconds * (1 << Math.Min(attempt - 1, 16)), LongestPause.TotalMilliseconds);
        lock (_random)
        {
            return TimeSpan.FromMilliseconds(longest * (0.5 + (_random.NextDouble() / 2)));
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static bool IsPassing(HttpStatusCode status) => (int)status is 429 or 500 or 502 or 503 or 504;

    // A certificate that does not fit today will not fit in a second.
    private static bool IsLasting(Exception error) => error is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } || error.InnerException is AuthenticationException;

    private KubernetesException Unreachable(KubernetesQuestion question, Exception error)
    {
        var reason = error switch
        {
            OperationCanceledException => $"it did not answer within {Deadline.TotalSeconds:0} s. Is it overloaded, or does a firewall swallow packets?",
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved. Is the server's address in the kubeconfig right?",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
                $"TLS failed ({(error.InnerException ?? error).Message.TrimEnd('.')}). Does certificate-authority name the authority that issued its certificate, and is the certificate for this address (tls-server-name)?",
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => "the proxy refused. Is proxy-url right?",
            _ => $"the connection failed ({error.Message.TrimEnd('.')}). Does it run, and is its address right?",
        };
        return new KubernetesException(0, "Unreachable", $"{Where} could not be asked to {question}: {reason}", error);
    }

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Debug, "The API server answered {Question} with {Status}; asked again in {Pause}", EventName = "KubernetesRepeats")]
        public static partial void Repeats(ILogger logger, KubernetesQuestion question, int status, TimeSpan pause);

        [LoggerMessage(2102, LogLevel.Debug, "{Question} broke off ({Reason}); asked again in {Pause}", EventName = "KubernetesBreaks")]
        public static partial void Breaks(ILogger logger, KubernetesQuestion question, string reason, TimeSpan pause);

        [LoggerMessage(2103, LogLevel.Warning, "A watch ended ({Reason}); begun again in {Pause}", EventName = "KubernetesWatchEnds")]
        public static partial void WatchEnds(ILogger logger, string reason, TimeSpan pause);
    }
}

/// <param name="ResourceVersion">From where a watch goes on.</param>
internal sealed record ObjectList(IReadOnlyList<JsonObject> Items, string ResourceVersion);

/// <summary>One request, as messages and permissions call it.</summary>
internal sealed record KubernetesQuestion(HttpMethod Method, string Verb, KubernetesResource Resource, string? Namespace, string? Name = null, string? Subresource = null)
{
    public IReadOnlyList<(string Name, string? Value)> Query { get; init; } = [];

    public JsonObject? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    public string Accept { get; init; } = "application/json";

    public string PathAndQuery
    {
        get
        {
            var query = string.Join('&', Query.Where(one => one.Value is not null).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}"));
            return Resource.Path(Namespace, Name) + (Subresource is null ? "" : $"/{Subresource}") + (query.Length == 0 ? "" : $"?{query}");
        }
    }

    /// <summary>As a permission names it: <c>pods/log</c>.</summary>
    public string ResourceName => Subresource is null ? Resource.Plural : $"{Resource.Plural}/{Subresource}";

    public override string ToString() => $"{Verb} {ResourceName}{(Name is null ? "" : $" '{Name}'")}{(Namespace is null ? "" : $" in namespace '{Namespace}'")}";
}
