using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace Orrery.Tests.Hosting;

public sealed class TestingBuilderTests
{
    [Fact]
    public async Task An_app_host_is_built_in_its_own_folder_and_not_started()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Host>(Graph.Soon());
        Assert.Equal(Projects.Host.ProjectPath, builder.AppHostDirectory);
        Assert.Equal(["cache", "pg", "db", "service", "stubborn"], builder.Resources.Select(one => one.Name));
        Assert.True(builder.ExecutionContext.IsRunMode);
    }

    [Fact]
    public async Task Arguments_reach_the_app_hosts_configuration()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Host>(["--Parameters:x=1"], Graph.Soon());
        Assert.Equal("1", builder.Configuration["Parameters:x"]);
    }

    [Fact]
    public async Task An_assembly_without_a_graph_is_refused()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => DistributedApplicationTestingBuilder.CreateAsync(typeof(IResource), Graph.Soon()));
        Assert.StartsWith("Orrery.Hosting has no entry point", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_ends_with_the_application()
    {
        var builder = Graph.Create();
        var state = builder.Configuration["AppHost:StateDirectory"]!;
        builder.AddExecutable("program", "true", ".");
        var app = await builder.StartAsync();
        await app.UntilEndedAsync("program");
        Assert.True(Directory.Exists(state));
        await app.DisposeAsync();
        Assert.False(Directory.Exists(state));
    }
}
