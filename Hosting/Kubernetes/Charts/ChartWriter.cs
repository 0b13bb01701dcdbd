using System.Text.Json;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Values;
using Aspire.Hosting.Kubernetes.Yaml;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Kubernetes;

/// <summary>
/// The graph as a Helm chart in Aspire's layout: <c>templates/{resource}/{deployment,statefulset,config,service,…}.yaml</c>, values in
/// the maps parameters, secrets and config, and beyond Aspire's everything that an operator may set (docs/kubernetes.md).
/// </summary>
internal sealed class ChartWriter(KubernetesEnvironmentResource environment, DistributedApplicationExecutionContext execution, string defaultName, ILogger logger)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ChartValues _values = new();

    /// <exception cref="DistributedApplicationException">Something of the graph has no place in a chart; the message lists everything.</exception>
    public async Task<IReadOnlyList<ChartFile>> WriteAsync(IEnumerable<IResource> resources, CancellationToken cancellationToken)
    {
        var graph = new ChartGraph(resources);
        var parameters = new ChartParameters(_values, execution);
        ChartDocuments.DescribeImages(_values, environment);
        var builder = new WorkloadBuilder(graph, parameters, environment, execution, logger);
        var built = new List<(ChartWorkload Workload, KubernetesResource Objects)>();
        foreach (var workload in graph.Workloads)
        {
            var objects = await builder.BuildAsync(workload, cancellationToken);
            Customize(workload, objects, graph);
            workload.Description = objects.Workload?.Metadata.Annotations.GetValueOrDefault("kubernetes.io/description");
            built.Add((workload, objects));
            graph.AddRelations(workload);
            DescribeImageAndPorts(workload, builder.ImageOf(workload));
        }

        if (environment.DashboardEnabled)
        {
            graph.Faults.Add($"{environment.Name}: the bundled host has no dashboard to publish. Say WithDashboard(false), and name a collector in telemetry.endpoint.");
        }

        if (graph.Faults.Count > 0)
        {
            throw new DistributedApplicationException("The graph cannot be published to Kubernetes:\n" + string.Join('\n', graph.Faults.Select(fault => "- " + fault)));
        }

        var files = built.SelectMany(one => FilesOf(one.Workload, one.Objects, graph)).ToList();
        if (files.GroupBy(file => file.Path).Where(group => group.Count() > 1).Select(group => group.Key).ToList() is { Count: > 0 } twice)
        {
            throw new DistributedApplicationException($"Several objects would be written to {string.Join(" and to ", twice)}: give each a name of its own.");
        }

        files.AddRange(parameters.Secrets.Values.Select(secret => SecretTemplates.Write(secret, parameters.GeneratorOf(secret), parameters.IsUsedInUris(secret))));
        ChartDocuments.DescribeRest(_values);

        var name = environment.Chart.Name ?? defaultName;
        files.Add(ChartDocuments.Chart(environment.Chart, name));
        files.Add(ChartDocuments.Ignore());
        files.Add(ChartDocuments.Helpers(graph.Workloads));
        files.Add(ChartDocuments.Checks(graph.Workloads));
        files.Add(ChartDocuments.Notes(graph.Workloads, parameters.Secrets.Keys));
        files.Add(new("values.yaml", $"# What can be set for the chart {name}. Anything else is refused (values.schema.json).\n" + YamlWriter.WritePlain(_values.ToYaml())));
        files.Add(new("values.schema.json", SchemaText(name)));
        return files;
    }

    private static void Customize(ChartWorkload workload, KubernetesResource objects, ChartGraph graph)
    {
        try
        {
            foreach (var customization in workload.Resource.Annotations.OfType<KubernetesCustomization>())
            {
                customization.Configure(objects);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            graph.Faults.Add($"{workload.Resource.Name}: what PublishAsKubernetesService was given failed: {error.Message} ({error.GetType().Name}).");
        }
    }

    private IEnumerable<ChartFile> FilesOf(ChartWorkload workload, KubernetesResource objects, ChartGraph graph)
    {
        // In the order in which values.yaml is read.
        var files = new WorkloadTemplates(workload, objects, _values).Write().ToList()
            .Concat(ObjectTemplates.Claims(workload, environment, _values).ToList())
            .Append(ObjectTemplates.Account(workload))
            .Append(NetworkTemplates.Write(workload, graph, objects, _values))
            .Concat(ExposureTemplates.Write(workload, _values));
        if (!workload.IsStore)
        {
            files = files.Append(ObjectTemplates.DisruptionBudget(workload, _values)).Concat(ScalingTemplates.Write(workload));
        }

        return MonitoringTemplates.Write(workload, objects) is { } monitor ? files.Append(monitor) : files;
    }

    private void DescribeImageAndPorts(ChartWorkload workload, string image)
    {
        var section = _values.Section("parameters").Section(workload.Key);
        section.Text($"{workload.Key}_image", image);
        foreach (var port in workload.Ports.Where(port => port.Expression is not null))
        {
            section.Integer($"port_{ChartNames.Key(port.Name)}", port.Default, 1, 65_535);
        }
    }

    private string SchemaText(string name)
    {
        var schema = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = $"Values of the chart {name}" };
        foreach (var (key, value) in _values.ToSchema())
        {
            schema[key] = value?.DeepClone();
        }

        schema["properties"]!["global"] = Schema.Map(); // Helm gives it to every chart.
        return schema.ToJsonString(Indented) + "\n";
    }
}
