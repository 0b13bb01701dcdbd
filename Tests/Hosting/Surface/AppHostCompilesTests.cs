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
    [InlineData("13.5.2", """redis.WithModule("search.so");""")]
    [InlineData("13.4.6",
        """
        redis.PublishAsConnectionString();
        IResourceBuilder<IResourceWithConnectionString> store = redis;
        project.WithReference(store).WaitFor(store);
        project.WithEnvironment("URL", $"{redis.Resource.Host}:{redis.Resource.Port}/{redis:uri}");
        project.WithCommand("name", "Name", _ => Task.FromResult(new ExecuteCommandResult { Success = true }));
        redis.ApplicationBuilder.AddKubernetesEnvironment("k8s").WithDashboard(false).WithHelm(chart => chart.WithChartName("name"));
        project.PublishAsKubernetesService(service => service.Workload!.PodTemplate.Spec.Containers[0].Args.Add("--all"));
        """)]
    public async Task What_is_right_compiles(string release, string statements)
    {
        Require();
        Refuse(await compilation.CompileAppHostAsync(release, Addition(statements), AppHostUse.NoWarn, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("13.4.6", """redis.WithModule("search.so");""", "CS1061")]
    [InlineData("13.4.6", """_ = new Aspire.Hosting.Kubernetes.Resources.VolumeV1 { Name = "all", Projected = null };""", "CS0117")]
    [InlineData("13.4.6", """project.WithHttpProbe(ProbeType.Readiness, "/health");""", "ASPIREPROBES001")]
    [InlineData("13.4.6", """redis.WithEnvironment("NAME", (string)null);""", "CS8600")]
    [InlineData("13.5.2", """redis.PublishAsConnectionString();""", "CS0618")]
    public async Task What_is_wrong_does_not(string release, string statement, string error)
    {
        Require();
        var allowed = AppHostUse.NoWarn.Except([error]);
        var complaints = await compilation.CompileAppHostAsync(release, Addition(statement), allowed, TestContext.Current.CancellationToken);
        Assert.Contains(complaints, complaint => complaint.Contains($"error {error}:", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_table_says_in_prose_is_what_the_source_was_written_from()
    {
        var table = AspireTable.Read(TestData.Require(AspireTable.Source));
        var prose = string.Join(' ', table.Rules.Select(line => line.Trim()));
        Assert.All(ReferenceSource.Rules, rule => Assert.Contains(rule, prose, StringComparison.Ordinal));
    }

    private static string Addition(string statements) =>
        $$"""
        internal static class Addition
        {
            public static void Use(IResourceBuilder<RedisResource> redis, IResourceBuilder<ProjectResource> project)
            {
        {{statements}}
            }
        }
        """;

    private static void Require()
    {
        TestData.Require(AspireTable.Source);
        Assert.SkipUnless(SdkCompiler.Path is not null, $"{FrameworkTypes.Root} has no SDK, and so no C# compiler.");
    }

    private static void Refuse(IReadOnlyList<string> complaints) => Assert.True(complaints.Count == 0, string.Join('\n', complaints));
}
