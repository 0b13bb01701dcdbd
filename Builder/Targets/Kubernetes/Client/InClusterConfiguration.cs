using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>What a pod is given: the API server's address in two variables, a token and the authority's certificate in files.</summary>
internal static class InClusterConfiguration
{
    public const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static bool IsPresent(Func<string, string?> environment, string folder = Folder) =>
        !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST")) && File.Exists(Path.Combine(folder, "token"));

    /// <exception cref="TargetException">Something is missing.</exception>
    public static KubernetesConnection Read(TimeProvider time, Func<string, string?> environment, string folder = Folder)
    {
        var host = environment("KUBERNETES_SERVICE_HOST") ?? "";
        var port = environment("KUBERNETES_SERVICE_PORT");
        var authority = host.Contains(':', StringComparison.Ordinal) ? $"[{host.Trim('[', ']')}]" : host;
        if (!Uri.TryCreate($"https://{authority}:{(string.IsNullOrEmpty(port) ? "443" : port)}", UriKind.Absolute, out var server))
        {
            throw Wrong($"KUBERNETES_SERVICE_HOST '{host}' and KUBERNETES_SERVICE_PORT '{port}' are no address");
        }

        return new KubernetesConnection
        {
            Server = server,
            Authorities = Authorities(Path.Combine(folder, "ca.crt")),
            Credentials = new FileTokenCredentials(Path.Combine(folder, "token"), "the pod's service account", time),
            Source = "the pod's service account",
            Namespace = TextOf(Path.Combine(folder, "namespace")),
        };
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Wrong($"{file} cannot be read as certificates ({error.Message.TrimEnd('.')})");
        }

        return found.Count > 0 ? found : throw Wrong($"{file} holds no certificate");
    }

    private static string? TextOf(string file) => File.Exists(file) ? File.ReadAllText(file).Trim() : null;

    private static TargetException Wrong(string what) =>
        new("InClusterConfiguration", $"{what}. A pod gets these when automountServiceAccountToken is not false; elsewhere set KUBECONFIG.", isFinal: true);
}
