using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Servers;

namespace Orrery.Tests.Catalogue.Deployments;

/// <summary>Whatever an image of the catalogue copies, its build context has.</summary>
public sealed class ServerProgramsTests
{
    [Fact]
    public void The_programs_are_those_of_the_repository_word_for_word()
    {
        var folder = Path.Combine(Repository.Root, "Engines", "Servers");
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".py", StringComparison.Ordinal) || file == Path.Combine(folder, "requirements.txt"))
            .ToDictionary(file => "server/" + Path.GetRelativePath(folder, file), File.ReadAllText);
        Assert.Equal(files.OrderBy(file => file.Key, StringComparer.Ordinal), ServerPrograms.Files.OrderBy(file => file.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_entry_copies_only_what_its_context_has()
    {
        foreach (var entry in BuiltInEntries.All)
        {
            var table = ServerTables.Current(entry.Spec.Engine!)!;
            var text = DockerfileRenderer.Render(entry.Spec, table, new StartOptions());
            foreach (var line in text.Split('\n').Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) || line.StartsWith("ADD ", StringComparison.Ordinal)))
            {
                Assert.Equal("COPY server/ /opt/orrery/", line);
                Assert.NotNull(table.Program);
                Assert.Contains($"server/orrery_servers/{table.Program}.py", ServerPrograms.Files.Keys);
            }
        }
    }
}
