using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>Flags among an entry's arguments that decide over memory and over GPUs.</summary>
internal static class StartFlags
{
    /// <summary>A flag's value, where the entry gives it to vLLM as a text; dashes and underscores are one, and of several the last counts, as for the server.</summary>
    public static string? Text(ModelSpec model, string flag) => model.Engine != Engines.Vllm ? null
        : model.Arguments?.LastOrDefault(argument => argument.Key.Replace('_', '-') == flag).Value is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
