using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>Reads kubeconfigs as kubectl does: of several files, the first that names a cluster, user, context or current-context has its say.</summary>
internal sealed class KubeConfig
{
    private readonly IReadOnlyList<KubeConfigEntry> _files;
    private readonly string _names;
    private readonly TimeProvider _time;

    private KubeConfig(IReadOnlyList<KubeConfigEntry> files, string names, TimeProvider time)
    {
        _files = files;
        _names = names;
        _time = time;
    }

    /// <param name="paths">Those that do not exist are passed over, as long as one does.</param>
    /// <param name="context">Instead of the current one.</param>
    /// <exception cref="TargetException">Something is missing or wrong; it names file, context and field.</exception>
    public static KubernetesConnection Read(IReadOnlyList<string> paths, string? context, TimeProvider time)
    {
        var names = string.Join(", ", paths);
        var there = paths.Distinct(StringComparer.Ordinal).Where(File.Exists).ToList();
        if (there.Count == 0)
        {
            throw KubeConfigEntry.Wrong($"KUBECONFIG names {names}; no such file is there. Correct the path, or unset it to use the pod's service account or ~/.kube/config.");
        }

        return new KubeConfig([.. there.Select(KubeConfigEntry.Load).OfType<KubeConfigEntry>()], names, time).Connect(context);
    }

    private KubernetesConnection Connect(string? wanted)
    {
        var name = wanted ?? _files.Select(file => file.Text("current-context")).FirstOrDefault(one => one is not null)
            ?? throw KubeConfigEntry.Wrong($"{_names}: current-context: expected the name of a context. Say 'kubectl config use-context NAME', or name one in the Builder's settings.");
        var context = Find("contexts", "context", name) ?? throw KubeConfigEntry.Wrong($"{_names}: there is no context '{name}'; there are: {Names("contexts")}.");
        var source = $"context '{name}' of {context.File}";
        var clusterName = context.Text("cluster") ?? throw context.Fault("cluster", "the name of a cluster");
        var cluster = Find("clusters", "cluster", clusterName) ?? throw context.Fault("cluster", $"one of the clusters {Names("clusters")}", $"Context '{name}' names '{clusterName}'.");
        var userName = context.Text("user");
        var user = userName is null ? null
            : Find("users", "user", userName) ?? throw context.Fault("user", $"one of the users {Names("users")}", $"Context '{name}' names '{userName}'.");

        return new KubernetesConnection
        {
            Server = ServerOf(cluster),
            Authorities = AuthoritiesOf(cluster),
            SkipsVerification = SkipsVerification(cluster),
            ServerName = cluster.Text("tls-server-name"),
            Proxy = ProxyOf(cluster),
            Credentials = user is null ? new FixedCredentials(null) : CredentialsOf(user, cluster, source),
            Source = source,
            Namespace = context.Text("namespace"),
        };
    }

    private KubeConfigEntry? Find(string list, string member, string name)
    {
        foreach (var file in _files)
        {
            if (file.Maps(list).FirstOrDefault(entry => entry.Text("name") == name) is { } entry)
            {
                var named = entry with { Path = $"{list}[{name}]" };
                return named.Map(member) ?? named with { Node = new YamlDotNet.RepresentationModel.YamlMappingNode(), Path = $"{named.Path}.{member}" };
            }
        }

        return null;
    }

    private string Names(string list)
    {
        var names = _files.SelectMany(file => file.Maps(list)).Select(entry => entry.Text("name") ?? "").Distinct(StringComparer.Ordinal).ToList();
        return names.Count == 0 ? "(none)" : string.Join(", ", names);
    }

    private static Uri ServerOf(KubeConfigEntry cluster)
    {
        var text = cluster.Text("server") ?? throw cluster.Fault("server", "the API server's address, such as https://10.0.0.1:6443");
        var url = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}";
        return Uri.TryCreate(url, UriKind.Absolute, out var server) && server.Scheme is "https" or "http" && server.UserInfo.Length == 0
            ? server
            : throw cluster.Fault("server", "an http:// or https:// URL without a user");
    }

    private static bool SkipsVerification(KubeConfigEntry cluster) =>
        cluster.Flag("insecure-skip-tls-verify")
        && (cluster.Has("certificate-authority") || cluster.Has("certificate-authority-data")
            ? throw cluster.Fault("insecure-skip-tls-verify", "false or no certificate-authority", "Only one of them can be meant.")
            : true);

    private static X509Certificate2Collection? AuthoritiesOf(KubeConfigEntry cluster)
    {
        if (cluster.Content("certificate-authority") is not { } pem)
        {
            return null;
        }

        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            found.Clear();
        }

        return found.Count > 0 ? found : throw cluster.Fault(cluster.Has("certificate-authority-data") ? "certificate-authority-data" : "certificate-authority", "certificates in PEM");
    }

    private static Uri? ProxyOf(KubeConfigEntry cluster) =>
        cluster.Text("proxy-url") is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5" ? proxy
        : throw cluster.Fault("proxy-url", "an http://, https:// or socks5:// URL");

    private KubernetesCredentials CredentialsOf(KubeConfigEntry user, KubeConfigEntry cluster, string source)
    {
        if (user.Has("auth-provider"))
        {
            throw user.Fault("auth-provider", "no auth-provider", "Kubernetes removed it in 1.26: use the exec plug-in of your cloud.");
        }

        var certificate = CertificateOf(user);
        var headers = Impersonation(user);
        if (user.Map("exec") is { } exec)
        {
            return new ExecCredentials(Plugin(exec, cluster, source), _time) { Headers = headers };
        }

        if (user.FilePath("tokenFile") is { } file)
        {
            return new FileTokenCredentials(file, source, _time, certificate) { Headers = headers };
        }

        var header = user.Text("token") is { } token ? new AuthenticationHeaderValue("Bearer", token.Trim())
            : user.Text("username") is { } name ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{user.Text("password")}")))
            : null;
        return new FixedCredentials(header, certificate) { Headers = headers };
    }

    private static X509Certificate2? CertificateOf(KubeConfigEntry user)
    {
        var (certificate, key) = (user.Content("client-certificate"), user.Content("client-key"));
        if (certificate is null && key is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            throw user.Fault(certificate is null ? "client-certificate" : "client-key", "a certificate and its key, both or neither");
        }

        try
        {
            return ClientCertificates.Read(certificate, key);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw user.Fault("client-certificate", "a certificate in PEM with client-key as its unencrypted key");
        }
    }

    private static List<KeyValuePair<string, string>> Impersonation(KubeConfigEntry user)
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (user.Text("as") is { } name)
        {
            headers.Add(new("Impersonate-User", name));
        }

        if (user.Text("as-uid") is { } uid)
        {
            headers.Add(new("Impersonate-Uid", uid));
        }

        headers.AddRange(user.Texts("as-groups").Select(group => new KeyValuePair<string, string>("Impersonate-Group", group)));
        return headers;
    }

    private static ExecPlugin Plugin(KubeConfigEntry exec, KubeConfigEntry cluster, string source)
    {
        var version = exec.Text("apiVersion");
        if (version is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw exec.Fault("apiVersion", "client.authentication.k8s.io/v1 or v1beta1", "Update the plug-in and let it write the kubeconfig anew.");
        }

        if (exec.Text("interactiveMode") == "Always")
        {
            throw exec.Fault("interactiveMode", "Never or IfAvailable", "Nobody is there to answer a service's questions.");
        }

        var command = exec.Text("command") ?? throw exec.Fault("command", "a program");
        var environment = exec.Maps("env").ToDictionary(one => one.Text("name") ?? "", one => one.Text("value") ?? "", StringComparer.Ordinal);
        return new ExecPlugin(
            version, command.Contains('/', StringComparison.Ordinal) ? exec.FilePath("command")! : command, exec.Texts("args"), environment, exec.Text("installHint"),
            exec.Flag("provideClusterInfo") ? ClusterInfo(cluster) : null, source);
    }

    private static JsonObject ClusterInfo(KubeConfigEntry cluster)
    {
        var info = new JsonObject { ["server"] = cluster.Text("server") };
        foreach (var field in (ReadOnlySpan<string>)["tls-server-name", "proxy-url"])
        {
            if (cluster.Text(field) is { } text)
            {
                info[field] = text;
            }
        }

        if (cluster.Content("certificate-authority") is { } pem)
        {
            info["certificate-authority-data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));
        }

        if (cluster.Flag("insecure-skip-tls-verify"))
        {
            info["insecure-skip-tls-verify"] = true;
        }

        return info;
    }
}
