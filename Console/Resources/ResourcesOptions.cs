using Microsoft.Extensions.Options;

namespace Orrery.WebConsole.Resources;

/// <summary>The section <c>Resources</c>: where the AppHost tells of the running graph. Set by the AppHost in run mode; absent elsewhere.</summary>
internal sealed class ResourcesOptions
{
    public const string Section = "Resources";

    public string? Url { get; set; }

    public string? Key { get; set; }

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
        _ => ValidateOptionsResult.Success,
    };
}
