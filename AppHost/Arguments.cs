namespace Orrery.AppHost;

/// <summary>The command line: a word that means nothing here would otherwise start the whole graph instead of what was meant.</summary>
internal static class Arguments
{
    /// <summary>Aspire's own switches, those of .NET's host, and variables that may be given as arguments.</summary>
    private static readonly string[] Switches =
    [
        "--operation", "--publisher", "--step", "--output-path", "--log-level", "--include-exception-details", "--clear-cache", "--yes", "--environment", "--contentRoot",
        "--applicationName", "--deployment-state-path",
    ];

    private static readonly string[] SwitchesWithoutValue = ["--yes"];
    private static readonly string[] Prefixes = ["--dcp-", "--ASPIRE_", "--DOTNET_", "--ASPNETCORE_"];

    public static bool AskForHelp(string[] arguments) => arguments.Any(argument => argument is "--help" or "-h" or "-?");

    /// <summary>What is wrong with the command line; <c>null</c> when nothing is.</summary>
    public static string? Fault(string[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var before, var after] ? (before, after) : (arguments[i], null);
            if (!name.StartsWith("--", StringComparison.Ordinal) || name.Length == 2)
            {
                if (value is null)
                {
                    return $"'{arguments[i]}' means nothing here; expected an option such as --operation.";
                }

                continue; // key=value, as .NET's configuration reads it.
            }

            if (!IsKnown(name))
            {
                return $"{name} is no option of the AppHost; expected one of {string.Join(", ", Switches.Take(4))}, --help, or --SECTION:KEY=VALUE.";
            }

            if (value is null && !SwitchesWithoutValue.Contains(name))
            {
                if (i + 1 == arguments.Length || arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                {
                    return $"{name} has no value.";
                }

                i++;
            }
        }

        return null;
    }

    /// <summary>Parameters on the command line that the graph does not have: a misspelt name would leave the default in place.</summary>
    public static IEnumerable<string> UnknownParameters(string[] arguments, IDistributedApplicationBuilder builder)
    {
        const string Section = "--Parameters:";
        var known = builder.Resources.OfType<ParameterResource>().Select(parameter => parameter.Name).Concat(Settings.Names).Order(StringComparer.Ordinal).ToList();
        return arguments.Where(argument => argument.StartsWith(Section, StringComparison.OrdinalIgnoreCase))
            .Select(argument => argument[Section.Length..].Split('=')[0])
            .Where(name => !known.Contains(name.Replace('_', '-'), StringComparer.OrdinalIgnoreCase))
            .Select(name => $"{Section}{name} is no parameter of the graph; it has {string.Join(", ", known)}.");
    }

    private static bool IsKnown(string name) =>
        name.Contains(':', StringComparison.Ordinal)
        || name.Contains("__", StringComparison.Ordinal)
        || Switches.Contains(name, StringComparer.OrdinalIgnoreCase)
        || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
