namespace Aspire.Hosting.Kubernetes;

/// <summary>What the chart says of itself.</summary>
public sealed class HelmChartOptions
{
    internal HelmChartOptions()
    {
    }

    internal string? Name { get; private set; }

    internal string Version { get; private set; } = "0.1.0";

    internal string Description { get; private set; } = "Aspire Helm Chart";

    /// <summary>Names the chart. Default: the AppHost's name in lower case.</summary>
    /// <exception cref="ArgumentException">It is no DNS label.</exception>
    public HelmChartOptions WithChartName(string name)
    {
        ChartNames.CheckLabel(name);
        Name = name;
        return this;
    }

    /// <summary>Sets the version of the chart and of the images in it, as <c>1.4.0</c>. Default <c>0.1.0</c>.</summary>
    public HelmChartOptions WithChartVersion(string version)
    {
        ArgumentException.ThrowIfNullOrEmpty(version);
        Version = version;
        return this;
    }

    /// <summary>Says in one line what the chart is.</summary>
    public HelmChartOptions WithChartDescription(string description)
    {
        ArgumentException.ThrowIfNullOrEmpty(description);
        Description = description;
        return this;
    }
}
