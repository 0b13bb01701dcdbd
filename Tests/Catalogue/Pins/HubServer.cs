using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.Catalogue.Pins;

/// <summary>
/// Behaves like huggingface.co by what its own client sends and reads (<c>src/huggingface_hub/hf_api.py</c>: <c>model_info</c>, <c>RepoSibling</c>;
/// <c>utils/_http.py</c>: <c>hf_raise_for_status</c>, <c>parse_ratelimit_headers</c>; huggingface/huggingface_hub at ee0a4510f4): sizes and checksums with
/// <c>blobs=true</c> alone, <c>X-Error-Code</c> with errors, 401 for what is missing where nobody is logged in, a redirection for a repository that was renamed.
/// A gated repository's information is open, its files are not.
/// </summary>
internal sealed class HubServer : IAsyncDisposable
{
    /// <summary>The token that it takes, with access to all but what is gated for everybody.</summary>
    public const string Token = "hf_TestsTokenOfTheHub0123456789";

    private TlsServer _server = null!;
    private int _questions;

    public string Address => $"http://127.0.0.1:{_server.Port}";

    /// <summary>Repository and revision to commit; a function, since a branch moves.</summary>
    public ConcurrentDictionary<string, Func<int, string>> Revisions { get; } = new(StringComparer.Ordinal);

    /// <summary>Repositories that only <see cref="Token"/> sees.</summary>
    public ConcurrentDictionary<string, bool> Private { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, string> Renamed { get; } = new(StringComparer.Ordinal);

    /// <summary>Answered instead of all else, while it is set.</summary>
    public RequestDelegate? Instead { get; set; }

    /// <summary>Path and query of what was asked, and whether by the token's owner.</summary>
    public ConcurrentQueue<string> Questions { get; } = new();

    public static async Task<HubServer> StartAsync()
    {
        var hub = new HubServer();
        hub._server = await TlsServer.StartAsync(null, hub.AnswerAsync);
        return hub;
    }

    public static string Commit(int number) => $"{number:x40}";

    public static RequestDelegate Error(int status, string? code = null, string? message = null, params (string Name, string Value)[] headers) => async http =>
    {
        http.Response.StatusCode = status;
        foreach (var (name, value) in headers.Append(("X-Error-Code", code ?? "")).Append(("X-Error-Message", message ?? "")).Where(header => header.Item2.Length > 0))
        {
            http.Response.Headers.Append(name, value);
        }

        await http.Response.WriteAsJsonAsync(new { error = message ?? "error" });
    };

    public static RequestDelegate Says(string repo, string commit) => http => http.Response.WriteAsync(Information(repo, commit, http.Request.Query["blobs"] == "true"));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        Questions.Enqueue($"{http.Request.Path}{http.Request.QueryString} {(authorization.Length == 0 ? "nobody" : authorization == "Bearer " + Token ? "owner" : "stranger")}");
        var number = Interlocked.Increment(ref _questions);
        await (Instead ?? Usual(http.Request, authorization, number))(http);
    }

    private RequestDelegate Usual(HttpRequest request, string authorization, int number)
    {
        if (authorization.Length > 0 && authorization != "Bearer " + Token)
        {
            return Error(401, message: "Invalid credentials in Authorization header");
        }

        var path = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (path is not ["api", "models", var owner, var name, "revision", var revision])
        {
            return Error(404, message: "Sorry, we can't find the page you are looking for.");
        }

        var repo = $"{owner}/{name}";
        if (Renamed.TryGetValue(repo, out var now))
        {
            return Error(307, headers: ("Location", $"/api/models/{now}/revision/{revision}{request.QueryString}"));
        }

        if (!Revisions.Keys.Any(known => known.StartsWith(repo + "@", StringComparison.Ordinal)) || (Private.ContainsKey(repo) && authorization.Length == 0))
        {
            return authorization.Length == 0 ? Error(401, message: "Invalid username or password.") : Error(404, "RepoNotFound", "Repository not found");
        }

        return Revisions.TryGetValue($"{repo}@{Uri.UnescapeDataString(revision)}", out var commit)
            ? Says(repo, commit(number))
            : Error(404, "RevisionNotFound", $"Invalid rev id: {revision}");
    }

    private static string Information(string repo, string commit, bool withBlobs) => JsonSerializer.Serialize(new
    {
        id = repo,
        modelId = repo,
        author = repo.Split('/')[0],
        sha = commit,
        lastModified = "2026-05-01T00:00:00.000Z",
        @private = false,
        disabled = false,
        gated = repo.StartsWith("gated/", StringComparison.Ordinal) ? (object)"manual" : false,
        tags = new[] { "transformers" },
        downloads = 1,
        likes = 1,
        siblings = withBlobs
            ? (object)new object[]
            {
                new { rfilename = "config.json", size = 728, blobId = new string('a', 40) },
                new { rfilename = "model.safetensors", size = 16_381_470_720, blobId = new string('b', 40), lfs = new { sha256 = new string('c', 64), size = 16_381_470_720, pointerSize = 136 } },
            }
            : new object[] { new { rfilename = "config.json" }, new { rfilename = "model.safetensors" } },
    });
}
