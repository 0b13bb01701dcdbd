namespace Orrery.Tests.Hosting.Surface;

/// <summary>The AppHost's own sources compile against Aspire's public API, of the newest release and of one before.</summary>
/// <param name="compilation">The API as assemblies.</param>
public sealed class AppHostCompilesTests(AppHostCompilation compilation) : IClassFixture<AppHostCompilation>
{
    [Theory]
    [InlineData("13.5.2")]
    [InlineData("13.4.6")]
    public async Task AppHost_compiles_against(string release)
    {
        Require();
        Refuse(await compilation.CompileAppHostAsync(release, "", AppHostUse.NoWarn, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("13.5.2", "redis.WithModule(\"search.so\");", "")]
    [InlineData("13.4.6", "redis.WithModule(\"search.so\");", "CS1061")]
    [InlineData("13.4.6", "redis.PublishAsConnectionString();", "")]
    [InlineData("13.5.2", "redis.PublishAsConnectionString();", "CS0618")]
    [InlineData("13.4.6", "project.WithHttpProbe(ProbeType.Readiness, \"/health\");", "ASPIREPROBES001")]
    [InlineData("13.4.6", "redis.WithEnvironment(\"NAME\", (string)null);", "CS8600")]
    [InlineData("13.4.6", "project.WithCommand(\"name\", \"Name\", _ => Task.FromResult(new ExecuteCommandResult { Success = true }));", "")]
    [InlineData("13.4.6", "IResourceBuilder<IResourceWithConnectionString> store = redis; project.WithReference(store).WaitFor(store);", "")]
    [InlineData("13.4.6", "project.WithEnvironment(\"URL\", $\"{redis.Resource.Host}:{redis.Resource.Port}/{redis:uri}\");", "")]
    [InlineData("13.4.6", "project.PublishAsKubernetesService(service => service.Workload!.PodTemplate.Spec.Containers[0].Args.Add(\"--all\"));", "")]
    public async Task The_compiler_sees_what_is_right_and_what_is_not(string release, string statement, string error)
    {
        Require();
        var addition =
            $$"""
            internal static class Addition
            {
                public static void Use(IResourceBuilder<RedisResource> redis, IResourceBuilder<ProjectResource> project) { {{statement}} }
            }
            """;
        var complaints = await compilation.CompileAppHostAsync(release, addition, AppHostUse.NoWarn.Except([error]), TestContext.Current.CancellationToken);
        if (error.Length == 0)
        {
            Refuse(complaints);
        }
        else
        {
            Assert.All(complaints, complaint => Assert.Contains($"error {error}:", complaint, StringComparison.Ordinal));
            Assert.NotEmpty(complaints);
        }
    }

    [Fact]
    public void What_the_table_says_in_prose_is_what_the_source_was_written_from()
    {
        var table = AspireTable.Read(TestData.Require(AspireTable.Source));
        var prose = string.Join(' ', table.Rules.Select(line => line.Trim()));
        Assert.All(ReferenceSource.Rules, rule => Assert.Contains(rule, prose, StringComparison.Ordinal));
    }

    private static void Require()
    {
        TestData.Require(AspireTable.Source);
        Assert.SkipUnless(SdkCompiler.Path is not null, $"{FrameworkTypes.Root} has no SDK, and so no C# compiler.");
    }

    private static void Refuse(IReadOnlyList<string> complaints) => Assert.True(complaints.Count == 0, string.Join('\n', complaints));
}
