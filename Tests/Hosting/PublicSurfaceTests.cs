using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Aspire.Hosting;

namespace Orrery.Tests.Hosting;

/// <summary>The subset is documented member by member: members.md is the list, and this keeps it true.</summary>
public sealed class PublicSurfaceTests
{
    [Fact]
    public async Task Members_are_listed()
    {
        var path = Path.Combine(SourceFolder(), "..", "..", "Hosting", "members.md");
        var listed = await File.ReadAllTextAsync(path, Graph.Soon());
        var now = Describe();
        if (listed != now)
        {
            var draft = Path.Combine(Path.GetTempPath(), "members.md");
            await File.WriteAllTextAsync(draft, now, Graph.Soon());
            Assert.Fail($"Hosting/members.md does not list what Hosting has. The right text is in {draft}.");
        }
    }

    private static string Describe()
    {
        var text = new StringBuilder("# Members of the bundled Aspire.Hosting\n\nA number is how many overloads there are.\n");
        foreach (var space in typeof(DistributedApplication).Assembly.GetExportedTypes().Where(type => !type.IsNested).GroupBy(type => type.Namespace!).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append($"\n## {space.Key}\n\n");
            foreach (var type in space.OrderBy(type => type.Name, StringComparer.Ordinal))
            {
                text.Append($"- **{Name(type)}** {string.Join(", ", Members(type))}".TrimEnd()).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        if (type.IsEnum)
        {
            return type.GetEnumNames();
        }

        return type.GetMembers(own)
            .Where(member => member is not MethodInfo { IsSpecialName: true } && member is not ConstructorInfo && member.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .GroupBy(member => member.Name)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => group.Count() == 1 ? group.Key : $"{group.Key} ({group.Count()})");
    }

    private static string Name(Type type) => type.Name.Split('`')[0];

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
