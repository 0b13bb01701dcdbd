using System.Text.RegularExpressions;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>A public type of Aspire with its members, one row each, in the notation of the member table.</summary>
/// <param name="Name">As written there: <c>RB&lt;T&gt;</c> for IResourceBuilder.</param>
/// <param name="Mark">The experimental id of the whole type; empty for most.</param>
/// <param name="Namespace">Where it lives.</param>
/// <param name="Package">The package that brings it.</param>
/// <param name="Kind"><c>sealed class</c>, <c>interface</c>, <c>enum</c>, …</param>
/// <param name="Bases">Base class and interfaces.</param>
/// <param name="Rows">One member each.</param>
internal sealed record AspireType(
    string Name, string Mark, string Namespace, string Package, string Kind, IReadOnlyList<string> Bases, IReadOnlyList<string> Rows)
{
    public string Header =>
        $"{Name}{(Mark.Length > 0 ? $" ⟨{Mark}⟩" : "")} ({Namespace}, {Package}; {Kind}{(Bases.Count > 0 ? " ← " + string.Join(", ", Bases) : "")})";
}

/// <summary>
/// Aspire's public API as a table: <c>aspire/api.md</c> of the test data, or, where that is absent, what of it AppHost/aspire-members.md
/// has kept.
/// </summary>
internal sealed partial class AspireTable
{
    private readonly Dictionary<string, AspireType> _types;

    private AspireTable(IReadOnlyList<string> rules, IEnumerable<AspireType> types)
    {
        Rules = rules;
        _types = types.ToDictionary(type => type.Name, StringComparer.Ordinal);
    }

    /// <summary>The table's name among the test data.</summary>
    public const string Source = "aspire/api.md";

    /// <summary>What the rows do not show, a line each.</summary>
    public IReadOnlyList<string> Rules { get; }

    public IEnumerable<AspireType> Types => _types.Values;

    public AspireType? Find(string name) => _types.GetValueOrDefault(name);

    /// <summary>Whether a row names the type, which then may have no section of its own.</summary>
    public bool Mentions(string name) => Types.SelectMany(type => type.Rows).Any(row => Regex.IsMatch(row, $@"\b{name}\b"));

    /// <summary>The table, and what it leaves out (aspire-more.md), where it does.</summary>
    public static AspireTable Read(string path)
    {
        string[] lines = [.. File.ReadAllLines(path), .. File.ReadAllLines(Path.Combine(Repository.Root, "Tests/Hosting/Surface/aspire-more.md"))];
        var types = new List<AspireType>();
        var rows = new List<string>();
        foreach (var line in lines)
        {
            if (Header().Match(line) is { Success: true } header)
            {
                rows = [];
                string Part(string name) => header.Groups[name].Value;
                types.Add(new AspireType(Part("name"), Part("mark"), Part("space"), Part("package"), Part("kind"), TypeText.Split(Part("bases"), ','), rows));
            }
            else if (types.Count > 0 && Row().Match(line) is { Success: true } row)
            {
                rows.Add(row.Groups["row"].Value);
            }
        }

        return types.Count > 0
            ? new AspireTable([.. lines.TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))], types.DistinctBy(type => type.Name))
            : throw new InvalidDataException($"{path} has no line such as **IResource** (Aspire.Hosting.ApplicationModel, Aspire.Hosting; interface).");
    }

    /// <summary>The type's own bases and those of its bases.</summary>
    public IReadOnlySet<string> AllBases(AspireType type)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>(type.Bases);
        while (next.TryDequeue(out var name))
        {
            if (all.Add(name) && Find(name) is { } found)
            {
                found.Bases.ToList().ForEach(next.Enqueue);
            }
        }

        return all;
    }

    // **Name** ⟨ID⟩ (namespace, package; kind ← bases), or the same as a heading with `Name` in code.
    [GeneratedRegex(@"^(\*\*|### `)(?<name>.+?)(\*\*|`)( ⟨(?<mark>\w+)⟩)? \((?<space>[\w.]+), (?<package>[\w.]+); (?<kind>[a-z ]+?)( ← (?<bases>.+))?\)$")]
    private static partial Regex Header();

    // - row, or | `row` | since | experimental |
    [GeneratedRegex(@"^(- (?<row>.+)|\| `(?<row>[^`]+)` \|.*)$")]
    private static partial Regex Row();
}
