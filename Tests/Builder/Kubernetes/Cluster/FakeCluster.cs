using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Tests.Builder.Kubernetes.Cluster;

/// <summary>
/// A stand-in for a cluster on loopback, as far as the Builder needs one. It imitates: objects with uid and resourceVersion; get, create,
/// update under a resourceVersion; server-side apply with owners of fields and conflicts (lists are atomic); deletion with preconditions, grace and
/// foreground; lists by label and field, page by page; watches with bookmarks and 410; tokens and roles; strict validation against the
/// API's OpenAPI document where it is at hand; of the controllers the StatefulSet's and the scheduler (labels, taints, pieces); of kubelets what a test
/// says of a pod. It does not imitate: defaulting, admission, quotas, networks, volumes, probes, the garbage collector. There is no real API server to be had where these tests run.
/// </summary>
internal sealed partial class FakeCluster : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2? _certificate;

    private FakeCluster(WebApplication app, X509Certificate2? certificate)
    {
        _app = app;
        _certificate = certificate;
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>What was asked, as permissions name it.</summary>
    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>By token, who it is; empty: everybody is welcome.</summary>
    public ConcurrentDictionary<string, string> Users { get; } = new();

    /// <summary>What a user may do; absent: everything.</summary>
    public Func<string, Request, bool>? Roles { get; set; }

    /// <summary>Before anything else; true: it has answered.</summary>
    public Func<HttpContext, Task<bool>>? Interfere { get; set; }

    /// <summary>The largest page, whatever is asked.</summary>
    public int PageSize { get; set; } = 500;

    /// <summary>Whether the next page that is continued is too old.</summary>
    public bool ForgetsNextPage { get; set; }

    public static async Task<FakeCluster> StartAsync(X509Certificate2? certificate = null, Func<X509Certificate2, bool>? client = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate, https =>
                {
                    if (client is not null)
                    {
                        https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.AllowCertificate;
                        https.ClientCertificateValidation = (shown, _, _) => client(shown);
                    }
                });
            }
        }));
        var cluster = new FakeCluster(builder.Build(), certificate);
        cluster._app.Run(cluster.AnswerAsync);
        await cluster._app.StartAsync(TestContext.Current.CancellationToken);
        return cluster;
    }

    public KubernetesClient Client(string? token = null, string home = "orrery") => new(
        new KubernetesConnection
        {
            Server = Address,
            Credentials = new FixedCredentials(token is null ? null : new("Bearer", token)),
            Source = "the test",
            Namespace = home,
            Authorities = _certificate is null ? null : [_certificate],
        },
        TimeProvider.System, NullLogger<KubernetesClient>.Instance, new Random(7))
    { FirstPause = TimeSpan.FromMilliseconds(10), Deadline = TimeSpan.FromSeconds(10) };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (Interfere is { } interfere && await interfere(context))
        {
            return;
        }

        if (Locate(context.Request.Path.Value!) is not { } at)
        {
            await WriteAsync(context, Status(404, "NotFound", "the server could not find the requested resource"));
            return;
        }

        var user = UserOf(context);
        if (user is null)
        {
            await WriteAsync(context, Status(401, "Unauthorized", "Unauthorized"));
            return;
        }

        var verb = VerbOf(context.Request, at);
        var exists = at.Name is not null && Find(at.Path) is not null;
        foreach (var one in verb == "patch" && !exists ? (string[])["patch", "create"] : [verb])
        {
            var request = new Request(one, at.Group, at.Subresource is null ? at.Plural : $"{at.Plural}/{at.Subresource}", at.Namespace, at.Name);
            Requests.Enqueue(request);
            if (Roles is { } roles && !roles(user, request))
            {
                var place = at.Namespace is null ? "at the cluster scope" : $"in the namespace \"{at.Namespace}\"";
                await WriteAsync(context, Status(403, "Forbidden", $"{at.Plural} is forbidden: User \"{user}\" cannot {one} resource \"{request.Resource}\" in API group \"{at.Group}\" {place}"));
                return;
            }
        }

        switch (verb)
        {
            case "watch":
                await WatchAsync(context, at);
                return;
            case "get" when at.Subresource == "log":
                await LogAsync(context, at);
                return;
            default:
                var body = context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0
                    ? (JsonObject?)await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)
                    : null;
                await WriteAsync(context, Handle(verb, at, context.Request.Query, body));
                return;
        }
    }

    private string? UserOf(HttpContext context) =>
        Users.IsEmpty ? context.Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, false) ?? "system:anonymous"
        : context.Request.Headers.Authorization.ToString() is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var token] && Users.TryGetValue(token, out var user) ? user
        : null;

    private static string VerbOf(HttpRequest request, At at) => request.Method switch
    {
        "GET" when request.Query["watch"] == "true" => "watch",
        "GET" => at.Name is null ? "list" : "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        var other => other.ToLowerInvariant(),
    };

    private static At? Locate(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, rest) = parts switch
        {
            ["api", "v1", .. var core] => ("", core),
            ["apis", var name, _, .. var other] => (name, other),
            _ => ("", []),
        };
        return rest switch
        {
            ["namespaces", var ns, var plural, var name, var sub] => new At(group, plural, ns, name, sub, path[..path.LastIndexOf('/')]),
            ["namespaces", var ns, var plural, var name] => new At(group, plural, ns, name, null, path),
            ["namespaces", var ns, var plural] => new At(group, plural, ns, null, null, path),
            [var plural, var name] => new At(group, plural, null, name, null, path),
            [var plural] => new At(group, plural, null, null, null, path),
            _ => null,
        };
    }

    private static async Task WriteAsync(HttpContext context, (int Status, JsonNode Answer) answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.Answer.ToJsonString(), context.RequestAborted);
    }

    private static (int Status, JsonNode Answer) Status(int code, string reason, string message, JsonArray? causes = null)
    {
        var status = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["code"] = code, ["reason"] = reason, ["message"] = message };
        if (causes is not null)
        {
            status["details"] = new JsonObject { ["causes"] = causes };
        }

        return (code, status);
    }

    internal sealed record Request(string Verb, string Group, string Resource, string? Namespace, string? Name);

    private sealed record At(string Group, string Plural, string? Namespace, string? Name, string? Subresource, string Path);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
