using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orrery.Tests.Kubernetes.Cluster;

/// <summary>
/// A stand-in for a cluster's API server, in memory and on loopback, as far as Helm needs one: discovery, objects of the kinds that the
/// chart has, lists by label. It refuses what the real one refuses: unknown fields, changes of immutable ones, a second object of a
/// name. It runs nothing. There is no real API server to be had where these tests run.
/// </summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-cluster-").FullName;
    private readonly KubernetesSchema _schema;
    private int _version;

    private ApiServer(WebApplication app, KubernetesSchema schema)
    {
        _app = app;
        _schema = schema;
    }

    public string KubeConfig => Path.Combine(_folder, "config");

    public static async Task<ApiServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ApiServer(builder.Build(), KubernetesSchema.Load());
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(server.KubeConfig,
            $$"""
              { "apiVersion": "v1", "kind": "Config", "current-context": "c",
                "clusters": [ { "name": "c", "cluster": { "server": "{{server._app.Urls.First()}}" } } ],
                "contexts": [ { "name": "c", "context": { "cluster": "c", "user": "u" } } ], "users": [ { "name": "u", "user": { } } ] }
              """,
            TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>The objects of a kind in a namespace, by name; Helm's own records are left out.</summary>
    public IReadOnlyDictionary<string, JsonObject> Objects(string plural, string ns)
    {
        lock (_lock)
        {
            return _objects.Where(one => one.Key.Contains($"/namespaces/{ns}/{plural}/", StringComparison.Ordinal) && (string?)one.Value["type"] != "helm.sh/release.v1")
                .ToDictionary(one => (string)one.Value["metadata"]!["name"]!, one => one.Value.DeepClone().AsObject());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var body = context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0
            ? await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)
            : null;
        JsonNode answer;
        int status;
        lock (_lock)
        {
            (status, answer) = Discovery.Answer(context.Request.Path) is { } discovered ? (200, discovered) : Handle(context.Request, body?.AsObject());
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    private (int Status, JsonNode Answer) Handle(HttpRequest request, JsonObject? body)
    {
        var path = request.Path.Value!;
        if (Discovery.Find(path) is not { } kind)
        {
            return Refuse(404, "NotFound", $"{path} is no resource of this server");
        }

        var stored = _objects.GetValueOrDefault(path);
        return (request.Method, stored) switch
        {
            ("GET", _) when path.EndsWith("/" + kind.Plural, StringComparison.Ordinal) => (200, List(path, kind, request.Query["labelSelector"])),
            ("POST", _) => Create(path, kind, body!),
            (_, null) => Refuse(404, "NotFound", $"{kind.Plural} \"{path[(path.LastIndexOf('/') + 1)..]}\" not found"),
            ("GET", _) => (200, stored),
            ("PUT", _) => Replace(path, kind, stored, body!),
            ("PATCH", _) => Replace(path, kind, stored, MergePatch.Apply(stored, body!)),
            ("DELETE", _) => Delete(path, stored),
            _ => Refuse(405, "MethodNotAllowed", request.Method),
        };
    }

    private (int Status, JsonNode Answer) Create(string path, ApiKind kind, JsonObject body)
    {
        var name = (string)body["metadata"]!["name"]!;
        if (_objects.ContainsKey($"{path}/{name}"))
        {
            return Refuse(409, "AlreadyExists", $"{kind.Plural} \"{name}\" already exists");
        }

        body["metadata"]!["uid"] = Guid.CreateVersion7().ToString();
        body["metadata"]!["creationTimestamp"] = "2026-01-01T00:00:00Z";
        return Store($"{path}/{name}", body, 201);
    }

    private (int Status, JsonNode Answer) Replace(string path, ApiKind kind, JsonObject stored, JsonObject body)
    {
        if (Immutable.Change(kind, stored, body) is { } field)
        {
            return Refuse(422, "Invalid", $"{kind.Kind} \"{path[(path.LastIndexOf('/') + 1)..]}\" is invalid: {field}: Forbidden: field is immutable");
        }

        foreach (var member in (ReadOnlySpan<string>)["uid", "creationTimestamp"])
        {
            body["metadata"]![member] = stored["metadata"]![member]!.DeepClone();
        }

        return Store(path, body, 200);
    }

    private (int Status, JsonNode Answer) Store(string path, JsonObject body, int status)
    {
        // Helm's own records are Secrets too.
        var findings = _schema.Check(Document.Parse(path, body.ToJsonString()));
        if (findings.Any())
        {
            return Refuse(422, "Invalid", string.Join("; ", findings));
        }

        body["metadata"]!["resourceVersion"] = (++_version).ToString(System.Globalization.CultureInfo.InvariantCulture);
        _objects[path] = body.DeepClone().AsObject();
        return (status, body);
    }

    private (int Status, JsonNode Answer) Delete(string path, JsonObject stored)
    {
        _objects.Remove(path);
        return (200, stored);
    }

    private JsonObject List(string path, ApiKind kind, string? labelSelector)
    {
        var wanted = (labelSelector ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('=', 2)).ToList();
        var items = _objects.Where(one => one.Key.StartsWith(path + "/", StringComparison.Ordinal))
            .Where(one => wanted.All(label => (string?)one.Value["metadata"]!["labels"]?[label[0]] == label[1]))
            .Select(one => (JsonNode)one.Value.DeepClone());
        return new() { ["apiVersion"] = kind.ApiVersion, ["kind"] = $"{kind.Kind}List", ["metadata"] = new JsonObject(), ["items"] = new JsonArray([.. items]) };
    }

    private static (int Status, JsonNode Answer) Refuse(int code, string reason, string message) =>
        (code, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Status", ["status"] = "Failure", ["code"] = code, ["reason"] = reason, ["message"] = message });
}
