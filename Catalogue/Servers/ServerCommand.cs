using System.Globalization;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Servers;

/// <summary>What a deployment decides about a start of the server; the entry says the rest.</summary>
/// <param name="Gpus">Over how many GPUs a copy is split.</param>
/// <param name="MaxLength">Tokens of one request; <c>null</c>: the entry's.</param>
/// <param name="MaxRequests">The most requests at once, where the server has to be told.</param>
/// <param name="AreOfServer">Whether the arguments are this server's, whatever the entry's engine is: a deployment's are.</param>
internal sealed record StartOptions(int Gpus = 1, int? MaxLength = null, int? MaxRequests = null, bool AreOfServer = false);

/// <summary>An entry's facts as the flags of a server.</summary>
internal static class ServerCommand
{
    private static readonly Dictionary<string, JsonElement> None = [];

    /// <summary>A value that the server would take for a flag, with the flag that it stands behind; <c>null</c>: there is none.</summary>
    public static (string Flag, string Value)? FlagAmongValues(IReadOnlyList<string[]> flags)
    {
        foreach (var flag in flags)
        {
            // The model itself may stand alone, as the first of all.
            var values = flag is [['-', ..], ..] ? flag.Skip(1) : flag;
            if (values.FirstOrDefault(IsFlag) is { } value)
            {
                return (flag[0], value);
            }
        }

        return null;
    }

    /// <summary>Whether a value would be read as a flag: it begins with a dash, and is no number.</summary>
    public static bool IsFlag(string value) => value is ['-', ..] && !double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _);

    /// <summary>The arguments after the server's command, flags and values apart.</summary>
    public static IReadOnlyList<string> Arguments(ModelSpec model, ServerTable table, StartOptions options) => [.. Flags(model, table, options).SelectMany(flag => flag)];

    /// <summary>The same, one flag with its values each, as documents show it.</summary>
    public static IReadOnlyList<string[]> Flags(ModelSpec model, ServerTable table, StartOptions options)
    {
        var names = table.Spelling;
        var flags = new List<string[]>();
        if (model.Repo is not null)
        {
            flags.Add(names.Model is null ? [model.Repo] : [names.Model, model.Repo]);
        }

        Add(names.Revision, model.Revision);
        var runsCode = IsWritten(model, table, options, names.RemoteCode);
        Add(names.CodeRevision, model.RemoteCode == true || runsCode ? model.Revision : null);
        Add(names.Name, model.Id);
        Add(names.Host, "0.0.0.0");
        Add(names.Port, Number(model.EffectivePort));
        AddSwitch(names.RemoteCode, model.RemoteCode == true && !runsCode);
        Add(names.MaxLength, Number(options.MaxLength ?? model.MaxModelLength));
        var sharesExperts = SharesExperts(model, options) && names.ExpertParallel is not null;
        Add(names.TensorParallel, options.Gpus > 1 && !sharesExperts ? Number(options.Gpus) : null);
        Add(names.DataParallel, sharesExperts ? Number(options.Gpus) : null);
        AddSwitch(names.ExpertParallel, sharesExperts);
        Add(names.MaxRequests, IsWritten(model, table, options, names.MaxRequests) ? null : Number(options.MaxRequests));
        AddSwitch(names.ToolChoice, OfField(names.ToolChoice, model.ToolParser) is not null);
        Add(names.ToolParser, OfField(names.ToolParser, model.ToolParser));
        Add(names.ReasoningParser, OfField(names.ReasoningParser, model.ReasoningParser));
        Add(names.ChatTemplate, OfField(names.ChatTemplate, model.ChatTemplate));
        foreach (var (name, value) in Written(model, table, options))
        {
            flags.Add([.. Argument(name, value)]);
        }

        return flags;

        // What a deployment writes out goes over the entry's field.
        string? OfField(string? flag, string? value) => IsOf(model, table) && !IsWritten(model, table, options, flag) ? value : null;

        void Add(string? flag, string? value)
        {
            if (flag is not null && value is not null)
            {
                flags.Add([flag, value]);
            }
        }

        void AddSwitch(string? flag, bool isOn)
        {
            if (flag is not null && isOn)
            {
                flags.Add([flag]);
            }
        }
    }

    /// <summary>The model as a server runs it: without flags that are another engine's, and split as the server can. What is reckoned follows that.</summary>
    public static ModelSpec RunBy(ModelSpec model, ServerTable table) => IsOf(model, table) ? model
        : model with { Arguments = null, ExpertParallel = table.Spelling.ExpertParallel is null ? null : model.ExpertParallel };

    /// <summary>Parsers, templates and further flags are the names of the entry's own engine: another server has others.</summary>
    private static bool IsOf(ModelSpec model, ServerTable table) => table.Server == model.Engine;

    /// <summary>Each GPU is a server of whole requests, and all of them together hold the experts.</summary>
    private static bool SharesExperts(ModelSpec model, StartOptions options) => model.ExpertParallel == true && options.Gpus > 1;

    private static bool IsWritten(ModelSpec model, ServerTable table, StartOptions options, string? flag) =>
        flag is not null && Written(model, table, options).Any(argument => table.Find(argument.Key)?.Name is { } name && name == (table.Find(flag)?.Name ?? flag));

    private static IEnumerable<KeyValuePair<string, JsonElement>> Written(ModelSpec model, ServerTable table, StartOptions options)
    {
        var own = options.AreOfServer || IsOf(model, table) ? model.Arguments : null;
        return (table.Always ?? None).Where(always => own?.ContainsKey(always.Key) != true).Concat(own ?? None);
    }

    /// <summary>A boolean is the flag alone, or <c>--no-…</c>; a mapping is JSON; a list is several values.</summary>
    public static IEnumerable<string> Argument(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => [name],
        JsonValueKind.False => ["--no-" + name.TrimStart('-')],
        JsonValueKind.Array => [name, .. value.EnumerateArray().Select(Text)],
        _ => [name, Text(value)],
    };

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
