using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Holds what an entry gives its server against that server's table of flags: the version that images are built from, and the ones to come.</summary>
internal static partial class ServerRules
{
    internal const string Flag = "server-flag";
    internal const string Value = "server-flag-value";
    internal const string Parser = "parser";
    internal const string Upgrade = "upgrade";

    public static void Check(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model.Dockerfile is not null)
        {
            StartRules.Check(report); // It starts its server itself.
            return;
        }

        // A name that is misspelt was refused already; what it must have meant says what the flags are to be.
        var engine = model.Engine is null || ServingEngines.All.Contains(model.Engine) ? model.Engine : Spelling.Nearest(model.Engine, ServingEngines.All);
        if (engine is null || ServerTables.Current(engine) is not { } table)
        {
            return;
        }

        CheckDeployment(report, engine);
        var told = new HashSet<string>(StringComparer.Ordinal);
        CheckWith(
            table, (field, value, expectation, remedy, rule) =>
            {
                told.Add(field);
                report.Error(rule, field, value, expectation, remedy);
            },
            model);
        foreach (var other in ServerTables.Others(engine))
        {
            CheckWith(
                other, (field, value, expectation, remedy, _) =>
                {
                    // What is wrong now already is mended anyway.
                    if (!told.Contains(field))
                    {
                        report.Warn(Upgrade, field, value, expectation, remedy);
                    }
                },
                model);
        }
    }

    /// <summary>What has a field of its own was refused with the shape; what the deployment decides is said by no entry.</summary>
    private static void CheckDeployment(EntryReport report, string engine)
    {
        foreach (var name in (report.Entry.Spec.Arguments?.Keys ?? []).Take(DocumentLimits.MaxErrors))
        {
            if (OwnWords.OfDeployment(engine, name) is { } instead)
            {
                report.Error("own-word", $"arguments.{name}", null, "no flag for what is decided elsewhere", $"Say it in {instead}.");
            }
        }
    }

    private static void CheckWith(ServerTable table, Action<string, string?, string, string?, string> found, ModelSpec model)
    {
        foreach (var (name, value) in (model.Arguments ?? new Dictionary<string, JsonElement>()).Take(DocumentLimits.MaxErrors))
        {
            CheckFlag(table, name, value, (shown, expectation, remedy, rule) => found($"arguments.{name}", shown, expectation, remedy, rule));
        }

        CheckParser(table, model.ToolParser, table.ToolParsers, (shown, expectation, remedy, rule) => found("toolParser", shown, expectation, remedy, rule));
        CheckParser(table, model.ReasoningParser, table.ReasoningParsers, (shown, expectation, remedy, rule) => found("reasoningParser", shown, expectation, remedy, rule));
    }

    internal static void CheckFlag(ServerTable table, string name, JsonElement value, Action<string?, string, string?, string> found)
    {
        var server = $"{table.Server} {table.Version}";
        if (table.Find(name) is not var (canonical, flag) || canonical is null)
        {
            var removed = table.Removed?.GetValueOrDefault(name.Replace('_', '-'));
            var nearest = Spelling.Nearest(name, table.Flags.Keys.Concat(table.Flags.Values.SelectMany(other => other.Aliases ?? [])));
            found(
                null,
                removed is null ? $"a flag of {server}" : $"a flag of {server}; this one went away{(removed.Since is null ? "" : $" with {removed.Since}")}",
                removed is not null ? (removed.Use is null ? "Leave it out." : $"Use {removed.Use}.") : nearest is null ? null : $"Did you mean '{nearest}'?",
                Flag);
            return;
        }

        if (Counts.Contains(canonical) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count < 1)
        {
            found(value.ToString(), $"a whole number from 1 ({server})", null, Value);
        }
        else if (Mismatch(flag, value) is { } expectation)
        {
            found(value.ToString(), $"{expectation} ({server})", RemedyOf(flag, value), Value);
        }
    }

    /// <summary>Of none of them, or of fewer than none, a server makes nothing.</summary>
    private static readonly string[] Counts =
        ["--max-num-seqs", "--max-num-batched-tokens", "--max-loras", "--max-lora-rank", "--max-cpu-loras", "--max-running-requests", "--max-batch-size", "--max_batch_size", "--max-concurrent-requests"];

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
        FlagTypes.Json => value.ValueKind is JsonValueKind.Object or JsonValueKind.Array || (value.ValueKind == JsonValueKind.String && ServedWeights.InText(value.GetString()!) is not null) ? null : "a mapping, which is given as JSON",
        FlagTypes.List when flag.Values is { } values => Items(value).All(item => values.Contains(item)) ? null : "some of " + string.Join(", ", values),
        FlagTypes.List => value.ValueKind is JsonValueKind.Array or JsonValueKind.String or JsonValueKind.Number ? null : "a text or a list of texts",
        FlagTypes.Pairs => Items(value).All(item => item.Contains('=', StringComparison.Ordinal)) ? null : "name=path, or a list of such",
        _ => value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? null : "a text",
    };

    /// <summary>What people write who have it from older documents.</summary>
    private static string? RemedyOf(ServerFlag flag, JsonElement value) =>
        flag.Type == FlagTypes.Json && value.ValueKind == JsonValueKind.String && OldPairs.Match(value.GetString()!) is { Success: true } pair
            ? $"Write {{\"{pair.Groups["name"].Value}\": {pair.Groups["value"].Value}}}."
            : null;

    internal static void CheckParser(ServerTable table, string? parser, IReadOnlyList<string>? known, Action<string?, string, string?, string> found)
    {
        if (parser is not null && known?.Contains(parser) != true)
        {
            var nearest = known is null ? null : Spelling.Nearest(parser, known);
            found(
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
