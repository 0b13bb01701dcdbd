using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.WebConsole.Resources;

/// <summary>The section <c>Resources</c>: where the AppHost tells of the running graph. Set by the AppHost in run mode; absent elsewhere.</summary>
internal sealed class ResourcesOptions
{
    public const string Section = "Resources";

    public string? Url { get; set; }

    public string? Key { get; set; }

    /// <summary>For how long the AppHost may say nothing before it counts as lost: 1 s to 1 hour. Default three of its heartbeats.</summary>
    public TimeSpan Silence { get; set; } = ResourceFeedContract.Heartbeat * 3;

    public bool IsConfigured => !string.IsNullOrEmpty(Url);
}

/// <summary>Names the configuration key, the value and what was expected.</summary>
internal sealed class ResourcesOptionsValidator : IValidateOptions<ResourcesOptions>
{
    public ValidateOptionsResult Validate(string? name, ResourcesOptions options) => options switch
    {
        { IsConfigured: false } => ValidateOptionsResult.Success,
        _ when !Uri.TryCreate(options.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") =>
            ValidateOptionsResult.Fail($"Resources:Url is '{options.Url}'; expected an http or https URL. The AppHost sets it."),
        { Key: null or "" } => ValidateOptionsResult.Fail("Resources:Key is not set though Resources:Url is. The AppHost sets both."),
        _ when options.Silence < TimeSpan.FromSeconds(1) || options.Silence > TimeSpan.FromHours(1) =>
            ValidateOptionsResult.Fail($"Resources:Silence is {options.Silence}; expected 00:00:01 to 01:00:00."),
        _ => ValidateOptionsResult.Success,
    };
}
