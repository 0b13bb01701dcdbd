using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>A program that prints credentials (<c>client.authentication.k8s.io</c>): what the clouds' kubeconfigs use.</summary>
/// <param name="Cluster">What the program is told of the cluster, where it asks for it.</param>
/// <param name="Source">Context and file, for messages.</param>
internal sealed record ExecPlugin(
    string ApiVersion, string Command, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string? InstallHint, JsonObject? Cluster, string Source);

internal sealed class ExecCredentials(ExecPlugin plugin, TimeProvider time) : KubernetesCredentials, IDisposable
{
    /// <summary>A plug-in that waits for a browser never comes back.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Before it expires, so that it is still good when it arrives.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _running = new(1);
    private volatile Answer? _answer;

    public override X509Certificate2? Certificate => _answer?.Certificate;

    public override async ValueTask<AuthenticationHeaderValue?> GetAsync(CancellationToken cancellationToken)
    {
        if (_answer is { } known && IsGood(known))
        {
            return known.Header;
        }

        await _running.WaitAsync(cancellationToken);
        try
        {
            if (_answer is not { } answer || !IsGood(answer))
            {
                _answer = answer = await AskAsync(cancellationToken);
            }

            return answer.Header;
        }
        finally
        {
            _running.Release();
        }
    }

    public override bool Invalidate()
    {
        _answer = null;
        return true;
    }

    public void Dispose() => _running.Dispose();

    private bool IsGood(Answer answer) => answer.Until is not { } until || time.GetUtcNow() < until - Margin;

    private async Task<Answer> AskAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(both.Token);
            var output = await process.StandardOutput.ReadToEndAsync(both.Token);
            await process.WaitForExitAsync(both.Token);
            var said = LastLine(await errors);
            return process.ExitCode == 0
                ? Read(output)
                : throw Wrong($"it ended with code {process.ExitCode}{(said.Length > 0 ? $": {said}" : "")}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Wrong($"it did not end within {Deadline.TotalSeconds:0} s; it may be waiting for somebody to log in, and nobody is there");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(plugin.Command, plugin.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in plugin.Environment)
        {
            start.Environment[name] = value;
        }

        var spec = new JsonObject { ["interactive"] = false };
        if (plugin.Cluster is { } cluster)
        {
            spec["cluster"] = cluster.DeepClone();
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = new JsonObject { ["apiVersion"] = plugin.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec }.ToJsonString();
        try
        {
            return Process.Start(start) ?? throw Wrong("it did not start");
        }
        catch (Win32Exception error)
        {
            throw Wrong($"it cannot be started ({error.Message})" + (plugin.InstallHint is { Length: > 0 } hint ? $". {hint.Trim().ReplaceLineEndings(" ")}" : ""));
        }
    }

    private Answer Read(string output)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(output);
        }
        catch (JsonException)
        {
            // What it printed may be a secret, so it is not repeated.
            throw Wrong("it did not print JSON");
        }

        if ((root as JsonObject)?.Text("apiVersion") is var version && version != plugin.ApiVersion)
        {
            throw Wrong($"it answered apiVersion '{version}'; the kubeconfig says '{plugin.ApiVersion}'");
        }

        var status = root!["status"] as JsonObject;
        var (token, certificate, key) = (status.Text("token"), status.Text("clientCertificateData"), status.Text("clientKeyData"));
        if (string.IsNullOrEmpty(token) && (string.IsNullOrEmpty(certificate) || string.IsNullOrEmpty(key)))
        {
            throw Wrong("its answer holds neither status.token nor status.clientCertificateData with clientKeyData");
        }

        return new Answer(
            string.IsNullOrEmpty(token) ? null : new AuthenticationHeaderValue("Bearer", token), string.IsNullOrEmpty(certificate) ? null : CertificateOf(certificate, key!),
            status.Text("expirationTimestamp") is { } until && DateTimeOffset.TryParse(until, CultureInfo.InvariantCulture, out var parsed) ? parsed : null);
    }

    private X509Certificate2 CertificateOf(string certificate, string key)
    {
        try
        {
            return ClientCertificates.Read(certificate, key);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw Wrong("its clientCertificateData and clientKeyData are no certificate with its key");
        }
    }

    private TargetException Wrong(string what) =>
        new("ExecPlugin", $"The credentials plug-in '{plugin.Command}' of {plugin.Source} gave no credentials: {what}. Run it by hand as the Builder's user, or use a token.");

    private static string LastLine(string text)
    {
        var line = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
        return line.Length > 300 ? line[..300] + "…" : line;
    }

    private sealed record Answer(AuthenticationHeaderValue? Header, X509Certificate2? Certificate, DateTimeOffset? Until);
}

internal static class ClientCertificates
{
    /// <summary>From PEM, so that TLS can use it: a key that only hangs beside a certificate is not taken everywhere.</summary>
    public static X509Certificate2 Read(string certificate, string key)
    {
        using var loose = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(loose.Export(X509ContentType.Pfx), null);
    }
}
