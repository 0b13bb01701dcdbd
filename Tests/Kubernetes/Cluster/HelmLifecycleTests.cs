using System.Text;
using System.Text.Json.Nodes;

namespace Orrery.Tests.Kubernetes.Cluster;

/// <summary>A release's life: installed, upgraded, uninstalled, installed again. What Helm renders alone cannot show.</summary>
public sealed class HelmLifecycleTests(PublishedChart chart) : IAsyncLifetime
{
    private const string Namespace = "ai";
    private const string Release = "prod";
    private ApiServer _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ApiServer.StartAsync();

    public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Secrets_are_made_once_and_kept()
    {
        await InstallAsync();

        var first = Secrets();
        Assert.Equal(["first-key-secrets", "internal-key-secrets", "postgres-password-secrets", "redis-password-secrets", "secrets-key-secrets", "telemetry-key-secrets"], first.Keys.Order());
        Assert.All(first.Values, value => Assert.True(value.Length >= 40 && value.All(char.IsAsciiLetterOrDigit), value));
        Assert.Equal(first.Count, first.Values.Distinct().Count());

        await UpgradeAsync("workloads.gateway.terminationGracePeriodSeconds=400", "parameters.gateway.gateway_image=gateway:9.9.9");
        Assert.Equal(first, Secrets());
        Assert.Equal("gateway:9.9.9", (string?)_cluster.Objects("deployments", Namespace)["gateway-deployment"]["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]);

        await UpgradeAsync("secrets.first_key.value=ork_given-by-the-operator-0123456789012345");
        var given = Secrets();
        Assert.Equal("ork_given-by-the-operator-0123456789012345", given["first-key-secrets"]);
        Assert.Equal(first.Where(one => one.Key != "first-key-secrets"), given.Where(one => one.Key != "first-key-secrets"));

        await UpgradeAsync();
        Assert.Equal(given, Secrets());
    }

    [Fact]
    public async Task An_upgrade_touches_no_selector_and_no_claim()
    {
        await InstallAsync();
        var before = Fixed();

        await UpgradeAsync(
            "workloads.simulator.enabled=true", "workloads.catalogue.replicas=3", "workloads.gateway.autoscaling.enabled=false", "workloads.gateway.podLabels.team=ai",
            "workloads.postgres.podAnnotations.backup=yes", "telemetry.endpoint=http://collector:4317", "images.registry=registry.example.com/orrery");
        var after = Fixed();
        Assert.All(before, one => Assert.Equal(one.Value, after[one.Key]));
        Assert.Contains("deployments simulator-deployment", after.Keys);
        Assert.DoesNotContain("gateway-horizontalpodautoscaler", _cluster.Objects("horizontalpodautoscalers", Namespace).Keys);

        await UpgradeAsync("workloads.postgres.volumes.orrery_postgres.size=50Gi");
        Assert.Equal("50Gi", (string?)_cluster.Objects("persistentvolumeclaims", Namespace)["postgres-orrery-postgres-pvc"]["spec"]!["resources"]!["requests"]!["storage"]);
    }

    [Fact]
    public async Task What_holds_data_outlives_the_release_and_is_found_again()
    {
        await InstallAsync();
        var (secrets, claims) = (Secrets(), Uids("persistentvolumeclaims"));
        Assert.Equal(4, claims.Count);

        await Helm.InClusterAsync(_cluster, "uninstall", Release, "--namespace", Namespace);
        Assert.Equal(secrets, Secrets());
        Assert.Equal(claims, Uids("persistentvolumeclaims"));
        foreach (var gone in (string[])["deployments", "statefulsets", "services", "configmaps", "networkpolicies", "serviceaccounts"])
        {
            Assert.Empty(_cluster.Objects(gone, Namespace));
        }

        await InstallAsync();
        Assert.Equal(secrets, Secrets());
        Assert.Equal(claims, Uids("persistentvolumeclaims"));
        Assert.Contains("gateway-deployment", _cluster.Objects("deployments", Namespace).Keys);
    }

    [Fact]
    public async Task A_secret_of_the_operators_own_takes_the_charts_place()
    {
        await InstallAsync("secrets.postgres_password.existingSecret=managed-db", "secrets.postgres_password.existingSecretKey=password");

        Assert.DoesNotContain("postgres-password-secrets", Secrets().Keys);
        var env = _cluster.Objects("deployments", Namespace)["catalogue-deployment"]["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray();
        var reference = env.Single(one => (string?)one!["name"] == "SECRET_POSTGRES_PASSWORD")!["valueFrom"]!["secretKeyRef"]!;
        Assert.Equal(("managed-db", "password"), ((string?)reference["name"], (string?)reference["key"]));
    }

    [Fact]
    public async Task Two_releases_in_two_namespaces_do_not_meet()
    {
        await InstallAsync();
        var first = Secrets();

        await Helm.InClusterAsync(_cluster, ["install", "other", chart.Folder, "--namespace", "elsewhere", "--disable-openapi-validation"]);

        Assert.Equal(first, Secrets());
        Assert.Empty(first.Values.Intersect(Secrets("elsewhere").Values));
    }

    [Fact]
    public async Task Another_model_leaves_the_others_alone()
    {
        var folder = Directory.CreateTempSubdirectory("orrery-models-").FullName;
        try
        {
            await InstallAsync();
            var before = Fixed();
            var more = Path.Combine(folder, "chart");
            var (code, _, errors) = await AppHostProgram.RunAsync(
                new Dictionary<string, string> { ["Models__2__Id"] = "gemma-3-4b", ["Models__2__Repository"] = "google/gemma-3-4b-it" }, "--operation", "publish", "--output-path", more);
            Assert.True(code == 0, errors);

            await Helm.InClusterAsync(_cluster, ["upgrade", Release, more, "--namespace", Namespace, "--disable-openapi-validation"]);

            var after = Fixed();
            Assert.All(before, one => Assert.Equal(one.Value, after[one.Key]));
            Assert.Contains("deployments vllm-gemma-3-4b-deployment", after.Keys);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_notes_name_what_exists()
    {
        await InstallAsync();

        var notes = await Helm.InClusterAsync(_cluster, "get", "notes", Release, "--namespace", Namespace);

        foreach (var secret in Secrets().Keys)
        {
            Assert.Contains($"kubectl -n {Namespace} get secret {secret} -o jsonpath='{{.data.value}}' | base64 -d", notes, StringComparison.Ordinal);
        }

        foreach (var (service, port) in new[] { ("gateway", 8080), ("catalogue", 8081), ("console", 8082) })
        {
            // As on a laptop, and in every page of the documentation.
            Assert.Contains($"{service}: kubectl -n {Namespace} port-forward service/{service}-service {port}:8080", notes, StringComparison.Ordinal);
        }

        Assert.Contains("builder: runs what is declared as ModelDeployment, in a namespace orrery-ORGANISATION for each organisation; workloads.builder.enabled=false leaves it out", notes, StringComparison.Ordinal);
        Assert.Contains("gateway-service", _cluster.Objects("services", Namespace).Keys);
    }

    private Task InstallAsync(params string[] sets) => ApplyAsync("install", sets);

    private Task UpgradeAsync(params string[] sets) => ApplyAsync("upgrade", sets);

    private Task<string> ApplyAsync(string verb, string[] sets) => Helm.InClusterAsync(
        _cluster, [verb, Release, chart.Folder, "--namespace", Namespace, "--disable-openapi-validation", .. sets.SelectMany(set => (string[])["--set", set])]);

    private SortedDictionary<string, string> Secrets(string ns = Namespace) => new(
        _cluster.Objects("secrets", ns).ToDictionary(one => one.Key, one => Encoding.UTF8.GetString(Convert.FromBase64String((string)one.Value["data"]!["value"]!))), StringComparer.Ordinal);

    private SortedDictionary<string, string> Uids(string plural) => new(
        _cluster.Objects(plural, Namespace).ToDictionary(one => one.Key, one => (string)one.Value["metadata"]!["uid"]!), StringComparer.Ordinal);

    // What must never change: selectors, and claims but for their size.
    private SortedDictionary<string, string> Fixed()
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var plural in (string[])["deployments", "statefulsets", "persistentvolumeclaims"])
        {
            foreach (var (name, value) in _cluster.Objects(plural, Namespace))
            {
                JsonNode? part = plural == "persistentvolumeclaims" ? value["metadata"]!["uid"] : value["spec"]!["selector"];
                all[$"{plural} {name}"] = part!.ToJsonString();
            }
        }

        return all;
    }
}
