using System.Net;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>The section <c>Registries</c>: how registries of images are asked.</summary>
public sealed class RegistryOptions
{
    public const string Section = "Registries";

    /// <summary>Hosts inside that speak plain http: <c>registry.internal:5000</c>, or without the port for all of a host's. This machine always does. Default none.</summary>
    public IList<string> PlainHttp { get; } = [];

    /// <summary>Who is asked in a registry's place: <c>docker.io</c> → <c>mirror.internal:5000/hub</c>. The image keeps its name. Default none.</summary>
    public IDictionary<string, string> Mirrors { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>What finding an image's digest may take in all. 1 s to 2 min, default 20 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

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

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
