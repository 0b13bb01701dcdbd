using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orrery.Catalogue;

/// <summary>The configuration section <c>Catalogue</c>.</summary>
public sealed class CatalogueOptions
{
    public const string Section = "Catalogue";

    /// <summary>The token of the administrator's key <c>first</c> in the namespace <c>default</c>. Absent: no key is made, and none is changed.</summary>
    public string? FirstKey { get; set; }

    /// <summary>
    /// Documents (YAML or JSON), in parts under names of one's own, that together are applied whole at each start for the manager
    /// <c>apphost</c>: what it manages and is absent here is deleted. No part: nothing is applied and nothing deleted.
    /// </summary>
    public Dictionary<string, string> ManagedResources { get; } = new(StringComparer.Ordinal);

    /// <summary>Variables of the service's environment that pasted documents may read as <c>${NAME}</c>. Default none.</summary>
    public List<string> EnvironmentNames { get; } = [];

    /// <summary>How often the store is asked for news when no notification came. 50 ms to 10 s, default 500 ms: half of what a revocation may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How many revisions can be watched from; an older one gets 410. 10 to 1,000,000, default 10,000.</summary>
    [Range(10, 1_000_000)]
    public int WatchWindow { get; set; } = 10_000;

    /// <summary>How many compiled changes a gateway can catch up on; one further behind gets the whole snapshot. 1 to 100,000, default 1,000.</summary>
    [Range(1, 100_000)]
    public int SnapshotWindow { get; set; } = 1_000;

    /// <summary>The snapshot stream's heartbeat. 50 ms to 10 s, default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan SnapshotHeartbeat { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A watch's bookmark when nothing changes. 50 ms to 1 min, default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan WatchBookmark { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What the test of a provider's connection may take in all. 1 s to 2 min, default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan ConnectionTestTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Where models' repositories are.</summary>
    public HubOptions Hub { get; } = new();
}

/// <summary>The section <c>Catalogue:Hub</c>.</summary>
public sealed class HubOptions
{
    /// <summary>A hub with Hugging Face's API, a mirror inside for example. Default https://huggingface.co.</summary>
    public string Endpoint { get; set; } = "https://huggingface.co";

    /// <summary>What finding a revision's commit may take. 1 s to 2 min, default 20 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);
}

[OptionsValidator]
internal sealed partial class CatalogueOptionsRanges : IValidateOptions<CatalogueOptions>;

/// <summary>What a range cannot say.</summary>
internal sealed class CatalogueOptionsRules : IValidateOptions<CatalogueOptions>
{
    private const int MinTokenCharacters = 16;

    private static readonly TimeSpan LeastHubTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostHubTimeout = TimeSpan.FromMinutes(2);

    public ValidateOptionsResult Validate(string? name, CatalogueOptions options)
    {
        List<string> faults = [];
        if (options.FirstKey is { Length: < MinTokenCharacters })
        {
            faults.Add(
                $"Catalogue:FirstKey has {options.FirstKey.Length} characters; expected at least {MinTokenCharacters}, for example 'ork_' and 40 random letters and digits "
                + "(the AppHost's parameter first-key, environment Parameters__first_key).");
        }

        // Not repeated: it may hold a password.
        if (!Uri.TryCreate(options.Hub.Endpoint, UriKind.Absolute, out var hub) || hub is not { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" })
        {
            faults.Add("Catalogue:Hub:Endpoint is not an absolute http:// or https:// URL without user, password and query.");
        }

        if (options.Hub.Timeout < LeastHubTimeout || options.Hub.Timeout > MostHubTimeout)
        {
            faults.Add($"Catalogue:Hub:Timeout is '{options.Hub.Timeout}'; expected a time from {LeastHubTimeout} to {MostHubTimeout}.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
