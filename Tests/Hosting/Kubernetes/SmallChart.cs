using Aspire.Hosting;
using Aspire.Hosting.Kubernetes;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Hosting.Kubernetes;

/// <summary>The chart of a small graph, in a folder of its own.</summary>
internal sealed class SmallChart : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("orrery-small-chart-").FullName;

    public string Folder => Path.Combine(_root, "chart");

    /// <exception cref="DistributedApplicationException">The graph has no chart.</exception>
    public static async Task<SmallChart> PublishAsync(Action<IDistributedApplicationBuilder> compose, Action<KubernetesEnvironmentResource>? configure = null)
    {
        var chart = new SmallChart();
        try
        {
            await chart.WriteAsync(compose, configure);
            return chart;
        }
        catch
        {
            chart.Dispose();
            throw;
        }
    }

    /// <summary>Publishes a graph into the same folder.</summary>
    public async Task WriteAsync(Action<IDistributedApplicationBuilder> compose, Action<KubernetesEnvironmentResource>? configure = null)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--operation", "publish", "--step", "publish", "--output-path", Folder],
            ProjectDirectory = _root,
        });
        var environment = builder.AddKubernetesEnvironment("cluster").WithDashboard(false).WithHelm(helm => helm.WithChartName("small"));
        environment.WithProperties(configure ?? (_ => { }));
        compose(builder);
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async Task<IReadOnlyList<Document>> RenderAsync(params string[] sets)
    {
        await Helm.LintAsync(Folder);
        return await Helm.TemplateAsync(Folder, new HelmRelease { Sets = sets });
    }

    /// <summary>What the kubelet would give a container: secrets as <c>&lt;name&gt;</c>.</summary>
    public async Task<Dictionary<string, string>> EnvironmentAsync(string resource, params string[] sets)
    {
        var documents = await RenderAsync(sets);
        return Equality.ChartEnvironment.Of(ContainerOf(documents, resource), documents, secret => $"<{secret}>");
    }

    public static Field ContainerOf(IReadOnlyList<Document> documents, string resource) => documents
        .Single(one => one.Kind is "Deployment" or "StatefulSet" && one["metadata"]["labels"]["app.kubernetes.io/component"].Text == resource)["spec"]["template"]["spec"]["containers"].Items.Single();

    public string Values => File.ReadAllText(Path.Combine(Folder, "values.yaml"));

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
