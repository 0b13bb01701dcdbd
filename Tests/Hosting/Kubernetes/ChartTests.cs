using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Resources;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Hosting.Kubernetes;

/// <summary>Small graphs as charts: each known defect of other publishers, and each way of saying something.</summary>
public sealed class ChartTests
{
    public static TheoryData<string> OddTexts =>
    [
        "plain", "yes", "null", "~", "1e3", "0x1F", "007", "# no comment", "- a", "key: value", "{braces}", "{{ .Values.secrets }}", "{{", "}}", "$(HOME)", "$$(HOME)", "$$$", "a$", "100%", "a\"quote\"", "back\\slash",
        "tab\there", " leading and trailing ", "two\nlines", "three\n\n  indented\nlines\n", "ünïcödé ✓", "'single'", "`ticks`", "*anchor", "&anchor", "!tag", "@at", "|", ">", "%percent", new string('x', 5000),
    ];

    [Theory]
    [MemberData(nameof(OddTexts))]
    public async Task Text_arrives_as_it_was_written(string text)
    {
        using var chart = await SmallChart.PublishAsync(builder =>
        {
            var secret = builder.AddParameter("key", secret: true);
            builder.AddContainer("app", "app").WithEnvironment("PLAIN", text).WithEnvironment("SECRET", $"{text}{secret}{text}").WithArgs("serve", text);
        });
        var documents = await chart.RenderAsync("secrets.key.value=k");
        var container = SmallChart.ContainerOf(documents, "app");
        var environment = Equality.ChartEnvironment.Of(container, documents, secret => $"<{secret}>");

        Assert.Equal(text, environment["PLAIN"]);
        Assert.Equal($"{text}<key>{text}", environment["SECRET"]);
        Assert.Equal(text, Equality.ChartEnvironment.Expand(container["args"].Items.Last().Text!, environment));
        Assert.Empty(ChartJudge.RuleFindings(documents, Excused("app")));
    }

    [Fact]
    public async Task A_secret_has_one_value_however_many_use_it()
    {
        using var chart = await SmallChart.PublishAsync(builder =>
        {
            var redis = builder.AddRedis("cache");
            builder.AddContainer("one", "one").WithReference(redis);
            builder.AddContainer("two", "two").WithReference(redis).WithArgs("--cache", redis);
        });

        Assert.Single(Occurrences(chart.Values, "cache_password:"));
        var documents = await chart.RenderAsync();
        Assert.Single(documents, one => one.Kind == "Secret");
        var two = await chart.EnvironmentAsync("two");
        Assert.Equal("cache-service:6379,password=<cache-password>", two["ConnectionStrings__cache"]);
        Assert.Equal("redis://:<cache-password>@cache-service:6379", two["CACHE_URI"]);
        Assert.Equal("cache-service:6379,password=$(CACHE_PASSWORD)", SmallChart.ContainerOf(documents, "two")["args"].Items.Last().Text);
    }

    [Fact]
    public async Task A_password_in_a_URI_is_encoded()
    {
        using var chart = await SmallChart.PublishAsync(builder => builder.AddContainer("app", "app").WithReference(builder.AddPostgres("db")));

        var documents = await chart.RenderAsync("secrets.db_password.value=a b/c?d");

        var data = documents.Single(one => one.Kind == "Secret")["data"].Texts;
        Assert.Equal(("a b/c?d", "a%20b%2Fc%3Fd"), (Decoded(data["value"]), Decoded(data["value-uri"])));
        var reference = SmallChart.ContainerOf(documents, "app")["env"].Items.Single(one => one["name"].Text == "SECRET_DB_PASSWORD_URI")["valueFrom"]["secretKeyRef"];
        Assert.Equal(("db-password-secrets", "value-uri"), (reference["name"].Text, reference["key"].Text));
    }

    [Fact]
    public async Task Parameters_are_values_and_one_without_a_default_is_asked_for()
    {
        using var chart = await SmallChart.PublishAsync(builder =>
        {
            var region = builder.AddParameter("region", "eu-1", publishValueAsDefault: true);
            var zone = builder.AddParameter("zone");
            builder.AddContainer("app", "app").WithEnvironment("PLACE", $"{region}/{zone}").WithArgs(ReferenceExpression.Create($"--region={region}"));
        });

        Assert.Equal("eu-1/a", (await chart.EnvironmentAsync("app", "parameters.zone.value=a"))["PLACE"]);
        Assert.Equal("--region=us", SmallChart.ContainerOf(await Helm.TemplateAsync(chart.Folder, new HelmRelease { Sets = ["parameters.region.value=us", "parameters.zone.value=a"] }), "app")["args"].Items.Single().Text);
        var missing = await Assert.ThrowsAsync<HelmException>(() => Helm.TemplateAsync(chart.Folder));
        Assert.Contains("parameters.zone.value is missing", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eu", "http://near")]
    [InlineData("EU", "http://near")]
    [InlineData("us", "http://far:81")]
    public async Task A_condition_on_a_parameter_is_decided_at_installation(string region, string expected)
    {
        using var chart = await SmallChart.PublishAsync(builder =>
        {
            var parameter = builder.AddParameter("region", "eu", publishValueAsDefault: true);
            builder.AddContainer("app", "app").WithEnvironment("URL", ReferenceExpression.CreateConditional(
                parameter.Resource, "eu", ReferenceExpression.Create($"http://near"), ReferenceExpression.Create($"http://far:{"81"}")));
        });

        Assert.Equal(expected, (await chart.EnvironmentAsync("app", $"parameters.region.value={region}"))["URL"]);
    }

    [Fact]
    public async Task Who_is_referred_to_is_reached_on_that_port_and_no_other()
    {
        using var chart = await SmallChart.PublishAsync(builder =>
        {
            var api = builder.AddContainer("api", "api").WithHttpEndpoint(port: 80, targetPort: 8000, name: "http").WithEndpoint(targetPort: 9000, name: "admin");
            builder.AddContainer("web", "web").WithReference(api.GetEndpoint("http")).WithReference(builder.AddExternalService("mail", "https://mail.example.com:8443/"));
        });
        var documents = await chart.RenderAsync();

        Assert.Equal("http://api-service:80", (await chart.EnvironmentAsync("web"))["services__api__http__0"]);
        var egress = Policy(documents, "web")["spec"]["egress"].Items.ToList();
        Assert.Equal(["http"], egress.Where(rule => rule["to"].Exists).SelectMany(rule => rule["ports"].Items).Select(port => port["port"].Text));
        Assert.Contains(egress, rule => !rule["to"].Exists && rule["ports"].Items.Any(port => port["port"].Text == "8443"));
        var ingress = Assert.Single(Policy(documents, "api")["spec"]["ingress"].Items);
        Assert.Equal("http", Assert.Single(ingress["ports"].Items)["port"].Text);
        Assert.Empty(Policy(documents, "web")["spec"]["ingress"].Items);
        Assert.Empty(ChartJudge.RuleFindings(documents, Excused("api", "web")));
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => SmallChart.PublishAsync(builder =>
        {
            var tool = builder.AddExecutable("tool", "python3", ".").WithHttpEndpoint(targetPort: 9000, name: "http");
            var hidden = builder.AddContainer("hidden", "hidden").WithHttpEndpoint(targetPort: 80, name: "http").ExcludeFromManifest();
            builder.AddContainer("app", "app")
                .WithEnvironment("TOOL", tool.GetEndpoint("http")).WithEnvironment("HIDDEN", hidden.GetEndpoint("http"))
                .WithBindMount("conf", "/conf").WithVolume("/cache").WithEndpoint(name: "unknown-port").WithEndpoint(targetPort: 1, name: "a-name-that-is-too-long")
                .PublishAsKubernetesService(_ => throw new InvalidOperationException("the callback is broken"));
            builder.AddContainer(new string('n', 60), "long");
        }));

        foreach (var expected in (string[])
        [
            "- tool: an executable has no image", "- app, variable TOOL: it refers to endpoint 'http' of 'tool', which is not part of the chart", "- app, variable HIDDEN: it refers to endpoint 'http' of 'hidden'",
            "of this machine is mounted at /conf", "- app: the volume at /cache has no name", "- app: endpoint 'unknown-port' says no targetPort", "- app: endpoint 'a-name-that-is-too-long' has 23 characters",
            "- app: what PublishAsKubernetesService was given failed: the callback is broken", ": the name has 60 characters",
        ])
        {
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_chart_is_replaced_whole_and_nothing_else_is()
    {
        using var chart = await SmallChart.PublishAsync(builder => builder.AddContainer("old", "old"));
        await chart.WriteAsync(builder => builder.AddContainer("new", "new"));
        Assert.False(Directory.Exists(Path.Combine(chart.Folder, "templates", "old")));

        await Assert.ThrowsAsync<DistributedApplicationException>(() => chart.WriteAsync(builder => builder.AddContainer("bad", "bad").WithVolume("/x")));
        Assert.True(Directory.Exists(Path.Combine(chart.Folder, "templates", "new")));

        File.Delete(Path.Combine(chart.Folder, "Chart.yaml"));
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => chart.WriteAsync(builder => builder.AddContainer("new", "new")));
        Assert.Contains("holds something that is no Helm chart", refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(chart.Folder, "values.yaml")));
    }

    [Fact]
    public async Task What_the_graph_says_of_pods_becomes_the_default_of_a_value()
    {
        using var chart = await SmallChart.PublishAsync(builder => builder.AddContainer("app", "app").WithHttpEndpoint(targetPort: 80, name: "http").WithVolume("models", "/models")
            .WithHttpProbe(ProbeType.Readiness, "/ready").PublishAsKubernetesService(objects =>
            {
                var deployment = (Deployment)objects.Workload!;
                deployment.Spec.Replicas = 3;
                deployment.Spec.Strategy.Type = "Recreate";
                var pod = deployment.PodTemplate.Spec;
                pod.RuntimeClassName = "nvidia";
                pod.NodeSelector["disk"] = "ssd";
                pod.Tolerations.Add(new() { Key = "gpu", Operator = "Exists" });
                pod.Containers[0].Resources!.Limits["nvidia.com/gpu"] = "2";
                objects.AdditionalResources.Add(new Note("{{ .Release.Name }}-note"));
            }), cluster => { cluster.DefaultStorageType = "pvc"; cluster.DefaultStorageClassName = "fast"; });

        var documents = await chart.RenderAsync("gpu.resourceName=example.com/npu");
        var deployment = documents.Single(one => one.Kind == "Deployment")["spec"];
        Assert.Equal(3, deployment["replicas"].Whole);
        Assert.False(deployment["strategy"]["rollingUpdate"].Exists);
        Assert.Equal("nvidia", deployment["template"]["spec"]["runtimeClassName"].Text);
        var container = SmallChart.ContainerOf(documents, "app");
        Assert.Equal("2", container["resources"]["limits"]["example.com/npu"].Text);
        Assert.Equal("HTTP", container["readinessProbe"]["httpGet"]["scheme"].Text);
        Assert.Equal("fast", documents.Single(one => one.Kind == "PersistentVolumeClaim")["spec"]["storageClassName"].Text);
        Assert.Equal("app-models-pvc", documents.Single(one => one.Kind == "PersistentVolumeClaim").Name);
        Assert.Equal("orrery-note", documents.Single(one => one.Kind == "Note").Name);

        var scaled = await Helm.TemplateAsync(chart.Folder, new HelmRelease { Sets = ["workloads.app.replicas=1", "workloads.app.nodeSelector=null", "workloads.app.tolerations=null", "workloads.app.gpus=0"] });
        Assert.Equal(1, scaled.Single(one => one.Kind == "Deployment")["spec"]["replicas"].Whole);
        Assert.False(scaled.Single(one => one.Kind == "Deployment")["spec"]["template"]["spec"]["nodeSelector"].Exists);
    }

    [Fact]
    public async Task Further_objects_that_would_share_a_file_are_refused()
    {
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => SmallChart.PublishAsync(builder => builder.AddContainer("app", "app", "1").PublishAsKubernetesService(objects =>
            objects.AdditionalResources.AddRange([new Note("app-note"), new Note("{{ .Release.Name }}-app-note")]))));
        Assert.Contains("templates/app/note.yaml", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_graph_without_a_cluster_and_one_with_a_dashboard_are_told()
    {
        var none = await Assert.ThrowsAsync<DistributedApplicationException>(async () =>
        {
            await using var app = DistributedApplication.CreateBuilder(["--operation", "publish", "--output-path", "/dev/null/chart"]).Build();
            await app.StartAsync(TestContext.Current.CancellationToken);
        });
        Assert.Contains("call AddKubernetesEnvironment in the AppHost", none.Message, StringComparison.Ordinal);

        var dashboard = await Assert.ThrowsAsync<DistributedApplicationException>(() => SmallChart.PublishAsync(builder => builder.AddContainer("a", "a"), cluster => cluster.DashboardEnabled = true));
        Assert.Contains("Say WithDashboard(false)", dashboard.Message, StringComparison.Ordinal);
    }

    private static Document Policy(IReadOnlyList<Document> documents, string resource) => documents.Single(one => one.Kind == "NetworkPolicy" && one.Name == $"{resource}-networkpolicy");

    private static string[] Occurrences(string text, string part) => [.. text.Split('\n').Where(line => line.Trim().StartsWith(part, StringComparison.Ordinal))];

    private static string Decoded(string text) => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(text));

    // Graphs here say nothing of health.
    private static JudgeOptions Excused(params string[] names) => new()
    {
        Excuses = [.. names.SelectMany(name => ((string[])["startupProbe", "livenessProbe", "readinessProbe"]).Select(probe => new Excuse($"Deployment/{name}-deployment", probe, "no health in this graph")))],
    };

    private sealed class Note : BaseKubernetesResource
    {
        public Note(string name)
            : base("example.com/v1", "Note") => Metadata.Name = name;

        public Dictionary<string, object> Spec { get; } = new() { ["text"] = "{{ .Chart.Name }}", ["count"] = 1 };
    }
}
