using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orrery.Simulator.Api;

internal static class JsonFormat
{
    /// <summary>As vLLM writes: UTF-8 as it is, no HTML escapes. Validation is left to the tests: it costs on every token.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>On every answer, so that none is mistaken for a model's.</summary>
    public const string SystemFingerprint = "simulated-orrery-1";
}
