using System.Security.Cryptography.X509Certificates;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>Where an API server is, and how it is talked to.</summary>
internal sealed record KubernetesConnection
{
    /// <summary>With the path, where it has one: <c>https://10.0.0.1:6443</c>.</summary>
    public required Uri Server { get; init; }

    /// <summary>Who may have issued the server's certificate; absent: those whom the machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    public bool SkipsVerification { get; init; }

    /// <summary>The name that the certificate has to be for, where it is not the address's.</summary>
    public string? ServerName { get; init; }

    public Uri? Proxy { get; init; }

    public required KubernetesCredentials Credentials { get; init; }

    /// <summary>Where all this comes from, for messages: <c>context 'prod' of /home/ada/.kube/config</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The namespace that the Builder itself runs in, where it is known.</summary>
    public string? Namespace { get; init; }

    /// <summary>
    /// In this order: a file that is named (the option, then <c>KUBECONFIG</c>), the pod's own account, <c>~/.kube/config</c>.
    /// </summary>
    /// <exception cref="TargetException">There is none, or it is wrong.</exception>
    public static KubernetesConnection Find(string? kubeConfig, string? context, TimeProvider time, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        var named = string.IsNullOrWhiteSpace(kubeConfig) ? environment("KUBECONFIG") : kubeConfig;
        if (!string.IsNullOrWhiteSpace(named))
        {
            return KubeConfig.Read(named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), context, time);
        }

        if (InClusterConfiguration.IsPresent(environment))
        {
            return InClusterConfiguration.Read(time, environment);
        }

        var home = Path.Combine(environment("HOME") ?? "", ".kube", "config");
        return File.Exists(home)
            ? KubeConfig.Read([home], context, time)
            : throw new TargetException(
                "NoKubeConfig",
                $"Nothing says where the cluster is: KUBECONFIG is not set, this is no pod with a service account, and {home} does not exist. Set KUBECONFIG, or run the Builder in the cluster.",
                isFinal: true);
    }
}
