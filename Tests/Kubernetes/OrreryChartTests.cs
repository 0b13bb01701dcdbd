using System.Text.RegularExpressions;
using Orrery.Builder.Targets.Kubernetes;

namespace Orrery.Tests.Kubernetes;

/// <summary>The chart of this graph, as Helm and an API server see it.</summary>
public sealed partial class OrreryChartTests(PublishedChart chart)
{
    private static readonly string[] OtherApis = ["keda.sh/v1alpha1", "gateway.networking.k8s.io/v1", "monitoring.coreos.com/v1"];

    public static TheoryData<string> ValueSets => ["defaults", "everything-on", "everything-off", "simulated"];

    [Theory]
    [MemberData(nameof(ValueSets))]
    public async Task Helm_and_the_judge_find_nothing(string set)
    {
        var lint = await Helm.LintAsync(chart.Folder, Files(set));
        Assert.DoesNotContain(lint, line => line.StartsWith("[WARNING]", StringComparison.Ordinal));

        var documents = await Render(set);

        Assert.Empty(ChartJudge.Findings(documents, new JudgeOptions { External = Externals(set) }));
    }

    [Fact]
    public async Task Nothing_is_rendered_that_is_switched_off()
    {
        var documents = await Render("everything-off");

        Assert.DoesNotContain(documents, one => one.Kind is "StatefulSet" or "PersistentVolumeClaim" or "NetworkPolicy" or "HorizontalPodAutoscaler" or "PodDisruptionBudget" or "Ingress" or "Role" or "ClusterRole");
        Assert.Equal(["catalogue-deployment", "gateway-deployment"], documents.Where(one => one.Kind == "Deployment").Select(one => one.Name).Order());
        Assert.DoesNotContain(documents, one => one is { Kind: "Secret", Name: "postgres-password-secrets" });
    }

    /// <summary>What it does is held against the same list where the requests are made (Builder/Kubernetes/TargetTests).</summary>
    [Fact]
    public async Task The_Builder_may_do_what_it_does_and_nothing_else()
    {
        var documents = await Helm.TemplateAsync(chart.Folder, new HelmRelease());

        var pod = documents.Single(one => one is { Kind: "Deployment", Name: "builder-deployment" })["spec"]["template"]["spec"];
        Assert.True(pod["automountServiceAccountToken"].IsTrue);
        var given = documents.Where(one => one.Kind is "ClusterRoleBinding" or "RoleBinding")
            .Where(binding => binding["subjects"].Items.Any(subject => subject["name"].Text == pod["serviceAccountName"].Text))
            .SelectMany(binding => documents.Single(role => role.Kind == binding["roleRef"]["kind"].Text && role.Name == binding["roleRef"]["name"].Text)["rules"].Items
                .SelectMany(rule => Rights(binding.Kind == "RoleBinding", rule["apiGroups"], rule["resources"], rule["verbs"])));
        var needed = KubernetesPermissions.All.SelectMany(rule => rule.Verbs.Select(verb => (rule.Scope == PermissionScope.Home, rule.Group, rule.Resource, verb)));
        Assert.Equal(needed.Order(), given.Order());
        Assert.DoesNotContain(documents, one => one.Kind is "Deployment" or "StatefulSet" && one.Name != "builder-deployment" && one["spec"]["template"]["spec"]["automountServiceAccountToken"].IsTrue);
    }

    [Fact]
    public async Task An_upgrade_keeps_selectors_and_claims()
    {
        var install = await Helm.TemplateAsync(chart.Folder, new HelmRelease());
        var upgrade = await Helm.TemplateAsync(chart.Folder, new HelmRelease { IsUpgrade = true, Sets = ["parameters.gateway.gateway_image=gateway:9.9.9", "workloads.gateway.podLabels.team=platform"] });

        Assert.Equal(Fixed(install), Fixed(upgrade));
    }

    [Theory]
    [InlineData("secrets.first_key.existingSecretKey=token", "key: \"value\"", 6)] // A Secret of the chart's own has its own key.
    [InlineData("images.registry=reg.example.com/a,parameters.gateway.gateway_image=other.example.com/b/gateway@sha256:12", "image: \"other.example.com/b/gateway@sha256:12\"", 1)]
    [InlineData("images.registry=reg.example.com/a", "image: \"reg.example.com/a/gateway:0.1.0\"", 1)]
    [InlineData("workloads.postgres.external.options=;SSL Mode=VerifyFull", "SSL Mode", 0)] // Of a server elsewhere only.
    [InlineData("workloads.postgres.external.host=db,secrets.postgres_password.existingSecret=mine,workloads.postgres.external.options=;Username=team;SSL Mode=VerifyFull", ";Username=team;SSL Mode=VerifyFull", 1)]
    [InlineData("telemetry.endpoint=http://c:4317,telemetry.samplingRatio=0", "OTEL_TRACES_SAMPLER_ARG: \"0\"", 3)]
    [InlineData("workloads.gateway.replicas=3", "Gateway__Quota__LeastReplicas: \"2\"", 1)] // Autoscaled, from two.
    [InlineData("proxy.existingSecret=login,proxy.port=8888", "port: 8888", 5)]
    public async Task A_value_has_the_effect_that_it_says(string value, string rendered, int atLeast)
    {
        var text = await Helm.TemplateTextAsync(chart.Folder, new HelmRelease { Sets = [value] });
        var count = text.Split(rendered).Length - 1;
        Assert.True(atLeast == 0 ? count == 0 : count >= atLeast, $"{rendered}: {count} times");
    }

    [Theory]
    [InlineData("workloads.gateway.replica=3", "Additional property replica is not allowed")]
    [InlineData("images.registri=x", "Additional property registri is not allowed")]
    [InlineData("workloads.gateway.replicas=many", "Invalid type. Expected: integer, given: string")]
    [InlineData("parameters.gateway.port_http=70000", "Must be less than or equal to 65535")]
    [InlineData("telemetry.samplingRatio=7", "telemetry.samplingRatio")]
    [InlineData("workloads.postgres.volumes.orrery_postgres.size=big", "Does not match pattern")]
    [InlineData("workloads.postgres.enabled=false", "workloads.postgres is not enabled: set workloads.postgres.external.host to the server that takes its place")]
    [InlineData("workloads.gateway.autoscaling.minReplicas=20", "workloads.gateway.autoscaling: minReplicas is 20, more than maxReplicas, which is 10")]
    [InlineData("hosts.gateway.host=a.example.com,httpRoute.enabled=true", "httpRoute.parentRefs is empty: name the Gateway")]
    [InlineData("workloads.gateway.autoscaling.kind=ScaledObject", "workloads.gateway.autoscaling.triggers is empty")]
    [InlineData("workloads.postgres.external.host=db", "workloads.postgres.external.host names a server elsewhere, whose password the chart cannot make: set secrets.postgres_password.existingSecret, or .value")]
    [InlineData("workloads.postgres.external.host=https://db", "workloads.postgres.external.host: Does not match pattern")]
    [InlineData("workloads.postgres.external.options=SSL Mode=Require", "workloads.postgres.external.options: Does not match pattern")]
    [InlineData("workloads.gateway.autoscaling.minReplicas=0", "workloads.gateway.autoscaling: minReplicas is 0, which needs kind ScaledObject (KEDA)")]
    [InlineData("certificateAuthority.configMap=a,certificateAuthority.secret=b", "certificateAuthority: configMap and secret are both set; set one")]
    [InlineData("telemetry.endpoint=collector:4317", "telemetry.endpoint: Does not match pattern")]
    [InlineData("proxy.https=proxy:3128", "proxy.https: Does not match pattern")]
    [InlineData("images.registry=https://registry.example.com", "images.registry: Does not match pattern")]
    [InlineData("hosts.gateway.host=https://models.example.com", "hosts.gateway.host: Does not match pattern")]
    [InlineData("secrets.postgres_password.value=a;b", "secrets.postgres_password.value: Does not match pattern")]
    public async Task A_value_that_cannot_be_is_refused_by_name(string value, string expected)
    {
        var refusal = await Assert.ThrowsAsync<HelmException>(() => Helm.TemplateAsync(chart.Folder, new HelmRelease { Sets = [value] }));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_flag_may_be_turned_by_itself()
    {
        var values = Document.Parse("values.yaml", await File.ReadAllTextAsync(Path.Combine(chart.Folder, "values.yaml"), TestContext.Current.CancellationToken)).Root;
        var turned = Flags(values).Where(flag => flag is not ("workloads.postgres.enabled=false" or "workloads.redis.enabled=false")).ToList();
        Assert.InRange(turned.Count, 15, 100);

        foreach (var flag in turned)
        {
            var documents = await Helm.TemplateAsync(chart.Folder, new HelmRelease { Sets = [flag], ApiVersions = OtherApis });
            var findings = ChartJudge.RuleFindings(documents, new JudgeOptions());
            Assert.True(findings.Count == 0, $"{flag}: {string.Join('\n', findings)}");
        }
    }

    [Fact]
    public void Every_value_is_used_and_every_used_value_is_described()
    {
        var templates = string.Join('\n', Directory.EnumerateFiles(Path.Combine(chart.Folder, "templates"), "*", SearchOption.AllDirectories).Select(File.ReadAllText));
        var described = Document.Parse("values.yaml", File.ReadAllText(Path.Combine(chart.Folder, "values.yaml"))).Root;
        var used = UsedValue().Matches(templates).Select(match => match.Groups[1].Value).Distinct();

        Assert.All(used, path => Assert.True(path.Split('.').Aggregate(described, (field, name) => field[name]).Exists, $".Values.{path} is used, but values.yaml has no such value."));
    }

    [Fact]
    public async Task No_secret_of_this_machine_is_written()
    {
        var secrets = new[] { "first_key", "internal_key", "secrets_key", "postgres_password", "redis_password" };
        var folder = Directory.CreateTempSubdirectory("orrery-secret-chart-").FullName;
        try
        {
            var (code, output, errors) = await AppHostProgram.RunAsync(
                secrets.ToDictionary(name => $"Parameters__{name}", name => $"leaked-{name}-0123456789"),
                "--operation", "publish", "--step", "publish", "--output-path", Path.Combine(folder, "chart"));

            Assert.Equal(0, code);
            Assert.DoesNotContain("leaked", output + errors, StringComparison.Ordinal);
            Assert.All(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories), file =>
                Assert.DoesNotContain("leaked", File.ReadAllText(file), StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Another_user_in_another_country_writes_the_same_bytes()
    {
        var folder = Directory.CreateTempSubdirectory("orrery-other-chart-").FullName;
        try
        {
            var other = Path.Combine(folder, "chart");
            var elsewhere = new Dictionary<string, string>
            {
                ["HOME"] = folder,
                ["USER"] = "somebody",
                ["LANG"] = "tr_TR.UTF-8",
                ["LC_ALL"] = "tr_TR.UTF-8",
                ["TZ"] = "Pacific/Chatham",
                ["DOTNET_ENVIRONMENT"] = "Production",
            };
            var (code, _, errors) = await AppHostProgram.RunAsync(elsewhere, "--operation", "publish", "--output-path", other);
            Assert.True(code == 0, errors);

            Assert.Equal(Contents(chart.Folder), Contents(other));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<(bool AtHome, string Group, string Resource, string Verb)> Rights(bool atHome, Field groups, Field resources, Field verbs) =>
        from @group in groups.Items from resource in resources.Items from verb in verbs.Items select (atHome, @group.Text!, resource.Text!, verb.Text!);

    private static SortedDictionary<string, string> Contents(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllText), StringComparer.Ordinal);

    private static string[] Files(string set) => set == "defaults" ? [] : [PublishedChart.ValuesFile(set)];

    private static string[] Externals(string set) => set switch
    {
        "everything-on" =>
        [
            "Secret/registry-login", "Secret/team-internal-key", "Secret/team-secrets-key", "Secret/proxy-login", "Secret/collector-headers", "Secret/models-tls",
            "ConfigMap/company-ca", "PersistentVolumeClaim/team-redis", "ServiceAccount/team-catalogue",
        ],
        "everything-off" => ["Secret/managed-cache", "Secret/managed-db"],
        _ => [],
    };

    private Task<IReadOnlyList<Document>> Render(string set) => Helm.TemplateAsync(chart.Folder, new HelmRelease { ValuesFiles = Files(set), ApiVersions = OtherApis });

    private static string[] Fixed(IReadOnlyList<Document> documents) =>
    [
        .. documents.Where(one => one.Kind is "Deployment" or "StatefulSet").Select(one => $"{one.Kind} {one.Name} {Flat(one["spec"]["selector"])}").Order(),
        .. documents.Where(one => one.Kind == "PersistentVolumeClaim").Select(one => $"{one.Name} {Flat(one["spec"])}").Order(),
    ];

    // Security contexts are Kubernetes' own objects: their flags are no switches of the chart.
    private static IEnumerable<string> Flags(Field field) => field.Entries.Where(entry => entry.Name is not ("securityContext" or "podSecurityContext"))
        .SelectMany(entry => entry.Value.IsTrue ? [$"{entry.Value.Path}=false"] : entry.Value.IsFalse ? [$"{entry.Value.Path}=true"] : Flags(entry.Value));

    private static string Flat(Field field) => field.Text ?? string.Join(' ', field.Items.Select(Flat).Concat(field.Entries.Select(entry => $"{entry.Name}={Flat(entry.Value)}")));

    [GeneratedRegex(@"\.Values\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)")]
    private static partial Regex UsedValue();
}
