using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Usage;

/// <summary>The section <c>Gateway:Recording</c>: whose prompts and answers are put into traces. Nobody's, unless switched on.</summary>
internal sealed class RecordingOptions
{
    public const string Section = "Gateway:Recording";

    /// <summary>Namespaces whose requests are recorded: <c>Gateway:Recording:Namespaces:research=true</c>.</summary>
    public Dictionary<string, bool> Namespaces { get; } = new(StringComparer.Ordinal);

    /// <summary>What is kept of a request's texts, and of its answer's, each, in characters: 256 to 1 million. Default 8,192.</summary>
    public int MaxCharacters { get; set; } = 8_192;

    /// <summary>
    /// Patterns (regular expressions without look-around and back-references) whose matches are replaced by their name in brackets, beside the built-in ones; a pattern of
    /// the same name replaces a built-in one, an empty one takes it away.
    /// </summary>
    public Dictionary<string, string> Masks { get; } = new(StringComparer.Ordinal);

    /// <summary>Names the configuration key, the value and what was expected.</summary>
    internal sealed class Validator : IValidateOptions<RecordingOptions>
    {
        public ValidateOptionsResult Validate(string? name, RecordingOptions options)
        {
            var faults = new List<string>();
            if (options.MaxCharacters is < 256 or > 1_000_000)
            {
                faults.Add($"Gateway:Recording:MaxCharacters is {options.MaxCharacters}; expected 256 to 1000000.");
            }

            foreach (var (mask, pattern) in options.Masks)
            {
                try
                {
                    _ = TextMasks.Compile(pattern);
                }
                catch (Exception error) when (error is ArgumentException or NotSupportedException)
                {
                    faults.Add($"Gateway:Recording:Masks:{mask} is '{pattern}'; expected a regular expression without look-around and back-references. {error.Message}");
                }
            }

            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
