using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>What is shown to the API server. Never part of a message.</summary>
internal abstract class KubernetesCredentials
{
    /// <summary>For clients that show one in TLS.</summary>
    public virtual X509Certificate2? Certificate => null;

    /// <summary>Further headers: who is to be impersonated.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The header of the next request; fetched anew where it has to be.</summary>
    /// <exception cref="TargetException">There is none to be had.</exception>
    public abstract ValueTask<AuthenticationHeaderValue?> GetAsync(CancellationToken cancellationToken);

    /// <summary>The server did not take the last one.</summary>
    /// <returns>Whether the next one may be another.</returns>
    public virtual bool Invalidate() => false;
}

/// <summary>What never changes: a token, a name and password, a certificate, or nothing.</summary>
internal sealed class FixedCredentials(AuthenticationHeaderValue? header, X509Certificate2? certificate = null) : KubernetesCredentials
{
    public override X509Certificate2? Certificate => certificate;

    public override ValueTask<AuthenticationHeaderValue?> GetAsync(CancellationToken cancellationToken) => ValueTask.FromResult(header);
}

/// <summary>A token in a file that somebody else replaces before it expires.</summary>
/// <param name="source">What names the file, for messages.</param>
internal sealed class FileTokenCredentials(string path, string source, TimeProvider time, X509Certificate2? certificate = null) : KubernetesCredentials
{
    /// <summary>The kubelet replaces tokens at 80 % of an hour; a minute is what the API's own clients wait.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private AuthenticationHeaderValue? _header;
    private DateTimeOffset _readAt;

    public override X509Certificate2? Certificate => certificate;

    public override ValueTask<AuthenticationHeaderValue?> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_header is null || time.GetUtcNow() - _readAt >= Freshness)
            {
                _header = Read() ?? _header ?? throw new TargetException(
                    "NoToken", $"The token file {path} ({source}) cannot be read or is empty. Is it there, and may the Builder's user read it?");
                _readAt = time.GetUtcNow();
            }

            return ValueTask.FromResult<AuthenticationHeaderValue?>(_header);
        }
    }

    public override bool Invalidate()
    {
        lock (_lock)
        {
            _readAt = DateTimeOffset.MinValue;
            return true;
        }
    }

    // While the kubelet swaps the file, the last token is still good.
    private AuthenticationHeaderValue? Read()
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length > 0 ? new AuthenticationHeaderValue("Bearer", token) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
