using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace Orrery.Tests.Images;

/// <summary>What <c>eng/images.sh</c> says before it builds anything.</summary>
public sealed class ScriptTests
{
    [Fact]
    public async Task It_builds_the_services_of_the_graph_under_the_names_that_they_have_there()
    {
        await using var graph = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--Parameters:model-servers=simulator"], TestContext.Current.CancellationToken);
        var projects = graph.Resources.OfType<ProjectResource>()
            .Select(project => $"{project.Name} {Path.GetRelativePath(Repository.Root, project.Annotations.OfType<Aspire.Hosting.IProjectMetadata>().Single().ProjectPath)}");

        var listed = (await ImageScript.RunAsync("--list")).Text.Split('\n');
        Assert.Equal(projects.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Help_names_every_argument()
    {
        var help = (await ImageScript.RunAsync("--help")).Text;
        Assert.All(["--base", "--local-base", "--registry", "--tag", "--tool", "--push", "--plain-http", "--list"], argument => Assert.Contains(argument, help, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nonsense", 1, "images: there is no service 'nonsense'; expected some of: ")]
    [InlineData("--nonsense", 2, "images: unknown argument '--nonsense'; see eng/images.sh --help")]
    [InlineData("--registry", 2, "images: --registry needs a value; see eng/images.sh --help")]
    [InlineData("--push", 1, "images: --push needs --registry, for example ")]
    [InlineData("--local-base --base x", 1, "images: --base and --local-base exclude each other.")]
    [InlineData("--tool rkt", 2, "--tool is 'rkt'; expected podman or docker.")]
    public async Task A_wrong_argument_is_named_with_what_was_expected(string arguments, int code, string error)
    {
        var answer = await ImageScript.RunAsync(arguments.Split(' '));
        Assert.Equal(code, answer.Code);
        Assert.StartsWith(error, answer.Error, StringComparison.Ordinal);
        Assert.Equal("", answer.Output);
    }

    [Fact]
    public async Task Without_a_container_tool_it_says_what_to_install()
    {
        var programs = Directory.CreateTempSubdirectory("orrery-images-");
        foreach (var name in (string[])["bash", "dotnet", "git", "sed", "grep", "cut", "tr", "dirname", "cat"])
        {
            var program = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, name)).First(File.Exists);
            File.CreateSymbolicLink(Path.Combine(programs.FullName, name), program);
        }

        var answer = await ImageScript.RunOnPathAsync(programs.FullName, "gateway");
        programs.Delete(recursive: true);
        Assert.Equal(1, answer.Code);
        Assert.StartsWith("No container tool: neither podman nor docker works here (its 'ps' fails). Install podman", answer.Error, StringComparison.Ordinal);
    }
}
