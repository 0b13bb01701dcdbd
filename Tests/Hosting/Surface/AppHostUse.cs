using System.Reflection;
using System.Xml.Linq;
using Aspire.Hosting;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>What the compiled AppHost uses of Aspire, and what its project file says about it.</summary>
internal static class AppHostUse
{
    private static readonly Assembly AppHost = Assembly.Load("Orrery.AppHost");
    private static readonly Assembly Bundled = typeof(DistributedApplication).Assembly;

    public static string Folder { get; } = Path.Combine(Repository.Root, "AppHost");

    /// <summary>The types that it uses with the rows of their used members, both as the bundled host declares them.</summary>
    public static IReadOnlyList<(Type Type, IReadOnlyList<string> Rows)> Types { get; } = Read();

    private static readonly XDocument Project = XDocument.Load(Path.Combine(Folder, "AppHost.csproj"));

    /// <summary>The services, each a class Projects.X.</summary>
    public static IReadOnlyList<string> Services { get; } =
    [
        .. Project.Descendants("ProjectReference").Where(item => (string?)item.Attribute("IsAspireProjectResource") != "false")
            .Select(item => Path.GetFileNameWithoutExtension((string)item.Attribute("Include")!)),
    ];

    /// <summary>The packages of package mode; the SDK adds Aspire.Hosting.</summary>
    public static IReadOnlyList<string> Packages { get; } =
        [.. Project.Descendants("PackageReference").Select(item => (string)item.Attribute("Include")!), "Aspire.Hosting"];

    /// <summary>Assemblies that it uses beside Aspire's and the framework's.</summary>
    public static IReadOnlyList<string> OtherAssemblies { get; } =
    [
        .. AppHost.GetReferencedAssemblies().Select(name => Assembly.Load(name)).Where(other => other != Bundled)
            .Select(other => other.Location).Except(FrameworkTypes.Assemblies),
    ];

    /// <summary>Warnings that the project turns off.</summary>
    public static IReadOnlyList<string> NoWarn { get; } =
    [
        .. Project.Descendants("NoWarn")
            .SelectMany(item => item.Value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(id => id[0] != '$').Distinct(),
    ];

    /// <summary>The experimental ids on the types and members that it uses.</summary>
    public static IReadOnlyList<string> Experimental(AspireTable table) =>
    [
        .. Types.SelectMany(use => use.Rows.Select(ExperimentalId).Append(table.Find(DeclarationText.Name(use.Type))?.Mark ?? ""))
            .Where(id => id.Length > 0).Distinct().Order(StringComparer.Ordinal),
    ];

    public static string ExperimentalId(string row) =>
        row.LastIndexOf('⟨') is >= 0 and var start && row[(start + 1)..^1] is not "obsolete" and var id ? id : "";

    private static (Type, IReadOnlyList<string>)[] Read()
    {
        var (types, members) = UsedMembers.Of(AppHost, Bundled);

        // The build's own mark on the generated Projects.* classes, which Aspire's own build does not put there (Hosting/README.md).
        var used = types.Where(type => type != typeof(ProjectOutputAttribute));
        return
        [
            .. used.OrderBy(type => type.Namespace, StringComparer.Ordinal).ThenBy(DeclarationText.Name, StringComparer.Ordinal).Select(type =>
                (type, (IReadOnlyList<string>)[.. Members(type).Select(DeclarationText.Row).Distinct().Order(StringComparer.Ordinal)])),
        ];

        IEnumerable<MemberInfo> Members(Type type) =>
            type.IsEnum ? type.GetFields(BindingFlags.Public | BindingFlags.Static) : members.Where(member => member.DeclaringType == type);
    }
}
