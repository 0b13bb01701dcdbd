namespace Orrery.Tests.Kubernetes;

/// <summary>A chart written by hand goes the whole way: Helm lints and renders it, the judge judges it.</summary>
public sealed class HelmTests : IDisposable
{
    private const string ConfigMap =
        """
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {{ .Release.Name }}-config
          namespace: {{ .Release.Namespace }}
        data:
          MODE: {{ required "Set mode" .Values.mode | quote }}
          UPGRADE: {{ .Release.IsUpgrade | quote }}
          KUBERNETES: {{ .Capabilities.KubeVersion.Version | quote }}
          KEDA: {{ .Capabilities.APIVersions.Has "keda.sh/v1alpha1" | quote }}
          KEPT: {{ (lookup "v1" "Secret" .Release.Namespace "kept") | toYaml | quote }}
        ---
        apiVersion: v1
        kind: Secret
        metadata: { name: {{ include "tiny.name" . }} }
        stringData: { KEY: "---" }
        """;

    private readonly string _chart = Directory.CreateTempSubdirectory("helm-chart-").FullName;

    public HelmTests()
    {
        Write("Chart.yaml", "apiVersion: v2\nname: tiny\nversion: 0.1.0\nkubeVersion: '>= 1.32.0-0'\nicon: https://chart.example/icon.svg\n");
        Write("values.yaml", "mode: plain\n");
        Write("values.schema.json", """{ "type": "object", "properties": { "mode": { "type": "string" } }, "additionalProperties": false }""");
        Write("templates/_names.tpl", "{{ define \"tiny.name\" }}{{ .Release.Name }}-secret{{ end }}");
        Write("templates/config.yaml", ConfigMap);
    }

    public void Dispose() => Directory.Delete(_chart, recursive: true);

    [Fact]
    public async Task Helm_is_new_enough_for_the_charts() => Assert.True(new Version((await Helm.VersionAsync()).TrimStart('v')) >= new Version(3, 10));

    [Fact]
    public async Task A_chart_is_linted_rendered_and_judged()
    {
        Assert.Empty(await Helm.LintAsync(_chart));

        var documents = await Helm.TemplateAsync(_chart);

        Assert.Equal(["Secret/orrery-secret", "ConfigMap/orrery-config"], documents.Select(document => document.Id));
        Assert.All(documents, document => Assert.Equal("tiny/templates/config.yaml", document.Template));
        Assert.Empty(ChartJudge.RuleFindings(documents));
    }

    [Fact]
    public async Task A_chart_is_held_against_the_API_of_Kubernetes() => Assert.Empty(ChartJudge.Findings(await Helm.TemplateAsync(_chart)));

    [Fact]
    public async Task A_release_reaches_the_templates()
    {
        var values = Path.Combine(_chart, "mine.yaml");
        await File.WriteAllTextAsync(values, "mode: mine\n", TestContext.Current.CancellationToken);
        var release = new HelmRelease("shop", "stores") { ValuesFiles = [values], IsUpgrade = true, ApiVersions = ["keda.sh/v1alpha1"] };

        var config = Assert.Single(await Helm.TemplateAsync(_chart, release), document => document.Kind == "ConfigMap");

        Assert.Equal(("shop-config", "stores"), (config.Name, config.Namespace));
        Assert.Equal(
            new Dictionary<string, string> { ["MODE"] = "mine", ["UPGRADE"] = "true", ["KUBERNETES"] = "v1.32.0", ["KEDA"] = "true", ["KEPT"] = "{}" },
            config["data"].Texts);
    }

    [Fact]
    public async Task A_single_value_can_be_set()
    {
        var documents = await Helm.TemplateAsync(_chart, new HelmRelease { Sets = ["mode=set"] });
        Assert.Contains(documents, document => document["data"]["MODE"].Text == "set");
    }

    [Fact]
    public async Task What_the_judge_finds_names_template_object_field_and_value()
    {
        Write("templates/config.yaml", ConfigMap.Replace(".Values.mode | quote", "5", StringComparison.Ordinal).Replace("required \"Set mode\" ", "", StringComparison.Ordinal));

        var findings = ChartJudge.RuleFindings(await Helm.TemplateAsync(_chart));

        Assert.Equal("tiny/templates/config.yaml: ConfigMap/orrery-config: data.MODE is 5; expected a string; quote it", Assert.Single(findings).ToString());
    }

    [Fact]
    public async Task A_missing_value_is_refused_in_the_templates_own_words()
    {
        Write("values.yaml", "{}");
        var error = await Assert.ThrowsAsync<HelmException>(() => Helm.TemplateAsync(_chart));
        Assert.Contains("Set mode", error.Message, StringComparison.Ordinal);
        Assert.Contains("helm template orrery", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_that_break_the_charts_schema_are_refused()
    {
        var error = await Assert.ThrowsAsync<HelmException>(() => Helm.TemplateAsync(_chart, new HelmRelease { Sets = ["mood=good"] }));
        Assert.Contains("Additional property mood is not allowed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_is_too_old_is_refused()
    {
        var error = await Assert.ThrowsAsync<HelmException>(() => Helm.TemplateAsync(_chart, new HelmRelease { KubeVersion = "1.30.0" }));
        Assert.Contains("incompatible with Kubernetes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chart_with_a_broken_template_does_not_pass_the_linter()
    {
        Write("templates/broken.yaml", "a: {{ nothing }}");
        var error = await Assert.ThrowsAsync<HelmException>(() => Helm.LintAsync(_chart));
        Assert.Contains("function \"nothing\" not defined", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_that_renders_no_YAML_is_named()
    {
        Write("templates/broken.yaml", "a: [");
        var error = await Assert.ThrowsAsync<HelmException>(() => Helm.TemplateAsync(_chart));
        Assert.Contains("tiny/templates/broken.yaml", error.Message, StringComparison.Ordinal);
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_chart, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
