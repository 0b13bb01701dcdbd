using Microsoft.Extensions.Options;

namespace Orrery.WebConsole.Otlp;

/// <summary>The section <c>Console:Otlp</c>.</summary>
internal sealed class OtlpOptions
{
    public const string Section = "Console:Otlp";

    private const int LeastKeyCharacters = 16;

    /// <summary>What senders show in <c>x-otlp-api-key</c>, 16 characters at least. Absent: nothing is taken.</summary>
    public string? Key { get; set; }

    /// <summary>The port that telemetry comes to, and nothing else. 0: any port of the Console takes it.</summary>
    public int Port { get; set; }

    /// <summary>The largest request, unpacked, in bytes: 1 KiB to 256 MiB. Default 16 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>What all requests may hold together; beyond it they are asked to come again. Not below <see cref="MaxBodyBytes"/>. Default 64 MiB.</summary>
    public long MaxInFlightBytes { get; set; } = 64 << 20;

    /// <summary>Names the configuration key, the value and what was expected.</summary>
    internal sealed class Validator : IValidateOptions<OtlpOptions>
    {
        public ValidateOptionsResult Validate(string? name, OtlpOptions options)
        {
            var faults = new List<string>();
            if (options.Key is { Length: < LeastKeyCharacters })
            {
                faults.Add($"Console:Otlp:Key has {options.Key.Length} characters; expected at least {LeastKeyCharacters} random ones.");
            }

            if (options.Port is < 0 or > 65_535)
            {
                faults.Add($"Console:Otlp:Port is {options.Port}; expected 0 to 65535.");
            }

            if (options.MaxBodyBytes is < 1 << 10 or > 256 << 20)
            {
                faults.Add($"Console:Otlp:MaxBodyBytes is {options.MaxBodyBytes}; expected {1 << 10} to {256 << 20}.");
            }

            if (options.MaxInFlightBytes < options.MaxBodyBytes)
            {
                faults.Add($"Console:Otlp:MaxInFlightBytes is {options.MaxInFlightBytes}; expected at least MaxBodyBytes, {options.MaxBodyBytes}.");
            }

            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
