using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>The section <c>Gateway:Videos</c>: how long videos are kept, and where.</summary>
internal sealed class VideoOptions
{
    public const string Section = "Gateway:Videos";

    /// <summary>How long a video can be fetched after it was made. 1 min to 400 d. Default 24 h.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Where videos are kept that engines answer with. Replicas share it, or each serves its own. Default: <c>videos</c> below <c>Gateway:DataDirectory</c>.</summary>
    public string? Directory { get; set; }

    /// <summary>The longest video that is kept there, in bytes: 1 KiB to 1 TiB. Default 4 GiB.</summary>
    public long MaxBytes { get; set; } = 4L << 30;

    /// <summary>By namespace, the directory below which its engines may name files as their results. Its real path, without links. None by default.</summary>
    public Dictionary<string, string> EngineDirectories { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Names the configuration key, the value and what was expected.</summary>
    internal sealed class Validator : IValidateOptions<VideoOptions>
    {
        public ValidateOptionsResult Validate(string? name, VideoOptions options)
        {
            var faults = new List<string>();
            if (options.Keep < TimeSpan.FromMinutes(1) || options.Keep > TimeSpan.FromDays(400))
            {
                faults.Add($"{Section}:{nameof(Keep)} is {options.Keep}; expected {TimeSpan.FromMinutes(1)} to {TimeSpan.FromDays(400)}.");
            }

            if (options.MaxBytes is < 1 << 10 or > 1L << 40)
            {
                faults.Add($"{Section}:{nameof(MaxBytes)} is {options.MaxBytes}; expected {1 << 10} to {1L << 40}.");
            }

            faults.AddRange(options.EngineDirectories
                .Where(entry => !Path.IsPathRooted(entry.Value))
                .Select(entry => $"{Section}:{nameof(EngineDirectories)}:{entry.Key} is '{entry.Value}'; expected an absolute path."));
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
