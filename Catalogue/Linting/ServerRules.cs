using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Holds what an entry gives its server against that server's table of flags: the version that images are built from, and the ones to come.</summary>
internal static partial class ServerRules
{
    private const string Flag = "server-flag";
    private const string Value = "server-flag-value";
    private const string Parser = "parser";
    private const string Upgrade = "upgrade";

    public static void Check(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model.Engine is not { } engine || model.Dockerfile is not null)
        {
            return; // A Dockerfile of its own starts its server itself.
        }

        if (ServerTables.Current(engine) is not { } table)
        {
            report.Error(Flag, "engine", engine, "an engine with a table of flags: " + string.Join(", ", ServerTables.All.Select(known => known.Server).Distinct()));
            return;
        }

        CheckOwnWords(report, table);
        CheckWith(table, (field, value, expectation, remedy, rule) => report.Error(rule, field, value, expectation, remedy), model);
        foreach (var other in ServerTables.Others(engine))
        {
            CheckWith(other, (field, value, expectation, remedy, _) => report.Warn(Upgrade, field, value, expectation, remedy), model);
        }
    }

    /// <summary>What has a field of its own is said there: a flag beside it would contradict it some day.</summary>
    private static void CheckOwnWords(EntryReport report, ServerTable table)
    {
        var words = table.Spelling;
        (string? Flag, string Instead)[] own =
        [
            (words.Model, "repo"), (words.Name, "id"), (words.Revision, "revision"), (words.RemoteCode, "remoteCode"), (words.MaxLength, "maxModelLength"),
            (words.ToolParser, "toolParser"), (words.ToolChoice, "toolParser"), (words.ReasoningParser, "reasoningParser"), (words.ChatTemplate, "chatTemplate"), (words.Port, "defaultPort"),
            (words.TensorParallel, "the deployment, which knows its GPUs"), (words.Memory, "the deployment, which knows its GPUs"), (words.Host, "nothing: it listens everywhere in its container"),
        ];
        foreach (var name in report.Entry.Spec.Arguments?.Keys ?? [])
        {
            var canonical = table.Find(name)?.Name;
            if (canonical is not null && own.FirstOrDefault(word => word.Flag == canonical).Instead is { } instead)
            {
                report.Error("own-word", $"arguments.{name}", null, "no flag for what the entry says in a field of its own", $"Say it in {instead}.");
            }
        }
    }

    private static void CheckWith(ServerTable table, Action<string, string?, string, string?, string> found, ModelSpec model)
    {
        CheckFlags(table, model.Arguments, found);
        CheckParser(table, "toolParser", model.ToolParser, table.ToolParsers, found);
        CheckParser(table, "reasoningParser", model.ReasoningParser, table.ReasoningParsers, found);
    }

    /// <summary>Flags of a server that are not known, and values that they do not take.</summary>
    public static void CheckFlags(ServerTable table, IReadOnlyDictionary<string, JsonElement>? arguments, Action<string, string?, string, string?, string> found)
    {
        foreach (var (name, value) in arguments ?? new Dictionary<string, JsonElement>())
        {
            CheckFlag(table, name, value, found);
        }
    }

    private static void CheckFlag(ServerTable table, string name, JsonElement value, Action<string, string?, string, string?, string> found)
    {
        var server = $"{table.Server} {table.Version}";
        if (table.Find(name) is not var (canonical, flag) || canonical is null)
        {
            var removed = table.Removed?.GetValueOrDefault(name.Replace('_', '-'));
            var nearest = Spelling.Nearest(name, table.Flags.Keys);
            found(
                $"arguments.{name}",
                null,
                removed is null ? $"a flag of {server}" : $"a flag of {server}; this one went away{(removed.Since is null ? "" : $" with {removed.Since}")}",
                removed is not null ? (removed.Use is null ? "Leave it out." : $"Use {removed.Use}.") : nearest is null ? null : $"Did you mean '{nearest}'?",
                Flag);
            return;
        }

        if (Mismatch(flag, value) is { } expectation)
        {
            found($"arguments.{name}", value.ToString(), $"{expectation} ({server})", RemedyOf(flag, value), Value);
        }
    }

    /// <summary>What the flag takes, where <paramref name="value"/> is not that.</summary>
    private static string? Mismatch(ServerFlag flag, JsonElement value) => flag.Type switch
    {
        FlagTypes.Boolean when value.ValueKind == JsonValueKind.True => null,
        FlagTypes.Boolean when value.ValueKind == JsonValueKind.False && flag.Negated => null,
        FlagTypes.Boolean => flag.Negated ? "true or false" : "true, or the flag left out",
        FlagTypes.Int => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _) ? null : "a whole number",
        FlagTypes.Float => value.ValueKind == JsonValueKind.Number ? null : "a number",
        FlagTypes.Size => value.ValueKind == JsonValueKind.Number || (value.ValueKind == JsonValueKind.String && SizeForm.IsMatch(value.GetString()!)) ? null : "a number, or one such as 32k or 1M",
        FlagTypes.Choice => flag.Values!.Contains(value.ToString()) ? null : "one of " + string.Join(", ", flag.Values!),
        FlagTypes.Json => value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? null : "a mapping, which is given as JSON",
        FlagTypes.List when flag.Values is { } values => Items(value).All(item => values.Contains(item)) ? null : "some of " + string.Join(", ", values),
        FlagTypes.List => value.ValueKind is JsonValueKind.Array or JsonValueKind.String or JsonValueKind.Number ? null : "a text or a list of texts",
        FlagTypes.Pairs => Items(value).All(item => item.Contains('=', StringComparison.Ordinal)) ? null : "name=path, or a list of such",
        _ => value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? null : "a text",
    };

    /// <summary>What people write who have it from older documents.</summary>
    private static string? RemedyOf(ServerFlag flag, JsonElement value) =>
        flag.Type == FlagTypes.Json && value.ValueKind == JsonValueKind.String && OldPairs.Match(value.GetString()!) is { Success: true } pair
            ? $"Write {{ {pair.Groups["name"].Value}: {pair.Groups["value"].Value} }}."
            : null;

    private static void CheckParser(ServerTable table, string field, string? parser, IReadOnlyList<string>? known, Action<string, string?, string, string?, string> found)
    {
        if (parser is not null && known?.Contains(parser) != true)
        {
            var nearest = known is null ? null : Spelling.Nearest(parser, known);
            found(
                field,
                parser,
                known is null ? $"no parser: {table.Server} {table.Version} has none" : $"a parser of {table.Server} {table.Version}: {string.Join(", ", known)}",
                nearest is null ? null : $"Did you mean '{nearest}'?",
                Parser);
        }
    }

    private static IEnumerable<string> Items(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(item => item.ToString()) : [value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText()];

    [GeneratedRegex(@"^(auto|-1|[0-9]+(\.[0-9]+)?([kKmMgG]i?)?)\z")]
    private static partial Regex SizeForm { get; }

    [GeneratedRegex(@"^(?<name>\w+)=(?<value>\d+)\z")]
    private static partial Regex OldPairs { get; }
}
