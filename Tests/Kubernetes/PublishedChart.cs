using Orrery.Tests.Kubernetes;

[assembly: AssemblyFixture(typeof(PublishedChart))]

namespace Orrery.Tests.Kubernetes;

/// <summary>The chart that this AppHost publishes, written once for all tests.</summary>
public sealed class PublishedChart : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-chart-").FullName;

    public string Folder => Path.Combine(_folder, "chart");

    public async ValueTask InitializeAsync()
    {
        var (code, _, errors) = await AppHostProgram.RunAsync(new Dictionary<string, string>(), "--operation", "publish", "--step", "publish", "--output-path", Folder);
        Assert.True(code == 0, errors);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A set of values that the tests keep beside them.</summary>
    internal static string ValuesFile(string name) => Path.Combine(Repository.Root, "Tests", "Kubernetes", "Values", $"{name}.yaml");
}
