using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>Flags among an entry's arguments that decide over memory and over GPUs.</summary>
internal static class StartFlags
{
    /// <summary>A flag's value, where it is a text, alone or the only one of a list; dashes and underscores are one, and of several the last counts, as for the server.</summary>
    public static string? Text(ModelSpec model, string flag) => model.Arguments?.LastOrDefault(argument => argument.Key.Replace('_', '-') == flag).Value switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() == 1 && list[0].ValueKind == JsonValueKind.String => list[0].GetString(),
        _ => null,
    };
}
