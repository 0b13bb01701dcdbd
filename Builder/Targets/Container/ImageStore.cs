using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Builder.Targets.Diagnosis;

namespace Orrery.Builder.Targets.Container;

/// <summary>An image that the tool holds.</summary>
/// <param name="Id">The tool's own name for it, which no other tag takes away.</param>
internal sealed record HeldImage(
    string Id, string? Digest, IReadOnlyList<string> RepositoryDigests, IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment);

/// <summary>Images of the tool, and those that it fetches.</summary>
/// <param name="progress">Told which deployment waits, and what the tool says while it fetches.</param>
internal sealed partial class ImageStore(ContainerTool tool, ContainerOptions options, TimeProvider time, ILogger logger, Action<DeploymentKey, string>? progress) : IDisposable
{
    public const string NotFound = "ImageNotFound";
    public const string Unauthorized = "ImageUnauthorized";
    public const string Unreachable = "RegistryUnreachable";
    public const string Untrusted = "RegistryUntrusted";

    private static readonly (string Reason, bool IsFinal, Regex Text, string Message)[] Failures =
    [
        (LogDiagnosis.Disk, false, NoSpace, "no space is left on this machine's disk. Make room (the container tool's 'system df' says what is used)"),
        (Untrusted, true, Tls, "the registry's certificate is not trusted, or it speaks plain HTTP. Give this machine its authority's certificate, or allow it as an insecure registry in the container tool's configuration"),
        (Unauthorized, true, Denied, "the registry wants credentials for it, or has no such repository. Log in on this machine with the container tool's 'login', as the user whom the Builder runs as, or check the name"),
        (NotFound, true, Missing, "the registry has no such image or tag. Check spec.image"),
        (NotFound, true, Unnamed, "this is no image's name here. Write it with its registry: registry.example.com/models/name:tag"),
        (Unreachable, false, NoWay, "the registry cannot be reached. Check its name, the network and the proxy of this machine"),
    ];

    private readonly ConcurrentDictionary<string, Task> _pulls = new();
    private readonly CancellationTokenSource _ended = new();

    /// <summary>What the reference means here: of what is held already, else of what the registry has.</summary>
    public async Task<ResolvedImage> ResolveAsync(DeploymentKey key, string reference, CancellationToken cancellationToken)
    {
        if (await FindAsync(reference, cancellationToken) is not { } held)
        {
            await PullAsync(key, reference).WaitAsync(cancellationToken);
            held = await FindAsync(reference, cancellationToken)
                ?? throw new TargetException(NotFound, $"The image {reference} was fetched and is not there. Something on this machine removes images; it is tried again.");
        }

        return Resolved(reference, held);
    }

    /// <returns><c>null</c> where the tool does not hold it.</returns>
    public async Task<HeldImage?> FindAsync(string reference, CancellationToken cancellationToken)
    {
        var answer = await tool.RunAsync(["image", "inspect", "--", reference], cancellationToken);
        if (answer.IsSuccess)
        {
            return Parse(answer.Output);
        }

        return Missing.IsMatch(answer.Error) || Unnamed.IsMatch(answer.Error) ? null
            : throw new TargetException(ContainerTool.Unavailable, $"The image {reference} cannot be looked up: {answer.Complaint}. It is tried again.");
    }

    /// <summary>Fetches an image; asked again while it is on its way, it is the same fetch. It ends with this object and not with who asked.</summary>
    public Task PullAsync(DeploymentKey key, string reference) => _pulls.GetOrAdd(reference, _ => FetchAsync(key, reference));

    public bool IsPulling(string reference) => _pulls.ContainsKey(reference);

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    private async Task FetchAsync(DeploymentKey key, string reference)
    {
        // Not before the task is in the table, or one that ends at once would stay there.
        await Task.Yield();
        using var late = new CancellationTokenSource(options.PullWithin, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _ended.Token);
        var said = new List<string>();
        try
        {
            var code = -1;
            await foreach (var line in tool.StreamAsync(["pull", "--", reference], ended => code = ended, limit.Token))
            {
                if (!string.IsNullOrWhiteSpace(line.Text))
                {
                    said.Add(line.Text);
                    Log.Pulling(logger, reference, line.Text);
                    progress?.Invoke(key, line.Text);
                }
            }

            if (code != 0)
            {
                throw FailureOf(reference, said);
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            throw new TargetException(Unreachable, $"The image {reference} did not come within {options.PullWithin}. What has come is kept and the rest is fetched next time; raise {ContainerOptions.Section}:PullWithin if the line is slow.");
        }
        finally
        {
            _pulls.TryRemove(reference, out _);
        }
    }

    /// <summary>Tells by what the tool wrote why an image did not come.</summary>
    internal static TargetException FailureOf(string reference, IReadOnlyList<string> said)
    {
        var text = string.Join('\n', said);
        var last = LogText.Shortened(said.LastOrDefault(line => line.Contains("rror", StringComparison.Ordinal)) ?? said.LastOrDefault() ?? "nothing");
        foreach (var (reason, isFinal, pattern, message) in Failures)
        {
            if (pattern.IsMatch(text))
            {
                return new TargetException(reason, $"The image {reference} cannot be fetched: {message}. The container tool said: {last}", isFinal);
            }
        }

        return new TargetException(ReplicaReasons.NoImage, $"The image {reference} cannot be fetched; it is tried again. The container tool said: {last}");
    }

    /// <summary>By digest where it came from a registry; else by the tool's id, since a tag may move on and a digest of what was never pushed names nothing.</summary>
    private static ResolvedImage Resolved(string reference, HeldImage held)
    {
        if (reference.Contains("@sha256:", StringComparison.Ordinal))
        {
            return new ResolvedImage(reference, reference[(reference.IndexOf('@') + 1)..]);
        }

        var repository = RepositoryOf(reference);
        var named = held.RepositoryDigests.Where(one => IsSame(one.Split('@')[0], repository)).ToList();
        var digest = named.FirstOrDefault(one => held.Digest is not null && one.EndsWith(held.Digest, StringComparison.Ordinal)) ?? named.FirstOrDefault();
        return digest is null || repository.StartsWith("localhost/", StringComparison.Ordinal)
            ? new ResolvedImage(held.Id, held.Digest ?? held.Id)
            : new ResolvedImage(digest, digest[(digest.IndexOf('@') + 1)..]);
    }

    /// <summary><c>host:5000/a/b:1</c> → <c>host:5000/a/b</c></summary>
    private static string RepositoryOf(string reference) =>
        reference.LastIndexOf(':') is var colon && colon > reference.LastIndexOf('/') ? reference[..colon] : reference;

    /// <summary>Docker writes its own hub's images short.</summary>
    private static bool IsSame(string one, string other) => Long(one) == Long(other);

    private static string Long(string repository) =>
        repository.StartsWith("docker.io/library/", StringComparison.Ordinal) ? repository["docker.io/library/".Length..]
        : repository.StartsWith("docker.io/", StringComparison.Ordinal) ? repository["docker.io/".Length..]
        : repository;

    private static HeldImage Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var image = document.RootElement[0];
        var id = image.GetProperty("Id").GetString()!;
        var config = image.TryGetProperty("Config", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
        return new HeldImage(
            id.Contains(':') ? id : "sha256:" + id,
            image.TryGetProperty("Digest", out var digest) && digest.GetString() is { Length: > 0 } own ? own : null,
            Words(image, "RepoDigests"),
            Words(config, "Entrypoint"),
            Words(config, "Cmd"),
            Words(config, "Env").Select(one => one.Split('=', 2)).Where(pair => pair.Length == 2).DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]));
    }

    private static List<string> Words(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var words) && words.ValueKind == JsonValueKind.Array
            ? [.. words.EnumerateArray().Select(word => word.GetString()!)] : [];

    [GeneratedRegex(@"no space left on device|disk quota exceeded", RegexOptions.IgnoreCase)]
    internal static partial Regex NoSpace { get; }

    [GeneratedRegex(@"x509:|tls: |remote error: tls|server gave HTTP response to HTTPS client|certificate (?:signed by|has expired|is not)", RegexOptions.IgnoreCase)]
    internal static partial Regex Tls { get; }

    [GeneratedRegex(@"unauthorized|authentication required|access (?:.* )?denied|denied: |no basic auth credentials|403 \(?Forbidden|incorrect username or password", RegexOptions.IgnoreCase)]
    internal static partial Regex Denied { get; }

    [GeneratedRegex(@"manifest unknown|name unknown|image not known|no such image|repository .* not found|not found: manifest|manifest for .* not found|: not found|404 \(?Not Found|no image found in .* for architecture|no matching manifest", RegexOptions.IgnoreCase)]
    internal static partial Regex Missing { get; }

    [GeneratedRegex(@"invalid reference|did not resolve to an alias|normalizing name|parsing reference|unsupported digest", RegexOptions.IgnoreCase)]
    private static partial Regex Unnamed { get; }

    [GeneratedRegex(@"dial tcp|connection refused|no such host|i/o timeout|connection reset|network is unreachable|unexpected EOF|TLS handshake timeout|Client\.Timeout|deadline exceeded|502 Bad|503 Service", RegexOptions.IgnoreCase)]
    internal static partial Regex NoWay { get; }

    private static partial class Log
    {
        [LoggerMessage(3311, LogLevel.Debug, "Fetching {Reference}: {Line}", EventName = "ImagePullProgress")]
        public static partial void Pulling(ILogger logger, string reference, string line);
    }
}
