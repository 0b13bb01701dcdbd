using System.Net;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries.Ecr;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>The section <c>Registries</c>: how registries of images are asked.</summary>
public sealed class RegistryOptions
{
    public const string Section = "Registries";

    /// <summary>Hosts inside that speak plain http: <c>registry.internal:5000</c>, or without the port for all of a host's. This machine always does. Default none.</summary>
    public IList<string> PlainHttp { get; } = [];

    /// <summary>Who is asked in a registry's place: <c>docker.io</c> → <c>mirror.internal:5000/hub</c>. The image keeps its name. Default none.</summary>
    public IDictionary<string, string> Mirrors { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>A PEM file with one certificate or several: authorities that registries are trusted by beside the system's and those of Gateway:Egress. Default none.</summary>
    public string? CaFile { get; set; }

    /// <summary>What one question, such as finding an image's digest, may take in all. 1 s to 2 min, default 20 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a blob may stand still while it comes or goes, and how long a registry may take to put one away. 1 s to 1 h, default 5 min.</summary>
    public TimeSpan BlobIdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How Amazon ECR is asked for passwords.</summary>
    public EcrOptions Ecr { get; } = new();

    /// <summary>Whether <paramref name="authority"/> (a host, with its port or without) is called over http.</summary>
    public bool IsPlain(string authority)
    {
        var end = authority.LastIndexOf(':') is var colon && colon > authority.LastIndexOf(']') ? colon : authority.Length;
        var host = EgressHost.Of(authority[..end]);
        return host.Kind == HostKind.Loopback
            || (host.Address is { } address && IPAddress.IsLoopback(address))
            || PlainHttp.Any(listed => listed.Equals(authority, StringComparison.OrdinalIgnoreCase) || listed.Equals(authority[..end], StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>Names the configuration key, the value and what was expected.</summary>
internal sealed class RegistryOptionsValidator : IValidateOptions<RegistryOptions>
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan MostIdle = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, RegistryOptions options)
    {
        var faults = new List<string>();
        for (var i = 0; i < options.PlainHttp.Count; i++)
        {
            if (ImageReference.Parse(options.PlainHttp[i] + "/x") is not { Registry: not null })
            {
                faults.Add($"Registries:PlainHttp:{i} is '{options.PlainHttp[i]}'; expected a registry's host, with :PORT or without.");
            }
        }

        foreach (var (registry, mirror) in options.Mirrors)
        {
            if (ImageReference.Parse(mirror.TrimEnd('/') + "/x") is not { Registry: not null, Tag: null, Digest: null })
            {
                faults.Add($"Registries:Mirrors:{registry} is '{mirror}'; expected a registry's host, with :PORT or without, and what stands before an image's name there: mirror.internal:5000/hub.");
            }
        }

        if (options.Timeout < Least || options.Timeout > Most)
        {
            faults.Add($"Registries:Timeout is '{options.Timeout}'; expected a time from {Least} to {Most}.");
        }

        foreach (var (key, url) in new[] { ("Endpoint", options.Ecr.Endpoint), ("StsEndpoint", options.Ecr.StsEndpoint) })
        {
            if (url is { Length: > 0 } && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "https" or "http"))
            {
                faults.Add($"Registries:Ecr:{key} is '{url}'; expected a URL such as https://vpce-….api.ecr.eu-central-1.vpce.amazonaws.com/.");
            }
        }

        if (options.BlobIdleTimeout < Least || options.BlobIdleTimeout > MostIdle)
        {
            faults.Add($"Registries:BlobIdleTimeout is '{options.BlobIdleTimeout}'; expected a time from {Least} to {MostIdle}.");
        }

        if (options.CaFile is { Length: > 0 } file && (Directory.Exists(file) ? "it is a folder" : CertificateTrust.TryRead(file, out _)) is { } fault)
        {
            faults.Add($"Registries:CaFile is '{file}'; expected a PEM file with certificates: {fault}.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
