using System.Globalization;
using System.Text.Json;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Holds the flags with which an entry's own Dockerfile starts vLLM, SGLang or TGI against the tables, as those of an entry are.</summary>
internal static class StartRules
{
    public static void Check(EntryReport report)
    {
        if (ServerStart.Of(Dockerfile.Parse(report.Entry.Spec.Dockerfile!, new FieldErrorList())) is not { } start)
        {
            return;
        }

        var tables = ServerTables.All.Where(table => table.Server == start.Server).ToList();
        var same = tables.Find(table => Version.TryParse(table.Version, out var version) && version == start.Version);
        var table = same ?? ServerTables.Current(start.Server)!;
        var told = new HashSet<(string?, int)>();

        // Of a version without a table it is only likely that it takes what the next one takes.
        CheckWith(report, start, table, told, start.Version is null || same is not null ? Severities.Error : Severities.Warning);
        foreach (var other in tables.Where(other => other != table && IsLater(other, table)))
        {
            CheckWith(report, start, other, told, severity: null);
        }

        CheckToolChoice(report, start, table);
        CheckPlace(report, start, table);
    }

    /// <summary>The server's place among others: the port and the model that the entry names, an address that others reach, the name by which it is asked for.</summary>
    private static void CheckPlace(EntryReport report, ServerStart start, ServerTable table)
    {
        var model = report.Entry.Spec;
        var served = start.Arguments is [var (first, at), ..] && !IsFlag(first) ? (Name: first, Line: at) : default;
        foreach (var (flag, line, inline, following) in Flags(start))
        {
            var values = inline is not null ? [inline] : following;
            if (table.Find(flag) is not var (name, _) || values.Count == 0 || values.Any(value => value.Contains('$', StringComparison.Ordinal)))
            {
                continue;
            }

            var place = $"(line {line.ToString(CultureInfo.InvariantCulture)} of the Dockerfile)";
            if (name == table.Spelling.Port && values[0] != model.EffectivePort.ToString(CultureInfo.InvariantCulture))
            {
                report.Error(ServerRules.Value, "dockerfile", $"{flag} {values[0]}", $"{model.EffectivePort}, which is the entry's defaultPort {place}", "Its health and its callers are there.");
            }
            else if (name == table.Spelling.Host && (values[0] is "localhost" or "::1" || values[0].StartsWith("127.", StringComparison.Ordinal)))
            {
                report.Error(ServerRules.Value, "dockerfile", $"{flag} {values[0]}", $"0.0.0.0 {place}", "Nobody outside its container reaches it there.");
            }
            else if (ModelRules.IsSecretFlag(flag, Text(values[0])))
            {
                report.Error("secret-in-command", "dockerfile", flag, $"no secret: it stays in the image {place}", "The deployment gives it, from a Secret, as a variable.");
            }
            else if (name == table.Spelling.Name && !values.Contains(model.Id) && values.Intersect(model.Aliases ?? []).FirstOrDefault() is null)
            {
                report.Warn("served-name", "dockerfile", $"{flag} {string.Join(' ', values)}", $"the entry's id, {model.Id} {place}", "Callers ask for the model by that; the server knows it by another name.");
            }
            else if (name == table.Spelling.Model || name == "--model")
            {
                served = (values[0], line);
            }
        }

        if (served.Name is { } repo && ModelSpec.IsRepo(repo) && model.Repo is not null && !repo.Equals(model.Repo, StringComparison.OrdinalIgnoreCase))
        {
            report.Warn(
                "served-model", "dockerfile", repo, $"the entry's repo, {model.Repo} (line {served.Line.ToString(CultureInfo.InvariantCulture)} of the Dockerfile)",
                "What is said of licence, size and commit is said of that one.");
        }
    }

    private static bool IsLater(ServerTable one, ServerTable other) =>
        Version.TryParse(one.Version, out var later) && Version.TryParse(other.Version, out var earlier) && later > earlier;

    /// <param name="severity"><c>null</c>: what an upgrade would refuse.</param>
    private static void CheckWith(EntryReport report, ServerStart start, ServerTable table, HashSet<(string?, int)> told, string? severity)
    {
        foreach (var (flag, line, inline, following) in Flags(start))
        {
            // What was said of it, and what nobody is told any more, needs no look; what a version has taken away is an error whatever the rest is.
            if (told.Contains((flag, line)) || (report.IsFullOf(severity ?? Severities.Warning) && (severity is null || table.Removed?.ContainsKey(flag.Replace('_', '-')) != true)))
            {
                continue;
            }

            void Found(string? value, string expectation, string? remedy, string rule)
            {
                var removed = table.Removed?.GetValueOrDefault(flag.Replace('_', '-'));
                var isGone = Version.TryParse(removed?.Since, out var since) && start.Version >= since;
                if (told.Add((flag, line)))
                {
                    report.Add(
                        severity is null ? Severities.Warning : isGone ? Severities.Error : severity, severity is null ? ServerRules.Upgrade : rule, "dockerfile",
                        value is null ? flag : $"{flag} {value}", $"{expectation} (line {line.ToString(CultureInfo.InvariantCulture)} of the Dockerfile)", remedy);
                }
            }

            CheckFlag(table, flag, inline, following, Found);
        }
    }

    private static void CheckFlag(ServerTable table, string name, string? inline, IReadOnlyList<string> following, Action<string?, string, string?, string> found)
    {
        if (table.Find(name) is not var (canonical, flag) || canonical is null)
        {
            // --limit-mm-per-prompt.image 4 is a member of a flag's JSON.
            var isMember = name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && table.Find(name[..dot]) is { Flag.Type: FlagTypes.Json };
            if (!isMember)
            {
                ServerRules.CheckFlag(table, name, default, found);
            }

            return;
        }

        IReadOnlyList<string> values = inline is not null ? [inline] : following;
        if (flag.Type != FlagTypes.Boolean && values.Count == 0)
        {
            found(null, $"a value behind it ({table.Server} {table.Version})", null, ServerRules.Value);
        }
        else if (!values.Any(value => value.Contains('$', StringComparison.Ordinal)))
        {
            ServerRules.CheckFlag(table, name, Given(flag, inline, values), found);
            if (canonical == table.Spelling.ToolParser && flag.Values is null)
            {
                ServerRules.CheckParser(table, values[0], table.ToolParsers, found);
            }
            else if (canonical == table.Spelling.ReasoningParser && flag.Values is null)
            {
                ServerRules.CheckParser(table, values[0], table.ReasoningParsers, found);
            }
        }
    }

    /// <summary>Everything is a text on a command line: what it stands for, as an entry would write it.</summary>
    private static JsonElement Given(ServerFlag flag, string? inline, IReadOnlyList<string> values) => flag.Type switch
    {
        FlagTypes.Boolean => inline is null ? JsonElement.Parse("true") : Text(inline),
        FlagTypes.Int or FlagTypes.Float or FlagTypes.Size => double.TryParse(values[0], NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? Json(values[0]) : Text(values[0]),
        FlagTypes.Json => Json(values[0]),
        FlagTypes.List or FlagTypes.Pairs => JsonSerializer.SerializeToElement(values, CatalogueJson.Default.IReadOnlyListString),
        _ => Text(values[0]),
    };

    private static JsonElement Json(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return Text(text);
        }
    }

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, CatalogueJson.Default.String);

    /// <summary>Each flag with the words behind it, up to the next.</summary>
    private static IEnumerable<(string Flag, int Line, string? Inline, IReadOnlyList<string> Following)> Flags(ServerStart start)
    {
        for (var i = 0; i < start.Arguments.Count; i++)
        {
            var (word, line) = start.Arguments[i];
            if (!IsFlag(word))
            {
                continue; // The model, or a value of the flag before.
            }

            var equals = word.IndexOf('=', StringComparison.Ordinal);
            yield return (
                equals < 0 ? word : word[..equals], line, equals < 0 ? null : word[(equals + 1)..],
                [.. start.Arguments.Skip(i + 1).TakeWhile(argument => !IsFlag(argument.Word)).Select(argument => argument.Word)]);
        }
    }

    private static bool IsFlag(string word) => word is ['-', not (>= '0' and <= '9' or '.'), ..] and not "--";

    /// <summary>A parser of calls that nothing asks does nothing.</summary>
    private static void CheckToolChoice(EntryReport report, ServerStart start, ServerTable table)
    {
        if (table.Spelling is not { ToolParser: { } parser, ToolChoice: { } choice })
        {
            return;
        }

        var flags = Flags(start).ToList();
        var given = flags.Find(flag => table.Find(flag.Flag)?.Name == parser);
        if (given.Flag is not null && !flags.Exists(flag => table.Find(flag.Flag)?.Name == choice))
        {
            report.Error(
                ServerRules.Parser, "dockerfile", $"{given.Flag} {given.Inline ?? (given.Following.Count > 0 ? given.Following[0] : "")}".TrimEnd(),
                $"{choice} beside it (line {given.Line.ToString(CultureInfo.InvariantCulture)} of the Dockerfile)", "Without it, calls of tools stay in the text of the answer.");
        }
    }
}
